import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:http";
import { request as requestSecurely, Agent as SecureAgent } from "node:https";
import { urlToHttpOptions } from "node:url";

export interface HttpAnswer {
  status: number;
  text: string;
  /** What `retry-after` asks for. */
  retryAfterMs: number | undefined;
  /** The server's clock, to the second. */
  dateMs: number | undefined;
}

/** An answer that never ends must not fill the memory. */
const MAX_ANSWER_BYTES = 134_217_728;

/** Connections that are kept between POSTs of JSON. `fetch` adds half a millisecond to each. */
export class JsonPost {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #secureAgent = new SecureAgent({ keepAlive: true });
  readonly #targets = new Map<string, ReturnType<typeof urlToHttpOptions>>();

  /** Rejects when the connection fails or the signal is aborted; whatever its status, an answer is an answer. */
  async send(url: string, body: string, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await this.#sendOnce(url, body, signal);
    } catch (error) {
      // The server closed a kept connection at the very moment; it has read nothing.
      if (signal.aborted || !(error instanceof StaleConnectionError)) throw error;
      return this.#sendOnce(url, body, signal);
    }
  }

  close(): void {
    this.#agent.destroy();
    this.#secureAgent.destroy();
  }

  #sendOnce(url: string, body: string, signal: AbortSignal): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const target = this.#targetOf(url);
      const onResponse = (response: IncomingMessage): void => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
          if (text.length > MAX_ANSWER_BYTES) response.destroy(new Error("the answer is too long"));
        });
        response.on("error", reject);
        response.on("end", () => resolve(answerOf(response, text)));
      };
      const options = { ...target, method: "POST", headers, signal };
      const sent =
        target.protocol === "https:"
          ? requestSecurely({ ...options, agent: this.#secureAgent }, onResponse)
          : request({ ...options, agent: this.#agent }, onResponse);
      sent.on("error", (cause: NodeJS.ErrnoException) => {
        reject(sent.reusedSocket && cause.code === "ECONNRESET" ? new StaleConnectionError(cause) : cause);
      });
      sent.end(body);
    });
  }

  #targetOf(url: string): ReturnType<typeof urlToHttpOptions> {
    const known = this.#targets.get(url) ?? urlToHttpOptions(new URL(url));
    this.#targets.set(url, known);
    return known;
  }
}

function answerOf({ statusCode = 0, headers }: IncomingMessage, text: string): HttpAnswer {
  const dateMs = Date.parse(headers.date ?? "");
  return {
    status: statusCode,
    text,
    retryAfterMs: retryAfterMs(headers["retry-after"]),
    dateMs: Number.isNaN(dateMs) ? undefined : dateMs,
  };
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

class StaleConnectionError extends Error {
  constructor(cause: unknown) {
    super("a kept connection was closed", { cause });
  }
}

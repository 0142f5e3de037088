import type { JsonRpcPayload, JsonRpcResult } from "ethers";
import { JsonRpcProvider, Network } from "ethers";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { NodeError } from "../nodeError.ts";
import { JsonPost } from "./jsonPost.ts";

const RETRIES = 5;
const FIRST_BACKOFF_MS = 250;
const BUSY_CODES: readonly number[] = [-32_005, 429];

const responseSchema = z.looseObject({ id: z.number().nullable().optional() });
const busySchema = z.looseObject({ error: z.looseObject({ code: z.number() }) });

/** What a JSON-RPC call came to. */
export type RpcEnd = { result: unknown } | { error: unknown };

export interface ProviderOptions {
  urls: readonly string[];
  chainId: number;
  timeoutMs: number;
  clock: Clock;
  /** Ends every call in flight. */
  signal: AbortSignal;
}

/**
 * An ethers provider over several endpoints: a call that times out, is rate-limited or meets a broken server is tried
 * at the next endpoint after a growing pause. What is sent is safe to repeat, raw transactions included.
 */
export class ResilientProvider extends JsonRpcProvider {
  readonly #options: ProviderOptions;
  readonly #post = new JsonPost();
  #current = 0;
  #lastId = 0;

  constructor(options: ProviderOptions) {
    const network = Network.from(options.chainId);
    super(options.urls[0], network, {
      staticNetwork: network,
      batchMaxCount: 20,
      // What is asked in one turn of the event loop goes together.
      batchStallTime: 0,
      cacheTimeout: -1,
    });
    this.#options = options;
  }

  /**
   * As `send`, but never in a batch, where every call waits for the slowest, and without a message about what failed:
   * ethers takes seconds to write one about megabytes of revert data.
   * @param until takes the question back
   */
  async sendAlone(method: string, params: unknown[], until: AbortSignal): Promise<RpcEnd> {
    this.#lastId += 1;
    const payload: JsonRpcPayload = { method, params, id: this.#lastId, jsonrpc: "2.0" };
    const [answer] = await this.#sendUntil(payload, until);
    if (answer === undefined) throw unavailable(this.#url, { data: { answer: "not JSON-RPC" } });
    return "error" in answer ? { error: answer.error } : { result: answer.result };
  }

  override destroy(): void {
    super.destroy();
    this.#post.close();
  }

  get #url(): string {
    const { urls } = this.#options;
    return urls[this.#current % urls.length] as string;
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    return this.#sendUntil(payload, this.#options.signal);
  }

  async #sendUntil(payload: JsonRpcPayload | JsonRpcPayload[], until: AbortSignal): Promise<JsonRpcResult[]> {
    const { clock, signal: stopped } = this.#options;
    const signal = AbortSignal.any([stopped, until]);
    for (let attempt = 0; ; ++attempt) {
      try {
        return await this.#ask(this.#url, payload, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof NodeError) || !error.retryable || attempt === RETRIES) throw error;
        this.#current += 1;
        await clock.sleep(FIRST_BACKOFF_MS * 2 ** attempt, signal);
      }
    }
  }

  async #ask(
    url: string,
    payload: JsonRpcPayload | JsonRpcPayload[],
    signal: AbortSignal,
  ): Promise<JsonRpcResult[]> {
    const { timeoutMs } = this.#options;
    const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const { status, text } = await this.#post
      .send(url, JSON.stringify(payload), until)
      .catch((cause: unknown) => {
        throw unavailable(url, { cause });
      });
    if (status < 200 || status > 299) throw unavailable(url, { data: { status } });
    const body = parsed(url, text);
    const results = Array.isArray(body) ? body : [body];
    for (const result of results) {
      if (!responseSchema.safeParse(result).success)
        throw unavailable(url, { data: { answer: "not JSON-RPC" } });
      const busy = busySchema.safeParse(result);
      if (busy.success && BUSY_CODES.includes(busy.data.error.code))
        throw unavailable(url, { data: { busy: true } });
    }
    return results as JsonRpcResult[];
  }
}

function parsed(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unavailable(url, { cause });
  }
}

/** Only the host is named: paths and queries of endpoints carry keys. */
function unavailable(url: string, options: { data?: Record<string, unknown>; cause?: unknown }): NodeError {
  return new NodeError("rpc-unavailable", "a chain endpoint does not answer", {
    retryable: true,
    data: { host: new URL(url).host, ...options.data },
    cause: options.cause,
  });
}

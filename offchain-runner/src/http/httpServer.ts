import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { NodeError } from "../nodeError.ts";
import type { NodeMetrics } from "./metrics.ts";
import type { NodeStatus } from "./status.ts";

const REQUEST_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 1_024;
/** Of all bodies that are being read or answered: nobody has shown yet who sends them. */
const MAX_BODIES_BYTES = 268_435_456;
/** The service is for every origin: it goes by signatures, never by cookies. */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, content-type",
  "access-control-allow-methods": "POST",
  "access-control-expose-headers": "retry-after",
  "access-control-max-age": "86400",
} as const;

/** A request with a body, as it arrived. */
export interface PostCall {
  body: Uint8Array;
  authorization: string | undefined;
  /** Network address of the caller. */
  address: string;
  /** Aborted when the caller has gone. */
  signal: AbortSignal;
}

export interface PostAnswer {
  status: number;
  /** JSON. */
  body: string;
  headers?: Readonly<Record<string, string>>;
}

export interface PostRoutes {
  maxBodyBytes: number;
  handlers: ReadonlyMap<string, (call: PostCall) => Promise<PostAnswer>>;
}

export interface HttpServerOptions {
  routes?: PostRoutes | undefined;
  trustForwardedFor?: boolean;
}

const TOO_LARGE: PostAnswer = {
  status: 413,
  body: JSON.stringify({
    error: {
      code: "too-large",
      message: "The body is larger than this node takes",
      data: {},
      retryable: false,
    },
  }),
};

const TOO_MUCH: PostAnswer = {
  status: 503,
  body: JSON.stringify({
    error: { code: "no-capacity", message: "Too much is sent to this node", data: {}, retryable: true },
  }),
  headers: { "retry-after": "1" },
};

/** Health, metrics and status, read-only, and the routes that take a body. */
export class HttpServer {
  readonly #status: () => Promise<NodeStatus>;
  readonly #metrics: NodeMetrics;
  readonly #logger: Logger;
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  #bodiesBytes = 0;

  constructor(
    status: () => Promise<NodeStatus>,
    metrics: NodeMetrics,
    logger: Logger,
    options: HttpServerOptions = {},
  ) {
    this.#options = options;
    this.#status = status;
    this.#metrics = metrics;
    this.#logger = logger;
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.#logger.warn({ err: error }, "request to the node failed");
        if (!response.headersSent) send(response, 503, { error: "unavailable" });
        else response.destroy();
      });
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** @returns the port, which the system picks for port 0 */
  async start(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (cause) => {
        reject(
          new NodeError("port-taken", "the HTTP port cannot be opened", { data: { host, port }, cause }),
        );
      });
      this.#server.listen(port, host, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const handler = this.#options.routes?.handlers.get(request.url?.split("?")[0] ?? "");
    if (handler !== undefined) return this.#post(request, response, handler);
    if (request.method !== "GET" && request.method !== "HEAD")
      return send(response, 405, { error: "method" });
    switch (request.url?.split("?")[0]) {
      case "/health/live":
        return send(response, 200, { isLive: true });
      case "/health": {
        const { isReady, reasons, proofs } = await this.#status();
        return send(response, isReady ? 200 : 503, { isLive: true, isReady, reasons, proofs });
      }
      case "/metrics": {
        const text = await this.#metrics.render(await this.#status());
        response.writeHead(200, { "content-type": this.#metrics.registry.contentType }).end(text);
        return;
      }
      case "/status":
        return send(response, 200, await this.#status());
      default:
        return send(response, 404, { error: "not-found" });
    }
  }

  async #post(
    request: IncomingMessage,
    response: ServerResponse,
    handler: (call: PostCall) => Promise<PostAnswer>,
  ): Promise<void> {
    if (request.method === "OPTIONS") return void response.writeHead(204, CORS).end();
    if (request.method !== "POST") return send(response, 405, { error: "method" });
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const read: Buffer[] = [];
    let answer: PostAnswer;
    try {
      const { authorization } = request.headers;
      const caller = { authorization, address: this.#addressOf(request), signal: gone.signal };
      const refusal = await this.#readBody(request, read);
      if (refusal !== undefined) response.setHeader("connection", "close");
      answer = refusal ?? (await handler({ body: Buffer.concat(read), ...caller }));
    } finally {
      this.#bodiesBytes -= bytesIn(read);
    }
    const headers = { ...CORS, ...answer.headers, "content-type": "application/json" };
    if (!response.destroyed) response.writeHead(answer.status, headers).end(`${answer.body}\n`);
  }

  /** @returns why it is not read to its end, if it is not */
  async #readBody(request: IncomingMessage, into: Buffer[]): Promise<PostAnswer | undefined> {
    const maxBytes = this.#options.routes?.maxBodyBytes ?? 0;
    for await (const part of request) {
      into.push(part as Buffer);
      this.#bodiesBytes += (part as Buffer).length;
      if (bytesIn(into) > maxBytes) return TOO_LARGE;
      if (this.#bodiesBytes > MAX_BODIES_BYTES) return TOO_MUCH;
    }
    return undefined;
  }

  #addressOf(request: IncomingMessage): string {
    const forwarded = request.headers["x-forwarded-for"];
    const last = [forwarded].flat().at(-1)?.split(",").at(-1)?.trim();
    const isTrusted = this.#options.trustForwardedFor === true && last !== undefined;
    return isTrusted ? last : (request.socket.remoteAddress ?? "");
  }
}

function bytesIn(parts: readonly Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function send(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}

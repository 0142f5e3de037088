import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { NodeError } from "../nodeError.ts";
import type { NodeMetrics } from "./metrics.ts";
import type { NodeStatus } from "./status.ts";

const REQUEST_TIMEOUT_MS = 5_000;

/** Health, metrics and status, read-only. */
export class HttpServer {
  readonly #status: () => Promise<NodeStatus>;
  readonly #metrics: NodeMetrics;
  readonly #logger: Logger;
  readonly #server: Server;

  constructor(status: () => Promise<NodeStatus>, metrics: NodeMetrics, logger: Logger) {
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
    if (request.method !== "GET" && request.method !== "HEAD")
      return send(response, 405, { error: "method" });
    switch (request.url?.split("?")[0]) {
      case "/health/live":
        return send(response, 200, { isLive: true });
      case "/health": {
        const { isReady, reasons } = await this.#status();
        return send(response, isReady ? 200 : 503, { isLive: true, isReady, reasons });
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
}

function send(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}

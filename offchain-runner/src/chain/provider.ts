import type { JsonRpcPayload, JsonRpcResult } from "ethers";
import { JsonRpcProvider, Network } from "ethers";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { NodeError } from "../nodeError.ts";
import { EndpointPool } from "./endpointPool.ts";
import type { EndpointHealth, RpcEndpoint } from "./rpcEndpoint.ts";

const RETRIES = 5;
const FIRST_BACKOFF_MS = 250;
/** Whoever is told to wait for longer by every endpoint is told so, and not kept waiting. */
const MAX_WAIT_MS = 60_000;

/** What a JSON-RPC call came to. */
export type RpcEnd = { result: unknown } | { error: unknown };

export interface ProviderOptions {
  /** In order of preference. */
  urls: readonly string[];
  chainId: number;
  timeoutMs: number;
  /** How far behind the best head an endpoint may be. */
  maxLagBlocks?: number;
  clock: Clock;
  logger?: Logger;
  /** Ends every call in flight. */
  signal: AbortSignal;
}

/** Why an endpoint is not believed for a while, and for how long. */
const DISTRUST_MS = { "lost-logs": 600_000, contradicted: 10_000 } as const;
export type DistrustReason = keyof typeof DISTRUST_MS;

/**
 * An ethers provider over several endpoints. All is asked of one of them, until it fails, falls behind or is caught at an
 * untruth; a call that fails is repeated at the next. What is sent is safe to repeat, raw transactions included.
 */
export class ResilientProvider extends JsonRpcProvider {
  readonly #options: ProviderOptions;
  readonly #pool: EndpointPool;
  #lastId = 0;

  constructor(options: ProviderOptions) {
    const { urls, chainId, timeoutMs, maxLagBlocks = 3, clock, logger } = options;
    const network = Network.from(chainId);
    super(urls[0], network, {
      staticNetwork: network,
      batchMaxCount: 20,
      // What is asked in one turn of the event loop goes together.
      batchStallTime: 0,
      cacheTimeout: -1,
    });
    this.#options = options;
    this.#pool = new EndpointPool(urls, clock, { chainId, timeoutMs, maxLagBlocks }, (from, to) => {
      logger?.warn(
        { from: from.host, state: from.state, to: to.host },
        "another chain endpoint is asked now",
      );
    });
  }

  /** Changes whenever another endpoint is asked; see `EndpointPool`. */
  get epoch(): number {
    return this.#pool.epoch;
  }

  /** How the endpoints do, in the order of the configuration. */
  health(): EndpointHealth[] {
    return this.#pool.health();
  }

  /** Does not believe the present endpoint for a while. @param epoch under which it was caught */
  distrust(reason: DistrustReason, epoch: number): void {
    if (epoch !== this.#pool.epoch) return;
    const endpoint = this.#pool.pick();
    endpoint.distrust(DISTRUST_MS[reason]);
    this.#options.logger?.warn({ host: endpoint.host, reason }, "a chain endpoint is not believed");
    this.#pool.pick();
  }

  /** Compares the endpoints' heads and chains, until the signal is aborted. */
  async watch(intervalMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.probe(signal).catch(() => undefined);
      await this.#options.clock.sleep(intervalMs, signal).catch(() => undefined);
    }
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#pool.probe(AbortSignal.any([signal, this.#options.signal]));
  }

  /** What every other endpoint in order says; those that fail say nothing. */
  async askOthers(method: string, params: unknown[]): Promise<RpcEnd[]> {
    return this.#askEach(this.#pool.others(), method, params);
  }

  /** As `askOthers`, with the present endpoint among them: for what may be said to all. */
  async askAll(method: string, params: unknown[]): Promise<RpcEnd[]> {
    const others = this.#askEach(this.#pool.others(), method, params);
    const [own, rest] = await Promise.all([
      this.sendAlone(method, params, this.#options.signal).catch((error: unknown) => error as Error),
      others,
    ]);
    if (!(own instanceof Error)) return [own, ...rest];
    if (rest.length === 0) throw own;
    return rest;
  }

  /**
   * As `send`, but never in a batch, where every call waits for the slowest, and without a message about what failed:
   * ethers takes seconds to write one about megabytes of revert data.
   * @param until takes the question back
   */
  async sendAlone(method: string, params: unknown[], until: AbortSignal): Promise<RpcEnd> {
    const [answer] = await this.#sendUntil([this.#payload(method, params)], until, false);
    return endOf(answer as JsonRpcResult);
  }

  override destroy(): void {
    super.destroy();
    this.#pool.close();
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    return this.#sendUntil([payload].flat(), this.#options.signal, true);
  }

  /** @param blames whether an endpoint that takes too long over it is left: not where others wrote the question */
  async #sendUntil(payload: JsonRpcPayload[], until: AbortSignal, blames: boolean): Promise<JsonRpcResult[]> {
    const { clock, signal: stopped, urls } = this.#options;
    const signal = AbortSignal.any([stopped, until]);
    const tried: RpcEndpoint[] = [];
    for (let attempt = 0; ; ++attempt) {
      const isLast = attempt >= RETRIES + urls.length - 1;
      const endpoint = this.#next(tried);
      try {
        if (endpoint.waitMs > 0) await this.#waitFor(endpoint, isLast, signal);
        return await endpoint.ask(payload, signal, blames);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof NodeError)) throw error;
        if (error.code === "chain-id-mismatch") {
          if (isLast || this.#pool.endpoints.every(({ state }) => state === "wrong-chain")) throw error;
        } else if (!error.retryable || isLast) throw error;
        tried.push(endpoint);
        if (tried.length < urls.length) continue;
        tried.length = 0;
        await clock.sleep(FIRST_BACKOFF_MS * 2 ** Math.floor(attempt / urls.length), signal);
      }
    }
  }

  #next(tried: readonly RpcEndpoint[]): RpcEndpoint {
    const current = this.#pool.pick();
    return tried.includes(current) ? (this.#pool.bestBut(...tried) ?? current) : current;
  }

  async #waitFor(endpoint: RpcEndpoint, isLast: boolean, signal: AbortSignal): Promise<void> {
    const { waitMs, host } = endpoint;
    if (isLast || waitMs > MAX_WAIT_MS) {
      throw new NodeError("rpc-unavailable", "every chain endpoint asks to be left alone", {
        retryable: true,
        data: { host, failure: "busy", waitMs },
      });
    }
    await this.#options.clock.sleep(waitMs, signal);
  }

  async #askEach(endpoints: readonly RpcEndpoint[], method: string, params: unknown[]): Promise<RpcEnd[]> {
    const ends = await Promise.allSettled(
      endpoints.map((endpoint) => endpoint.ask([this.#payload(method, params)], this.#options.signal)),
    );
    return ends.flatMap((end) =>
      end.status === "fulfilled" && end.value[0] !== undefined ? [endOf(end.value[0])] : [],
    );
  }

  #payload(method: string, params: unknown[]): JsonRpcPayload {
    this.#lastId += 1;
    return { method, params, id: this.#lastId, jsonrpc: "2.0" };
  }
}

function endOf(answer: JsonRpcResult | { error: unknown }): RpcEnd {
  return "error" in answer ? { error: answer.error } : { result: answer.result };
}

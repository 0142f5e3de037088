import type { JsonRpcPayload, JsonRpcResult } from "ethers";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { NodeError } from "../nodeError.ts";
import type { HttpAnswer, JsonPost } from "./jsonPost.ts";

/** What an endpoint is good for at the moment, best first. */
export const ENDPOINT_STATES = [
  "up",
  /** Its head is further behind the best one than allowed. */
  "behind",
  /** It lost logs or contradicted a longer chain. */
  "distrusted",
  /** It failed a moment ago. */
  "resting",
  /** It told this node to come back later. */
  "told-to-wait",
  "wrong-chain",
] as const;
export type EndpointState = (typeof ENDPOINT_STATES)[number];

/** How a question to an endpoint failed. */
export type EndpointFailure = "timeout" | "disconnected" | "busy" | "http-error" | "not-json-rpc";

export interface EndpointHealth {
  /** Without path and query, which carry keys. */
  host: string;
  state: EndpointState;
  isCurrent: boolean;
  /** Moving average. */
  latencyMs: number;
  requests: number;
  failures: Record<string, number>;
  failuresInRow: number;
  /** Newest block at the last probe. */
  head: number | undefined;
  lagBlocks: number;
  /** Its clock less ours. */
  skewMs: number | undefined;
}

export interface RpcEndpointOptions {
  chainId: number;
  timeoutMs: number;
  maxLagBlocks: number;
}

const FIRST_REST_MS = 250;
const MAX_REST_MS = 30_000;
/** Whoever asks for more is asked again all the same: some say so by mistake. */
const MAX_TOLD_MS = 600_000;
const MAX_DISTRUST_MS = 600_000;
const BUSY_CODES: readonly number[] = [-32_005, 429];
const BUSY_STATUS = 429;
/** After so many failures in a row it may have become another chain's. */
const RECHECK_AFTER = 3;
const LATENCY_WEIGHT = 0.1;
/** Dates in headers are whole seconds. */
const DATE_STEP_MS = 1_000;

const responseSchema = z.looseObject({ id: z.union([z.number(), z.string()]).nullish() });
const endedSchema = z.union([
  z.looseObject({ result: z.unknown().refine((result) => result !== undefined) }),
  z.looseObject({ error: z.looseObject({}) }),
]);
const busySchema = z.looseObject({ error: z.looseObject({ code: z.number() }) });
const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]+$/)
  .transform((text) => Number(BigInt(text)));
const headSchema = z.object({ number: quantity });

/** One JSON-RPC endpoint: asks it, and remembers how it did. */
export class RpcEndpoint {
  readonly url: string;
  readonly host: string;
  readonly #post: JsonPost;
  readonly #clock: Clock;
  readonly #options: RpcEndpointOptions;
  #check: Promise<void> | undefined;
  #isWrongChain = false;
  #failuresInRow = 0;
  #restsUntilMs = 0;
  #waitsUntilMs = 0;
  #distrustedUntilMs = 0;
  #upSinceMs: number | undefined;
  #takesBatches = true;
  #latencyMs = 0;
  #requests = 0;
  readonly #failures = new Map<EndpointFailure, number>();
  #head: number | undefined;
  #lagBlocks = 0;
  #skewMs: number | undefined;

  constructor(url: string, post: JsonPost, clock: Clock, options: RpcEndpointOptions) {
    this.url = url;
    this.host = new URL(url).host;
    this.#post = post;
    this.#clock = clock;
    this.#options = options;
  }

  get state(): EndpointState {
    const nowMs = this.#clock.nowMs();
    if (this.#isWrongChain) return "wrong-chain";
    if (isAhead(this.#waitsUntilMs, nowMs, MAX_TOLD_MS)) return "told-to-wait";
    if (isAhead(this.#restsUntilMs, nowMs, MAX_REST_MS)) return "resting";
    if (isAhead(this.#distrustedUntilMs, nowMs, MAX_DISTRUST_MS)) return "distrusted";
    return this.#lagBlocks > this.#options.maxLagBlocks ? "behind" : "up";
  }

  /** As others should see it: who failed and only may be asked again is not up before it has answered. */
  get #shownState(): EndpointState {
    const { state } = this;
    return this.#failuresInRow > 0 && (state === "up" || state === "behind") ? "resting" : state;
  }

  /** 0 unless it asked to be left alone. */
  get waitMs(): number {
    const nowMs = this.#clock.nowMs();
    return isAhead(this.#waitsUntilMs, nowMs, MAX_TOLD_MS) ? this.#waitsUntilMs - nowMs : 0;
  }

  /** For how long everything it was asked went well. */
  get upForMs(): number {
    return this.#upSinceMs === undefined ? 0 : this.#clock.nowMs() - this.#upSinceMs;
  }

  get head(): number | undefined {
    return this.#head;
  }

  health(isCurrent: boolean): EndpointHealth {
    return {
      host: this.host,
      state: this.#shownState,
      isCurrent,
      latencyMs: Math.round(this.#latencyMs),
      requests: this.#requests,
      failures: Object.fromEntries(this.#failures),
      failuresInRow: this.#failuresInRow,
      head: this.#head,
      lagBlocks: this.#lagBlocks,
      skewMs: this.#skewMs,
    };
  }

  /** It said something that others contradict. */
  distrust(ms: number): void {
    this.#distrustedUntilMs = this.#clock.nowMs() + Math.min(ms, MAX_DISTRUST_MS);
    this.#upSinceMs = undefined;
  }

  /**
   * What it answers, one result for each question.
   * @param blames false: that the question takes too long is not the endpoint's fault
   * @throws NodeError `rpc-unavailable` or `chain-id-mismatch`
   */
  async ask(payload: JsonRpcPayload[], signal: AbortSignal, blames = true): Promise<JsonRpcResult[]> {
    this.#check ??= this.#checkChain(signal);
    const check = this.#check;
    await check.catch((error: unknown) => {
      if (this.#check === check) this.#check = undefined;
      throw error;
    });
    return this.#askChecked(payload, signal, blames);
  }

  /** Asks for chain and head, whatever was known before. @returns undefined where it does not answer, or of another chain */
  async probe(signal: AbortSignal): Promise<number | undefined> {
    this.#check = undefined;
    try {
      const params = ["latest", false];
      const question = { method: "eth_getBlockByNumber", params, id: 1, jsonrpc: "2.0" } as const;
      const [answer] = await this.ask([question], signal);
      this.#head = headSchema.parse((answer as { result?: unknown } | undefined)?.result).number;
      return this.#head;
    } catch {
      signal.throwIfAborted();
      this.#upSinceMs = undefined;
      return undefined;
    }
  }

  /** @param best head of all endpoints at the same probe */
  compareHead(best: number): void {
    this.#lagBlocks = Math.max(0, best - (this.#head ?? best));
    if (this.#lagBlocks > this.#options.maxLagBlocks) this.#upSinceMs = undefined;
  }

  async #checkChain(signal: AbortSignal): Promise<void> {
    const question = { method: "eth_chainId", params: [], id: 1, jsonrpc: "2.0" } as const;
    const [answer] = await this.#askChecked([question], signal, true);
    const chainId = quantity.safeParse((answer as { result?: unknown } | undefined)?.result);
    this.#isWrongChain = chainId.success && chainId.data !== this.#options.chainId;
    if (chainId.success && !this.#isWrongChain) return;
    this.#upSinceMs = undefined;
    if (!chainId.success) throw this.#failed("not-json-rpc");
    throw new NodeError("chain-id-mismatch", "the endpoint serves another chain", {
      data: { host: this.host, expected: this.#options.chainId, actual: chainId.data },
    });
  }

  async #askChecked(
    payload: JsonRpcPayload[],
    signal: AbortSignal,
    blames: boolean,
  ): Promise<JsonRpcResult[]> {
    if (payload.length > 1 && !this.#takesBatches) {
      const each = await Promise.all(payload.map((one) => this.#askChecked([one], signal, blames)));
      return each.flat();
    }
    const answer = await this.#postOnce(payload, signal, blames);
    const results = this.#resultsOf(payload, answer);
    if (results === "no-batches") {
      this.#takesBatches = false;
      return this.#askChecked(payload, signal, blames);
    }
    this.#succeeded();
    return results;
  }

  async #postOnce(payload: JsonRpcPayload[], signal: AbortSignal, blames: boolean): Promise<HttpAnswer> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs);
    const body = JSON.stringify(payload.length === 1 ? payload[0] : payload);
    const beganAt = performance.now();
    this.#requests += payload.length;
    let answer: HttpAnswer;
    try {
      answer = await this.#post.send(this.url, body, AbortSignal.any([signal, timeout]));
    } catch (cause) {
      // What was taken back says nothing about the endpoint.
      if (signal.aborted) throw unavailable(this.host, "disconnected", cause);
      if (timeout.aborted && !blames) throw unavailable(this.host, "timeout", cause);
      throw this.#failed(timeout.aborted ? "timeout" : "disconnected", cause);
    }
    const tookMs = performance.now() - beganAt;
    this.#latencyMs += (tookMs - this.#latencyMs) * (this.#latencyMs === 0 ? 1 : LATENCY_WEIGHT);
    this.#noteDate(answer, tookMs);
    if (answer.status === BUSY_STATUS) throw this.#busy(answer.retryAfterMs);
    if (answer.status >= 500 && answer.retryAfterMs !== undefined) throw this.#busy(answer.retryAfterMs);
    return answer;
  }

  #resultsOf(payload: JsonRpcPayload[], { status, text }: HttpAnswer): JsonRpcResult[] | "no-batches" {
    const body = parsed(text);
    const isOk = status >= 200 && status <= 299;
    // Some put the chain's refusals under 400; whatever is no JSON-RPC is not from the chain.
    if (!isOk && (status >= 500 || !endedSchema.safeParse(body).success)) throw this.#failed("http-error");
    const results = Array.isArray(body) ? body : [body];
    for (const result of results) {
      const busy = busySchema.safeParse(result);
      if (busy.success && BUSY_CODES.includes(busy.data.error.code)) throw this.#busy(undefined);
      if (!responseSchema.safeParse(result).success || !endedSchema.safeParse(result).success)
        throw this.#failed("not-json-rpc");
    }
    if (payload.length > 1 && !Array.isArray(body)) return "no-batches";
    const byId = new Map((results as JsonRpcResult[]).map((result) => [result.id, result]));
    if (payload.length === 1) return [{ ...results[0], id: payload[0]?.id } as JsonRpcResult];
    const inOrder = payload.flatMap(({ id }) => byId.get(id) ?? []);
    if (inOrder.length !== payload.length) throw this.#failed("not-json-rpc");
    return inOrder;
  }

  #noteDate({ dateMs }: HttpAnswer, tookMs: number): void {
    if (dateMs === undefined) return;
    this.#skewMs = Math.round(dateMs + DATE_STEP_MS / 2 - (this.#clock.nowMs() - tookMs / 2));
  }

  #succeeded(): void {
    this.#failuresInRow = 0;
    this.#restsUntilMs = 0;
    this.#upSinceMs ??= this.#clock.nowMs();
  }

  #busy(retryAfterMs: number | undefined): NodeError {
    const error = this.#failed("busy");
    if (retryAfterMs !== undefined)
      this.#waitsUntilMs = this.#clock.nowMs() + Math.min(retryAfterMs, MAX_TOLD_MS);
    return error;
  }

  #failed(failure: EndpointFailure, cause?: unknown): NodeError {
    this.#failures.set(failure, (this.#failures.get(failure) ?? 0) + 1);
    const rest = Math.min(FIRST_REST_MS * 2 ** this.#failuresInRow, MAX_REST_MS);
    this.#failuresInRow += 1;
    this.#restsUntilMs = this.#clock.nowMs() + rest;
    this.#upSinceMs = undefined;
    if (this.#failuresInRow >= RECHECK_AFTER) this.#check = undefined;
    return unavailable(this.host, failure, cause);
  }
}

/** Whether a moment is still to come; one too far ahead was set before this machine's clock was put back. */
function isAhead(untilMs: number, nowMs: number, most: number): boolean {
  return untilMs > nowMs && untilMs - nowMs <= most;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Only the host is named: paths and queries of endpoints carry keys. */
function unavailable(host: string, failure: EndpointFailure, cause?: unknown): NodeError {
  return new NodeError("rpc-unavailable", "a chain endpoint does not answer", {
    retryable: true,
    data: { host, failure },
    cause,
  });
}

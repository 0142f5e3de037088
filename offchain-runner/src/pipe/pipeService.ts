import { NetworkError } from "@opg-network/sdk/errors";
import {
  gatewayRequestSchema,
  NODE_FAILURES,
  NODE_PATHS,
  type NodeFailureCode,
  preexecuteRequestSchema,
  quoteRequestSchema,
  stringifyMessage,
} from "@opg-network/sdk/nodeApi";
import { hexlify } from "ethers";
import type { Logger } from "pino";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { PipeConfig } from "../config.ts";
import type { PostAnswer, PostCall, PostRoutes } from "../http/httpServer.ts";
import type { RunScheduler } from "../jobs/runScheduler.ts";
import type { Caller } from "./caller.ts";
import { identify } from "./caller.ts";
import { PipeError } from "./pipeError.ts";
import type { PreExecutor } from "./preExecutor.ts";
import type { OfferDependencies } from "./queryOffer.ts";
import { RateLimit } from "./rateLimit.ts";
import { quote, read } from "./reader.ts";
import type { ResultMaker } from "./resultMaker.ts";

export interface PipeServiceDependencies {
  preExecutor: PreExecutor;
  maker: ResultMaker;
  offers: OfferDependencies;
  scheduler: RunScheduler;
  chainId: number;
  clock: Clock;
  logger: Logger;
  metrics: { recordCall(kind: string, outcome: string, ms: number): void };
}

type Kind = keyof typeof NODE_PATHS;

const DEADLINE = Symbol("deadline");

/** The HTTP service: who calls, whether it may, and what it is answered. */
export class PipeService {
  readonly #dependencies: PipeServiceDependencies;
  readonly #config: PipeConfig;
  readonly #rates: RateLimit;
  readonly #active = new Map<string, number>();

  constructor(dependencies: PipeServiceDependencies, config: PipeConfig) {
    this.#dependencies = dependencies;
    this.#config = config;
    this.#rates = new RateLimit(dependencies.clock);
  }

  routes(): PostRoutes {
    const kinds = Object.keys(NODE_PATHS) as Kind[];
    return {
      maxBodyBytes: this.#config.maxBytes,
      handlers: new Map(kinds.map((kind) => [NODE_PATHS[kind], (call) => this.#answer(kind, call)])),
    };
  }

  async #answer(kind: Kind, call: PostCall): Promise<PostAnswer> {
    const { metrics, logger, clock } = this.#dependencies;
    const beganAtMs = clock.nowMs();
    try {
      const body = stringifyMessage(await this.#perform(kind, call));
      metrics.recordCall(kind, "ok", clock.nowMs() - beganAtMs);
      return { status: 200, body };
    } catch (error) {
      const failure = failureOf(error);
      metrics.recordCall(kind, failure.code, clock.nowMs() - beganAtMs);
      if (failure.status >= 500) logger.warn({ err: error, kind, code: failure.code }, "call failed");
      else logger.debug({ kind, code: failure.code, data: failure.data }, "call refused");
      return toAnswer(kind, failure);
    }
  }

  async #perform(kind: Kind, call: PostCall): Promise<object> {
    const { chainId, clock, preExecutor, maker, offers, scheduler } = this.#dependencies;
    this.#rates.take(call.address, this.#config.callsPerMinute);
    const now = Math.floor(clock.nowMs() / 1_000);
    const caller = identify(call, { chainId, body: call.body, now });
    const { callsPerMinute, anonymousCallsPerMinute } = this.#config;
    this.#rates.take(caller.id, caller.isAnonymous ? anonymousCallsPerMinute : callsPerMinute);
    const message = jsonOf(call.body);
    return this.#among(caller, async () => {
      switch (kind) {
        case "quote":
          return quote(parse(quoteRequestSchema, message), offers, scheduler);
        case "gateway": {
          const request = parse(gatewayRequestSchema, message);
          const dependencies = { maker, offers, scheduler, withinMs: this.#config.maxDeadlineMs };
          return this.#within(undefined, call.signal, (signal) =>
            read(request, dependencies, caller, signal),
          );
        }
        case "preexecute": {
          const request = parse(preexecuteRequestSchema, message);
          if (request.chainId !== chainId)
            throw new PipeError("invalid-request", { chainId }, { problem: "another chain" });
          return this.#within(request.deadlineMs, call.signal, (signal) =>
            preExecutor.run(request, caller, signal),
          );
        }
      }
    });
  }

  /** Counts the call while it goes on. */
  async #among<T>(caller: Caller, work: () => Promise<T>): Promise<T> {
    const { maxCalls, maxCallsPerCaller } = this.#config;
    const own = this.#active.get(caller.id) ?? 0;
    const all = [...this.#active.values()].reduce((sum, count) => sum + count, 0);
    if (own >= maxCallsPerCaller)
      throw new PipeError("rate-limit", { maxCallsPerCaller, retryAfterMs: 1_000 });
    if (all >= maxCalls) throw new PipeError("no-capacity", { maxCalls, retryAfterMs: 1_000 });
    this.#active.set(caller.id, own + 1);
    try {
      return await work();
    } finally {
      const left = (this.#active.get(caller.id) ?? 1) - 1;
      if (left === 0) this.#active.delete(caller.id);
      else this.#active.set(caller.id, left);
    }
  }

  /** Ends the wait, whatever it is for, when the time is over or the caller has gone. */
  async #within<T>(
    deadlineMs: number | undefined,
    gone: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const ms = Math.min(deadlineMs ?? this.#config.maxDeadlineMs, this.#config.maxDeadlineMs);
    const deadline = new AbortController();
    const done = new AbortController();
    const timer = this.#dependencies.clock.sleep(ms, done.signal).then(
      () => deadline.abort(DEADLINE),
      () => undefined,
    );
    const signal = AbortSignal.any([gone, deadline.signal]);
    const ended = new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
    );
    ended.catch(() => undefined);
    try {
      return await Promise.race([work(signal), ended]);
    } catch (error) {
      if (error === DEADLINE) throw new PipeError("deadline", { deadlineMs: ms, retryAfterMs: ms });
      throw error;
    } finally {
      done.abort();
      await timer;
    }
  }
}

interface Failure {
  status: number;
  code: string;
  message: string;
  data: Readonly<Record<string, unknown>>;
  retryable: boolean;
}

/** What a caller is told. Of a defect nothing but that there is one. */
function failureOf(error: unknown): Failure {
  if (!(error instanceof NetworkError)) {
    const { message, code, data, retryable } = new PipeError("internal-error");
    return { status: 500, message, code, data, retryable };
  }
  const { code, message, data, retryable } = error;
  const status = NODE_FAILURES[code as NodeFailureCode];
  if (status !== undefined) return { status, code, message, data, retryable };
  const isOwnAffair = code === "rpc-unavailable" || code === "rpc-refused";
  return {
    status: retryable ? 503 : 500,
    code: isOwnAffair ? "unavailable" : code,
    message,
    data: isOwnAffair ? {} : data,
    retryable,
  };
}

function toAnswer(kind: Kind, { status: usual, code, message, data, retryable }: Failure): PostAnswer {
  // Clients of ERC-3668 wait long at a gateway that says 429, and go on to the next one at 503.
  const status = kind === "gateway" && usual === 429 ? 503 : usual;
  const retryAfterMs = Number(data.retryAfterMs ?? 1_000);
  const headers = status === 429 || status === 503 ? { "retry-after": seconds(retryAfterMs) } : {};
  // `message` on top is what clients of ERC-3668 show.
  return { status, body: stringifyMessage({ error: { code, message, data, retryable }, message }), headers };
}

function seconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1_000)));
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new PipeError(
      "invalid-request",
      { body: hexlify(body.slice(0, 32)) },
      { problem: "not JSON", cause },
    );
  }
}

function parse<T extends z.ZodType>(schema: T, message: unknown): z.output<T> {
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  throw new PipeError("invalid-request", {}, { problem: z.prettifyError(parsed.error), cause: parsed.error });
}

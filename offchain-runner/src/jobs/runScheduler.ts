import type { PublishedRelease } from "../hub/releaseCatalog.ts";
import { InferenceError } from "../inference/inferenceError.ts";
import { FairQueue } from "./fairQueue.ts";
import type { InferenceEngine } from "./inferenceEngine.ts";

/** What shares its time: a model's runs, or proofs of them. */
export interface RunEngine<Result> {
  /** What a run alone takes, from the ones so far; undefined before the first. */
  expectedRunMs(releaseId: string): number | undefined;
  run(release: PublishedRelease, input: Uint8Array, signal: AbortSignal): Promise<Result>;
}

/** For whom a run is: a request on chain, or a call that is pre-executed while its caller waits. */
export type RunKind = "requests" | "calls";

export interface RunSchedulerOptions {
  /** Inference processes. */
  children: number;
  /** Quick runs that one process may be given at once. */
  depth: number;
  /** Runs longer than this get a process for themselves. */
  quickMs: number;
  /** Part of the time of the processes that requests on chain get when calls want all of it; 0 to 1. */
  requestShare: number;
  /** Runs of calls that may wait. */
  maxWaiting: number;
  /** What a run of a release takes that has not run yet. */
  guessMs(releaseId: string): number;
  /** Whether the node serves a release that is quick. */
  servesQuick(): boolean;
  /** Called with the milliseconds of every successful run. */
  onRun(releaseId: string, ms: number): void;
}

export interface RunOrder<Result = Uint8Array> {
  readonly kind: RunKind;
  /** With whom the time is shared evenly. */
  readonly caller: string;
  readonly release: PublishedRelease;
  readonly input: Uint8Array;
  /** Gets the output also when nobody waits for it any more. */
  readonly onOutput?: (output: Result) => void;
}

interface Run {
  readonly kind: RunKind;
  readonly costMs: number;
  readonly start: () => void;
}

/**
 * Decides which run goes to the engine next, so that a slow model delays only who asked for it: time is shared evenly
 * between callers, requests on chain keep their part, and where the node serves quick models one process is never taken
 * by slow ones.
 */
export class RunScheduler<Result = Uint8Array> {
  readonly #engine: RunEngine<Result>;
  readonly #options: RunSchedulerOptions;
  readonly #queues: Readonly<Record<RunKind, FairQueue<Run>>> = {
    requests: new FairQueue(),
    calls: new FairQueue(),
  };
  /** Time given to each kind, over its share; the one that had less goes first. */
  readonly #served: Record<RunKind, number> = { requests: 0, calls: 0 };
  readonly #running = new Set<Run>();

  constructor(engine: RunEngine<Result>, options: RunSchedulerOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Runs of calls that wait. */
  get waiting(): number {
    return this.#queues.calls.size;
  }

  /** How many quick runs would start at once now. */
  get freeSlots(): number {
    const { children, depth } = this.#options;
    return Math.max(0, (children - this.#slowRunning()) * depth - this.#quickRunning().length);
  }

  expectedMs(releaseId: string): number {
    return this.#engine.expectedRunMs(releaseId) ?? this.#options.guessMs(releaseId);
  }

  /** About how long a run that is put in now would wait. */
  waitMs(releaseId: string): number {
    if (this.waiting === 0 && this.#hasRoom({ costMs: this.expectedMs(releaseId) })) return 0;
    const running = [...this.#running].reduce((sum, { costMs }) => sum + costMs, 0);
    return (running + this.#queues.calls.cost + this.#queues.requests.cost) / this.#options.children;
  }

  /** @throws InferenceError `no-capacity` when as many calls wait as may */
  requireRoom(): void {
    const { maxWaiting } = this.#options;
    if (this.waiting < maxWaiting) return;
    const retryAfterMs = Math.ceil(this.#queues.calls.cost / this.#options.children);
    throw new InferenceError("no-capacity", { waiting: this.waiting, retryAfterMs });
  }

  /**
   * @param signal takes a run out of the queue; one that has begun goes on without whoever asked
   * @param cancel ends the run itself
   */
  run(order: RunOrder<Result>, signal: AbortSignal, cancel: AbortSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const { kind, caller, release } = order;
      const abort = (): void => {
        this.#queues[kind].remove(run);
        reject(signal.reason);
      };
      const start = (): void => {
        void this.#perform(run, order, cancel)
          .then(resolve, reject)
          .finally(() => signal.removeEventListener("abort", abort));
      };
      const run: Run = { kind, costMs: this.expectedMs(release.id), start };
      signal.addEventListener("abort", abort, { once: true });
      this.#levelIdle(kind);
      this.#queues[kind].push(caller, run.costMs, run);
      this.#dispatch();
    });
  }

  async #perform(
    run: Run,
    { release, input, onOutput }: RunOrder<Result>,
    cancel: AbortSignal,
  ): Promise<Result> {
    this.#running.add(run);
    const beganAtMs = performance.now();
    try {
      const output = await this.#engine.run(release, input, cancel);
      this.#options.onRun(release.id, performance.now() - beganAtMs);
      onOutput?.(output);
      return output;
    } finally {
      this.#running.delete(run);
      this.#dispatch();
    }
  }

  #dispatch(): void {
    for (;;) {
      const run = this.#next();
      if (run === undefined) return;
      run.start();
    }
  }

  #next(): Run | undefined {
    const kinds: RunKind[] =
      this.#served.calls < this.#served.requests ? ["calls", "requests"] : ["requests", "calls"];
    for (const kind of kinds) {
      const run = this.#queues[kind].take((candidate) => this.#hasRoom(candidate));
      if (run === undefined) continue;
      this.#served[kind] += run.costMs / this.#shareOf(kind);
      return run;
    }
    return undefined;
  }

  /** Whoever had no work has saved up no time. */
  #levelIdle(kind: RunKind): void {
    const other: RunKind = kind === "calls" ? "requests" : "calls";
    if (this.#queues[kind].size > 0 || [...this.#running].some((run) => run.kind === kind)) return;
    this.#served[kind] = Math.max(this.#served[kind], this.#served[other]);
  }

  #shareOf(kind: RunKind): number {
    const { requestShare } = this.#options;
    return Math.max(0.01, kind === "requests" ? requestShare : 1 - requestShare);
  }

  #hasRoom({ costMs }: Pick<Run, "costMs">): boolean {
    const { children, depth, quickMs, servesQuick } = this.#options;
    const slow = this.#slowRunning();
    if (costMs > quickMs) return slow < (servesQuick() && children > 1 ? children - 1 : children);
    const forQuick = children - slow;
    const quick = this.#quickRunning();
    if (quick.length < forQuick) return true;
    const loadMs = quick.reduce((sum, run) => sum + run.costMs, costMs);
    return quick.length < forQuick * depth && loadMs <= forQuick * quickMs;
  }

  #slowRunning(): number {
    return this.#running.size - this.#quickRunning().length;
  }

  #quickRunning(): Run[] {
    return [...this.#running].filter(({ costMs }) => costMs <= this.#options.quickMs);
  }
}

/** The engine as the executor of requests uses it. */
export function engineForRequests(engine: InferenceEngine, scheduler: RunScheduler): InferenceEngine {
  return {
    prepare: (release, signal, options) => engine.prepare(release, signal, options),
    checkInput: (release, input) => engine.checkInput(release, input),
    expectedRunMs: (id) => engine.expectedRunMs(id),
    run: (release, input, signal) =>
      scheduler.run({ kind: "requests", caller: "", release, input }, signal, signal),
  };
}

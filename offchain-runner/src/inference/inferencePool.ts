import { checkAgainstSchema } from "@opg-network/sdk/schema";
import type { Clock } from "../clock.ts";
import { ExactError } from "../exact/exactError.ts";
import type { InferenceErrorCode } from "./inferenceError.ts";
import { InferenceError } from "./inferenceError.ts";
import type { HealthOptions } from "./modelHealth.ts";
import { ModelHealth } from "./modelHealth.ts";
import { answerOf, failureOf } from "./outcome.ts";
import { joinRows, splitRows } from "./rows.ts";
import type { InferenceAnswer, InferenceRequest, ServedModel } from "./servedModel.ts";
import type { Log, SlotOptions, SlotWork } from "./workerSlot.ts";
import { WorkerSlot } from "./workerSlot.ts";

export interface PoolOptions extends SlotOptions {
  /** Inference processes: how many runs go on at once. */
  readonly slots: number;
  /** Inferences that may wait for a slot. */
  readonly queueLimit: number;
  readonly runLimitMs: number;
  readonly maxOutputBytes: number;
  /** What an aborted run may still take to end by itself before its process is ended. */
  readonly abortGraceMs: number;
  readonly health: HealthOptions;
  /** What several runs may be that are done as one: so many, and so many bytes of inputs. */
  readonly batch: { readonly rows: number; readonly bytes: number };
}

export const POOL_OPTIONS: PoolOptions = {
  slots: 1,
  threads: 1,
  optimization: "all",
  memoryBytes: 1024 * 1024 * 1024,
  sessionBytes: 512 * 1024 * 1024,
  queueLimit: 1_000,
  startLimitMs: 30_000,
  loadLimitMs: 60_000,
  runLimitMs: 30_000,
  abortGraceMs: 1_000,
  maxOutputBytes: 16 * 1024 * 1024,
  restartMs: { first: 100, most: 10_000 },
  pipeline: { depth: 4, backlogMs: 50 },
  health: { loadFailureMs: 60_000, maxCrashes: 3, crashWindowMs: 600_000 },
  batch: { rows: 16, bytes: 1024 * 1024 },
};

export interface InferenceMetrics {
  inferenceEnded(release: string, outcome: InferenceEnd, times: InferenceTimes): void;
  /** Every run of a batch ended well. */
  batchEnded(release: string, rows: number): void;
  workerEnded(reason: string): void;
  sessionEvicted(release: string): void;
}

/** How an inference ended; the last one of an exact release only. */
export type InferenceEnd = "ok" | "aborted" | InferenceErrorCode | "exact-runtime-disagrees";

export interface InferenceTimes {
  readonly totalMs: number;
  readonly runMs: number | undefined;
}

export interface PoolParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: InferenceMetrics;
}

export interface Capacity {
  readonly slots: number;
  readonly readySlots: number;
  readonly running: number;
  readonly queued: number;
  readonly queueLimit: number;
}

interface Job {
  /** Without inputs it only loads the model. */
  readonly request: ServedModel & Partial<Pick<InferenceRequest, "inputs" | "timeLimitMs">>;
  /** Where it has to happen, for work that is not a run. */
  readonly slot: WorkerSlot | undefined;
  /** It was part of several runs as one that came to nothing: what is wrong shows when it runs by itself. */
  isAlone: boolean;
  readonly signal: AbortSignal;
  readonly startedAtMs: number;
  readonly settle: (answer: InferenceAnswer) => void;
  readonly fail: (error: unknown) => void;
}

const NEW_WEIGHT = 0.2;
const GUESSED_RUN_MS = 1_000;

/** Runs models in child processes: bounded in time, memory and number, so that a bad model costs its own run alone. */
export class InferencePool {
  readonly #options: PoolOptions;
  readonly #parts: PoolParts;
  readonly #health: ModelHealth;
  readonly #slots: WorkerSlot[];
  readonly #queue: Job[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #runMs = new Map<string, number>();
  /** Releases of which several runs as one did not give what they give alone. */
  readonly #alone = new Set<string>();
  #stopping: Promise<void> | undefined;

  constructor(options: PoolOptions, parts: PoolParts) {
    this.#options = options;
    this.#parts = parts;
    this.#health = new ModelHealth(options.health, parts.clock);
    this.#slots = Array.from({ length: options.slots }, () => this.#slot());
  }

  start(): void {
    for (const slot of this.#slots) slot.start();
  }

  get capacity(): Capacity {
    const { slots, queueLimit } = this.#options;
    const readySlots = this.#slots.filter(({ isReady }) => isReady).length;
    return { slots, readySlots, running: this.#running.size, queued: this.#queue.length, queueLimit };
  }

  /** Process ids of the children, for a status page. */
  get pids(): number[] {
    return this.#slots.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /** What a run of this release takes, from the ones so far; `undefined` before the first. */
  expectedRunMs(release: string): number | undefined {
    return this.#runMs.get(release);
  }

  /**
   * @throws InferenceError, the codec's error for inputs that do not fit the schema, or the signal's reason. An abort
   * rejects at once; a run under way gets `abortGraceMs` before its process is ended.
   */
  async run(request: InferenceRequest, signal: AbortSignal): Promise<InferenceAnswer> {
    checkAgainstSchema(request.inputs, request.schema.inputs);
    return this.#enqueue(request, undefined, signal);
  }

  /** Loads a model into every process ahead of its first run. */
  async warm(model: ServedModel, signal: AbortSignal): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#enqueue(model, slot, signal)));
  }

  /** Refuses new work, gives what runs `graceMs`, then ends the processes. */
  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async #stop(graceMs: number): Promise<void> {
    for (const job of this.#queue.splice(0)) job.fail(new InferenceError("inference-stopped"));
    const enough = new AbortController();
    const grace = this.#parts.clock.sleep(graceMs, enough.signal).catch(() => undefined);
    await Promise.race([Promise.all(this.#running), grace]);
    enough.abort();
    await Promise.all(this.#slots.map((slot) => slot.stop()));
    await Promise.all(this.#running);
  }

  #slot(): WorkerSlot {
    const { clock, log, metrics } = this.#parts;
    return new WorkerSlot(this.#options, clock, log, {
      changed: () => this.#dispatch(),
      evicted: (model) => metrics?.sessionEvicted(model),
      ended: (end, model, phase) => {
        metrics?.workerEnded(end.kind);
        // Time and memory of a run may be the input's doing, and must not close the model to everybody else.
        const isLimit = end.kind === "time" || end.kind === "memory";
        // What a batch did wrong, the runs in it do again by themselves.
        if (phase === "load" || (phase === "run" && !isLimit)) this.#health.crashed(model);
      },
      startFailed: (lastWords) => {
        metrics?.workerEnded("start-failed");
        log.error({ lastWords }, "inference process does not start");
        if (this.#slots.some(({ isReady }) => isReady)) return;
        const retryAfterMs = this.#options.restartMs.most;
        for (const job of this.#queue.splice(0))
          job.fail(new InferenceError("runtime-unavailable", { retryAfterMs }));
      },
    });
  }

  #enqueue(
    request: Job["request"],
    slot: WorkerSlot | undefined,
    signal: AbortSignal,
  ): Promise<InferenceAnswer> {
    return new Promise((settle, reject) => {
      signal.throwIfAborted();
      this.#admit(request);
      const startedAtMs = this.#parts.clock.nowMs();
      const abort = () => {
        const at = this.#queue.indexOf(job);
        if (at >= 0) this.#queue.splice(at, 1);
        job.fail(signal.reason);
      };
      const end = (outcome: InferenceEnd, runMs?: number) => {
        signal.removeEventListener("abort", abort);
        if (job.slot !== undefined) return;
        const totalMs = this.#parts.clock.nowMs() - startedAtMs;
        this.#parts.metrics?.inferenceEnded(request.release, outcome, { totalMs, runMs });
      };
      const job: Job = {
        request,
        slot,
        isAlone: false,
        signal,
        startedAtMs,
        settle: (answer) => {
          if (signal.aborted) return;
          end("ok", answer.runMs);
          settle(answer);
        },
        fail: (error) => {
          if (error instanceof InferenceError) end(error.code);
          else end(error instanceof ExactError ? "exact-runtime-disagrees" : "aborted");
          reject(error);
        },
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#queue.splice(this.#placeOf(job), 0, job);
      this.#dispatch();
    });
  }

  /** Loading waits for nobody in particular, so a run goes behind the other runs and one model to be loaded, not behind all. */
  #placeOf({ request }: Job): number {
    if (request.inputs === undefined) return this.#queue.length;
    const lastRun = this.#queue.findLastIndex((waiting) => waiting.request.inputs !== undefined);
    return Math.min(lastRun + 2, this.#queue.length);
  }

  #admit(model: ServedModel): void {
    if (this.#stopping !== undefined) throw new InferenceError("inference-stopped");
    this.#health.check(model.release);
    const { sessionBytes, queueLimit } = this.#options;
    if (model.bytes > sessionBytes) {
      throw new InferenceError("memory-exceeded", {
        release: model.release,
        bytes: model.bytes,
        limitBytes: sessionBytes,
      });
    }
    if (this.#queue.length >= queueLimit)
      throw new InferenceError("no-capacity", { retryAfterMs: this.#drainMs() });
  }

  /** How long the queue in front of a newcomer takes. */
  #drainMs(): number {
    const expected = this.#queue.map(({ request }) => this.#runMs.get(request.release) ?? GUESSED_RUN_MS);
    return Math.ceil(expected.reduce((total, ms) => total + ms, 0) / this.#options.slots);
  }

  #dispatch(): void {
    for (let at = 0; at < this.#queue.length; ) {
      if (!this.#slots.some(({ isReady }) => isReady)) return;
      const job = this.#queue[at];
      const slot = job === undefined ? undefined : this.#slotFor(job);
      if (job === undefined || slot === undefined) {
        at += 1;
        continue;
      }
      const jobs = [job, ...this.#companionsOf(job, at)];
      for (const taken of jobs) this.#queue.splice(this.#queue.indexOf(taken), 1);
      const work = jobs.length === 1 ? this.#perform(job, slot) : this.#performTogether(jobs, slot);
      const running = work.finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  #slotFor(job: Job): WorkerSlot | undefined {
    let best: WorkerSlot | undefined;
    let bestReadiness = 0;
    for (const slot of job.slot === undefined ? this.#slots : [job.slot]) {
      const readiness = slot.readiness(job.request.release);
      if (readiness > bestReadiness) [best, bestReadiness] = [slot, readiness];
    }
    return best;
  }

  async #perform(job: Job, slot: WorkerSlot): Promise<void> {
    const { request, signal } = job;
    try {
      // A requeued job may have become one of a model that rests.
      this.#health.check(request.release);
      const { runLimitMs, abortGraceMs } = this.#options;
      const { outcome, phase } = await slot.perform({
        model: request,
        ...this.#runOf(request),
        limitMs: Math.min(request.timeLimitMs ?? runLimitMs, runLimitMs),
        expectedMs: this.#runMs.get(request.release),
        signal,
        abortGraceMs,
      });
      if (signal.aborted) return;
      if (outcome.kind === "interrupted" && this.#stopping === undefined) {
        this.#queue.unshift(job);
        this.#dispatch();
        return;
      }
      if (outcome.kind === "ran" || outcome.kind === "loaded") {
        const answer = answerOf(outcome, request);
        if (outcome.kind === "ran") this.#learn(request.release, outcome.runMs);
        job.settle(answer);
        return;
      }
      const error = failureOf(outcome, phase, request.release);
      if (error.code === "model-load-failed")
        this.#health.loadFailed(request.release, String(error.data.detail));
      throw error;
    } catch (error) {
      job.fail(error);
    }
  }

  /** Others behind it in the queue that can be rows of one tensor with it. Only where each row is compared afterwards. */
  #companionsOf({ request, slot, isAlone }: Job, at: number): Job[] {
    const { release, graph, hasFreeBatch, inputs, timeLimitMs } = request;
    const expectedMs = this.#runMs.get(release);
    if (hasFreeBatch !== true || graph === undefined || isAlone || this.#alone.has(release)) return [];
    if (slot !== undefined || inputs === undefined || timeLimitMs !== undefined || expectedMs === undefined)
      return [];
    const { batch, pipeline } = this.#options;
    const bytes = inputs.reduce((sum, { data }) => sum + data.byteLength, 0);
    const most = Math.floor(
      Math.min(batch.rows, batch.bytes / Math.max(1, bytes), pipeline.backlogMs / expectedMs),
    );
    const isLike = ({ request: other, slot: own, isAlone: isOther }: Job) =>
      other.release === release &&
      own === undefined &&
      !isOther &&
      other.inputs !== undefined &&
      other.timeLimitMs === undefined;
    const others: Job[] = [];
    for (let next = at + 1; next < this.#queue.length && others.length + 1 < most; next++) {
      const job = this.#queue[next];
      if (job !== undefined && isLike(job)) others.push(job);
    }
    return others;
  }

  /** Whatever goes wrong, each run is done again by itself and fails or succeeds as it does alone. */
  async #performTogether(jobs: readonly Job[], slot: WorkerSlot): Promise<void> {
    const [{ request }] = jobs as [Job, ...Job[]];
    const { release } = request;
    const rows = jobs.length;
    const over = new AbortController();
    try {
      this.#health.check(release);
      const inputs = joinRows(jobs.map((job) => job.request.inputs ?? []));
      const { outcome, phase } = await slot.perform({
        model: request,
        ...this.#runOf({ ...request, inputs }, rows),
        limitMs: this.#options.runLimitMs,
        expectedMs: rows * (this.#runMs.get(release) ?? 0),
        signal: onceAllAborted(jobs, over.signal),
        abortGraceMs: this.#options.abortGraceMs,
      });
      const split = outcome.kind === "ran" ? splitRows(outcome.outputs, rows) : undefined;
      if (outcome.kind === "ran" && split !== undefined) {
        const runMs = outcome.runMs / rows;
        this.#parts.metrics?.batchEnded(release, rows);
        this.#learn(release, runMs);
        for (const [row, job] of jobs.entries())
          this.#settle(job, { ...outcome, runMs, outputs: split[row] ?? [] });
        return;
      }
      const waiting = jobs.filter(({ signal }) => !signal.aborted);
      const isWithdrawn = outcome.kind === "interrupted" || outcome.kind === "ended";
      for (const job of waiting) job.isAlone ||= !isWithdrawn;
      // Whoever ended the process from outside says nothing about the rows.
      if (phase === "run" && !isWithdrawn && outcome.kind !== "killed" && waiting.length > 0) {
        this.#alone.add(release);
        this.#parts.log.warn(
          { release, rows, outcome },
          "rows do not run together; each runs alone from now on",
        );
      }
      this.#requeue(waiting);
    } catch (error) {
      for (const job of jobs) job.fail(error);
    } finally {
      over.abort();
    }
  }

  #settle(job: Job, outcome: Parameters<typeof answerOf>[0]): void {
    try {
      job.settle(answerOf(outcome, job.request));
    } catch (error) {
      job.fail(error);
    }
  }

  #requeue(jobs: readonly Job[]): void {
    if (this.#stopping === undefined) {
      this.#queue.unshift(...jobs);
      this.#dispatch();
      return;
    }
    for (const job of jobs) job.fail(new InferenceError("inference-stopped"));
  }

  #runOf({ release, schema, inputs }: Job["request"], rows = 1): Pick<SlotWork, "run"> {
    if (inputs === undefined) return {};
    const named = inputs.map((tensor, index) => ({
      name: schema.inputs[index]?.name ?? "",
      dtype: tensor.dtype,
      shape: [...tensor.shape],
      data: tensor.data,
    }));
    const outputs = schema.outputs.map(({ name }) => name);
    const { maxOutputBytes } = this.#options;
    return { run: { kind: "run", model: release, inputs: named, outputs, rows, maxOutputBytes } };
  }

  #learn(release: string, runMs: number): void {
    const known = this.#runMs.get(release);
    this.#runMs.set(release, known === undefined ? runMs : known + NEW_WEIGHT * (runMs - known));
  }
}

/** Aborted when nobody is left who wants any of it; listens until `over`. */
function onceAllAborted(jobs: readonly Job[], over: AbortSignal): AbortSignal {
  const all = new AbortController();
  const look = () => {
    if (jobs.every(({ signal }) => signal.aborted)) all.abort();
  };
  for (const { signal } of jobs) signal.addEventListener("abort", look, { once: true, signal: over });
  return all.signal;
}

import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { ServedModel } from "./servedModel.ts";
import type { WorkerEnd, WorkerOutcome } from "./workerProcess.ts";
import { WorkerProcess } from "./workerProcess.ts";
import type { RunRequest } from "./workerProtocol.ts";

export interface SlotOptions {
  /** Of one process, sessions and working memory together; it is killed above this. */
  readonly memoryBytes: number;
  /** Of that, what loaded sessions may take before the least recently used is dropped. */
  readonly sessionBytes: number;
  readonly threads: number;
  readonly optimization: "disabled" | "basic" | "extended" | "all";
  readonly startLimitMs: number;
  readonly loadLimitMs: number;
  readonly restartMs: { readonly first: number; readonly most: number };
  /** How many runs a process may be given at once, and how long the ones before the last may take, so that it never waits for its next. */
  readonly pipeline: { readonly depth: number; readonly backlogMs: number };
}

export interface SlotEvents {
  /** Something may be possible now that was not. */
  changed(): void;
  startFailed(lastWords: string): void;
  ended(end: WorkerEnd, model: string, phase: WorkPhase): void;
  evicted(model: string): void;
}

/** `batch`: several runs as one. */
export type WorkPhase = "load" | "run" | "batch";

export type Log = Pick<Logger, "debug" | "warn" | "error">;

interface Session {
  readonly loaded: Promise<WorkerOutcome>;
  isLoaded: boolean;
  bytes: number;
  users: number;
  usedAtMs: number;
}

export interface SlotWork {
  readonly model: ServedModel;
  /** Without it the model is only loaded. */
  readonly run?: Omit<RunRequest, "id">;
  readonly limitMs: number;
  readonly expectedMs: number | undefined;
  readonly signal: AbortSignal;
  readonly abortGraceMs: number;
}

/** How a piece of work ended, and whether it was the loading that ended it. */
export interface SlotOutcome {
  readonly outcome: WorkerOutcome;
  readonly phase: "load" | "run";
}

/** A place for one inference process: keeps one alive, with sessions in it, and knows what it can take. */
export class WorkerSlot {
  readonly #options: SlotOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #events: SlotEvents;
  readonly #sessions = new Map<string, Session>();
  readonly #stopped = new AbortController();
  #process: WorkerProcess | undefined;
  #isRetiring = false;
  #inFlight = 0;
  #backlogMs = 0;
  #failures = 0;
  #life: Promise<void> = Promise.resolve();

  constructor(options: SlotOptions, clock: Clock, log: Log, events: SlotEvents) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#events = events;
  }

  get isReady(): boolean {
    return this.#process !== undefined && !this.#process.isEnding && !this.#isRetiring;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  start(): void {
    this.#life = this.#live();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#process?.end();
    await this.#life;
  }

  /** How well it can take work on a model now: 0 not at all, then behind other runs, with a load, at once. */
  readiness(model: string): 0 | 1 | 2 | 3 {
    if (!this.isReady) return 0;
    const isLoaded = this.#sessions.get(model)?.isLoaded === true;
    if (this.#inFlight === 0) return isLoaded ? 3 : 2;
    const { depth, backlogMs } = this.#options.pipeline;
    return isLoaded && this.#inFlight < depth && this.#backlogMs <= backlogMs ? 1 : 0;
  }

  async perform(work: SlotWork): Promise<SlotOutcome> {
    const worker = this.#process;
    if (worker === undefined) return { outcome: { kind: "interrupted" }, phase: "run" };
    const expectedMs = work.expectedMs ?? Number.POSITIVE_INFINITY;
    this.#inFlight += 1;
    this.#backlogMs += expectedMs;
    const session = this.#sessions.get(work.model.release) ?? this.#load(work.model, worker);
    session.users += 1;
    session.usedAtMs = this.#clock.nowMs();
    try {
      return await this.#runIn(session, work, worker);
    } finally {
      session.users -= 1;
      this.#inFlight -= 1;
      // Infinity does not subtract.
      this.#backlogMs =
        this.#inFlight === 0 ? 0 : this.#backlogMs - (Number.isFinite(expectedMs) ? expectedMs : 0);
      if (this.#isRetiring && this.#inFlight === 0) worker.end();
      this.#events.changed();
    }
  }

  async #runIn(session: Session, work: SlotWork, worker: WorkerProcess): Promise<SlotOutcome> {
    if (work.run === undefined) return { outcome: await session.loaded, phase: "load" };
    const { id, outcome: running } = worker.perform(work.run, work.limitMs);
    const abandon = () => worker.abandon(id, work.abortGraceMs);
    work.signal.addEventListener("abort", abandon, { once: true });
    const outcome = await running;
    work.signal.removeEventListener("abort", abandon);
    if ("rssBytes" in outcome) this.#noteMemory(outcome.rssBytes ?? 0);
    if (outcome.kind === "ran") this.#failures = 0;
    // A run that never began may have been waiting for a load that failed.
    const hasNotBegun =
      outcome.kind === "interrupted" || (outcome.kind === "failed" && outcome.failure === "not-loaded");
    const loading = hasNotBegun ? await session.loaded : undefined;
    if (loading !== undefined && loading.kind !== "loaded" && loading.kind !== "interrupted") {
      return { outcome: loading, phase: "load" };
    }
    this.#noteEnd(outcome, work.model.release, work.run.rows > 1 ? "batch" : "run");
    return { outcome: hasNotBegun ? { kind: "interrupted" } : outcome, phase: "run" };
  }

  #load(model: ServedModel, worker: WorkerProcess): Session {
    this.#makeRoom(model.bytes, worker);
    const { threads, optimization, loadLimitMs } = this.#options;
    const request = {
      kind: "load",
      model: model.release,
      path: model.modelPath,
      threads,
      optimization,
      graph: model.graph,
    } as const;
    const { outcome } = worker.perform(request, loadLimitMs);
    const session: Session = {
      loaded: outcome,
      isLoaded: false,
      bytes: model.bytes,
      users: 0,
      usedAtMs: this.#clock.nowMs(),
    };
    this.#sessions.set(model.release, session);
    void outcome.then((end) => {
      if (end.kind === "loaded") {
        session.isLoaded = true;
        session.bytes = Math.max(model.bytes, end.grownBytes);
        return;
      }
      if (this.#sessions.get(model.release) === session) this.#sessions.delete(model.release);
      this.#noteEnd(end, model.release, "load");
    });
    return session;
  }

  /** Only ever called with nothing in flight, so that no session in use can be among those dropped. */
  #makeRoom(bytes: number, worker: WorkerProcess): void {
    const used = () => [...this.#sessions.values()].reduce((total, session) => total + session.bytes, 0);
    while (used() + bytes > this.#options.sessionBytes) {
      const idle = [...this.#sessions].filter(([, { users }]) => users === 0);
      const oldest = idle.sort(([, one], [, other]) => one.usedAtMs - other.usedAtMs)[0];
      if (oldest === undefined) return;
      this.#sessions.delete(oldest[0]);
      worker.unload(oldest[0]);
      this.#events.evicted(oldest[0]);
    }
  }

  #noteEnd(outcome: WorkerOutcome, model: string, phase: WorkPhase): void {
    if (
      outcome.kind === "crashed" ||
      outcome.kind === "killed" ||
      outcome.kind === "memory" ||
      outcome.kind === "time"
    ) {
      this.#events.ended(outcome, model, phase);
    }
  }

  /** The runtime keeps what it once took: a process that has grown past its limit is replaced when its work is done. */
  #noteMemory(rssBytes: number): void {
    if (rssBytes > this.#options.memoryBytes) this.#isRetiring = true;
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const end = await this.#liveOnce(signal);
      if (signal.aborted) return;
      this.#failures += end === "ended" ? 0 : 1;
      await this.#clock.sleep(end === "ended" ? 0 : this.#restartMs(), signal).catch(() => undefined);
    }
  }

  #restartMs(): number {
    const { first, most } = this.#options.restartMs;
    return Math.min(most, first * 2 ** (this.#failures - 1));
  }

  /** From the start of a process to its end. */
  async #liveOnce(signal: AbortSignal): Promise<WorkerEnd["kind"]> {
    const { memoryBytes, startLimitMs } = this.#options;
    let worker: WorkerProcess;
    try {
      worker = new WorkerProcess({ memoryBytes, startMs: startLimitMs }, this.#clock);
    } catch (err) {
      this.#log.error({ err }, "inference process cannot be made");
      this.#events.startFailed("");
      return "crashed";
    }
    const stop = () => worker.end();
    signal.addEventListener("abort", stop, { once: true });
    const isReady = await worker.ready;
    if (isReady) {
      this.#process = worker;
      this.#isRetiring = false;
      this.#log.debug({ pid: worker.pid }, "inference process started");
      this.#events.changed();
    }
    const end = await worker.closed;
    signal.removeEventListener("abort", stop);
    this.#process = undefined;
    this.#sessions.clear();
    if (signal.aborted || end.kind === "ended") return end.kind;
    this.#log.warn({ pid: worker.pid, end, lastWords: worker.lastWords }, "inference process ended");
    if (!isReady) this.#events.startFailed(worker.lastWords);
    return end.kind;
  }
}

import { NetworkError } from "@opg-network/sdk/errors";
import type { Logger } from "pino";
import { Bell } from "../bell.ts";
import type { Clock } from "../clock.ts";
import type { InferenceEngine } from "./inferenceEngine.ts";
import type { Job } from "./job.ts";
import type { JobStore } from "./jobStore.ts";
import type { OfferedReleases } from "./offeredReleases.ts";

const IDLE_MS = 1_000;
const MAX_ATTEMPTS = 3;
const RETRY_MS = 500;
const NOT_READY_MS = 250;

export interface ExecutorOptions {
  parallelRuns: number;
  /** Called with the milliseconds of every successful run. */
  onRun(ms: number): void;
}

/** Runs queued jobs on the engine, as many at once as it has room for. */
export class Executor {
  readonly bell = new Bell();
  readonly #store: JobStore;
  readonly #releases: OfferedReleases;
  readonly #engine: InferenceEngine;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: ExecutorOptions;
  readonly #active = new Set<Promise<void>>();

  constructor(
    dependencies: {
      store: JobStore;
      releases: OfferedReleases;
      engine: InferenceEngine;
      clock: Clock;
      logger: Logger;
    },
    options: ExecutorOptions,
  ) {
    this.#store = dependencies.store;
    this.#releases = dependencies.releases;
    this.#engine = dependencies.engine;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#options = options;
  }

  get activeCount(): number {
    return this.#active.size;
  }

  /** @param cancel ends the runs themselves; `signal` only stops new ones from starting */
  async run(signal: AbortSignal, cancel: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.step(cancel);
      await this.bell.wait(IDLE_MS, this.#clock, signal);
    }
    await Promise.all(this.#active);
  }

  /** Starts what there is room for. */
  step(cancel: AbortSignal): void {
    const room = this.#options.parallelRuns - this.#active.size;
    if (room <= 0) return;
    for (const job of this.#store.due(["accepted", "queued"], room)) {
      // After a restart jobs are there before their models are.
      if (this.#releases.get(job.request.release)?.status === "loading") {
        this.#store.update(job.id, { notBeforeMs: this.#clock.nowMs() + NOT_READY_MS });
        continue;
      }
      this.#store.move(job.id, "running");
      const run = this.#runOne(job, cancel).finally(() => {
        this.#active.delete(run);
        this.bell.ring();
      });
      this.#active.add(run);
    }
  }

  async #runOne(job: Job, cancel: AbortSignal): Promise<void> {
    const startedAtMs = this.#clock.nowMs();
    try {
      const { release, problem } = this.#releases.get(job.request.release) ?? {};
      if (release === undefined || problem !== undefined) {
        return this.#failed(job, problem ?? "release-not-served");
      }
      const output = await this.#engine.run(release, job.input, cancel);
      const ms = this.#clock.nowMs() - startedAtMs;
      this.#releases.recordRun(release.id, ms);
      this.#options.onRun(ms);
      this.#logger.info({ request: job.id, ms }, "inference done");
      this.#store.moveIf(job.id, ["running"], "answered", { output, attempts: 0 });
    } catch (error) {
      if (cancel.aborted) return;
      const code = error instanceof NetworkError ? error.code : "unexpected";
      const isRetryable = error instanceof NetworkError && error.retryable && job.attempts + 1 < MAX_ATTEMPTS;
      this.#logger.error({ err: error, request: job.id, isRetryable }, "inference failed");
      if (isRetryable) this.#again(job);
      else this.#failed(job, code);
    }
  }

  #again(job: Job): void {
    const attempts = job.attempts + 1;
    const notBeforeMs = this.#clock.nowMs() + RETRY_MS * 2 ** attempts;
    const state = job.acceptance === undefined ? "queued" : "accepted";
    this.#store.moveIf(job.id, ["running"], state, { attempts, notBeforeMs });
  }

  #failed(job: Job, reason: string): void {
    this.#store.moveIf(job.id, ["running"], "failed", { reason });
  }
}

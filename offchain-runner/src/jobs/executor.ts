import { NetworkError } from "@opg-network/sdk/errors";
import type { Logger } from "pino";
import { Bell } from "../bell.ts";
import type { Clock } from "../clock.ts";
import type { PublishedRelease } from "../hub/releaseCatalog.ts";
import { ProofError } from "../proving/proofError.ts";
import type { ResultProver } from "../proving/resultProver.ts";
import type { InferenceEngine } from "./inferenceEngine.ts";
import type { Job } from "./job.ts";
import { ZK_MODE } from "./job.ts";
import type { JobKind, JobStore } from "./jobStore.ts";
import type { OfferedReleases } from "./offeredReleases.ts";
import { standingIn } from "./offeredReleases.ts";

const IDLE_MS = 1_000;
const MAX_ATTEMPTS = 3;
const RETRY_MS = 500;
const NOT_READY_MS = 250;

export interface ExecutorOptions {
  parallelRuns: number;
  /** Jobs in mode ZK under way at once. */
  parallelProofs: number;
  /** Called with the milliseconds of every successful run. */
  onRun(ms: number): void;
}

/**
 * Runs queued jobs on the engine, as many at once as it has room for, and has the results of mode ZK proved. Output and
 * proof are stored together: where the process ends between them, both are made again, and the output is the same.
 */
export class Executor {
  readonly bell = new Bell();
  readonly #store: JobStore;
  readonly #releases: OfferedReleases;
  readonly #engine: InferenceEngine;
  readonly #prover: Pick<ResultProver, "prove"> | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: ExecutorOptions;
  readonly #active: Readonly<Record<JobKind, Set<Promise<void>>>> = { plain: new Set(), proved: new Set() };
  /** What kept the end of a run from being stored: the job would be running for ever. */
  #broken: { readonly error: unknown } | undefined;

  constructor(
    dependencies: {
      store: JobStore;
      releases: OfferedReleases;
      engine: InferenceEngine;
      /** Absent where nothing is proved. */
      prover?: Pick<ResultProver, "prove"> | undefined;
      clock: Clock;
      logger: Logger;
    },
    options: ExecutorOptions,
  ) {
    this.#store = dependencies.store;
    this.#releases = dependencies.releases;
    this.#engine = dependencies.engine;
    this.#prover = dependencies.prover;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#options = options;
  }

  get activeCount(): number {
    return this.#active.plain.size + this.#active.proved.size;
  }

  /**
   * @param cancel ends the runs themselves; `signal` only stops new ones from starting
   * @throws what the database does, when it takes nothing any more
   */
  async run(signal: AbortSignal, cancel: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.step(cancel);
      await this.bell.wait(IDLE_MS, this.#clock, signal);
      if (this.#broken !== undefined) throw this.#broken.error;
    }
    await Promise.all([...this.#active.plain, ...this.#active.proved]);
  }

  /** Starts what there is room for. */
  step(cancel: AbortSignal): void {
    const { parallelRuns, parallelProofs } = this.#options;
    this.#start("plain", parallelRuns, cancel);
    this.#start("proved", parallelProofs, cancel);
  }

  #start(kind: JobKind, parallel: number, cancel: AbortSignal): void {
    const active = this.#active[kind];
    const room = parallel - active.size;
    if (room <= 0) return;
    for (const job of this.#store.dueOf(kind, ["accepted", "queued"], room)) {
      const model = this.#releases.get(job.request.release);
      // After a restart jobs are there before their models are.
      if (model !== undefined && standingIn(model, job.request.mode).status === "loading") {
        this.#store.update(job.id, { notBeforeMs: this.#clock.nowMs() + NOT_READY_MS });
        continue;
      }
      this.#store.move(job.id, "running");
      const run = this.#runOne(job, cancel)
        .catch((error: unknown) => {
          this.#broken ??= { error };
        })
        .finally(() => {
          active.delete(run);
          this.bell.ring();
        });
      active.add(run);
    }
  }

  async #runOne(job: Job, cancel: AbortSignal): Promise<void> {
    const startedAtMs = this.#clock.nowMs();
    try {
      const model = this.#releases.get(job.request.release);
      if (model?.release === undefined) return this.#failed(job, model?.problem ?? "release-not-served");
      const { status, problem } = standingIn(model, job.request.mode);
      if (status !== "ready") return this.#failed(job, problem ?? "release-not-served");
      const { release } = model;
      const output = await this.#engine.run(release, job.input, cancel);
      const ms = this.#clock.nowMs() - startedAtMs;
      this.#releases.recordRun(release.id, ms);
      this.#options.onRun(ms);
      this.#logger.info({ request: job.id, ms }, "inference done");
      const proof = await this.#proofOf(job, release, output, cancel);
      const made = { output, ...(proof !== undefined && { proof }) };
      this.#store.moveIf(job.id, ["running"], "answered", { ...made, attempts: 0 });
    } catch (error) {
      if (cancel.aborted) return;
      const code = error instanceof NetworkError ? error.code : "unexpected";
      const isRetryable = error instanceof NetworkError && error.retryable && job.attempts + 1 < MAX_ATTEMPTS;
      this.#logger.error({ err: error, request: job.id, isRetryable }, "inference failed");
      if (isRetryable) this.#again(job);
      else this.#failed(job, code);
    }
  }

  async #proofOf(
    job: Job,
    release: PublishedRelease,
    output: Uint8Array,
    cancel: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    // A proof takes long; nobody needs that of a job that others have ended meanwhile.
    if (job.request.mode !== ZK_MODE || this.#store.get(job.id)?.state !== "running") return undefined;
    if (this.#prover === undefined)
      throw new ProofError("proof-not-ready", { reason: "this node has no prover" });
    const startedAtMs = this.#clock.nowMs();
    const answer = { kind: "requests", caller: "", release, input: job.input, output } as const;
    const proof = await this.#prover.prove(answer, cancel, cancel);
    this.#logger.info({ request: job.id, ms: this.#clock.nowMs() - startedAtMs }, "proof done");
    return proof;
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

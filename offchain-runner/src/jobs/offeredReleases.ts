import { NetworkError } from "@opg-network/sdk/errors";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { ServedRelease } from "../config.ts";
import type { PublishedRelease, ReleaseCatalog } from "../hub/releaseCatalog.ts";
import { ProofError } from "../proving/proofError.ts";
import type { Bars } from "./barredReleases.ts";
import type { InferenceEngine } from "./inferenceEngine.ts";
import { ZK_MODE } from "./job.ts";

/** A release of the configuration and what became of it. */
export interface OfferedRelease {
  readonly config: ServedRelease;
  /** Known as soon as the hub was asked. */
  id?: string;
  release?: PublishedRelease;
  status: "loading" | "ready" | "failed";
  /** Code of the last failure. */
  problem?: string;
  /** Moving average of what a run takes. */
  runMs: number;
  /** What became of mode ZK, where the configuration has it. */
  zk?: ProofStanding;
}

/** Whether results of a release can be proved here. */
export interface ProofStanding {
  status: "loading" | "ready" | "refused";
  /** Code of the last failure. */
  problem?: string;
}

/** Makes sure that results of a loaded release can be proved. */
export type PrepareProofs = (
  release: PublishedRelease,
  config: ServedRelease,
  signal: AbortSignal,
) => Promise<void>;

/** Where a release stands in one of the modes that it is served in. */
export function standingIn(
  { status, problem, zk }: Pick<OfferedRelease, "status" | "problem" | "zk">,
  mode: number,
): { status: OfferedRelease["status"]; problem?: string | undefined } {
  if (status !== "ready" || mode !== ZK_MODE) return { status, problem };
  if (zk === undefined) return { status: "failed", problem: "mode-not-served" };
  return { status: zk.status === "refused" ? "failed" : zk.status, problem: zk.problem };
}

const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 300_000;
/** Weight of the newest run. */
const RUN_WEIGHT = 0.2;

/** Keeps every release of the configuration loaded, from start on, so that the first request does not wait for it. */
export class OfferedReleases {
  readonly #releases: OfferedRelease[];
  readonly #bars: Bars;
  readonly #catalog: ReleaseCatalog;
  readonly #engine: InferenceEngine;
  readonly #prepareProofs: PrepareProofs;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onReady: () => void;

  constructor(
    served: readonly ServedRelease[],
    dependencies: {
      bars: Bars;
      catalog: ReleaseCatalog;
      engine: InferenceEngine;
      /** Absent where nothing is proved. */
      prepareProofs?: PrepareProofs;
      clock: Clock;
      logger: Logger;
    },
    onReady: () => void,
  ) {
    this.#releases = served.map((config) => ({
      config,
      status: "loading",
      runMs: config.expectedRunMs,
      ...(config.modes.includes("ZK") && { zk: { status: "loading" } }),
    }));
    this.#bars = dependencies.bars;
    this.#catalog = dependencies.catalog;
    this.#engine = dependencies.engine;
    this.#prepareProofs = dependencies.prepareProofs ?? provesNothing;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#onReady = onReady;
  }

  all(): readonly OfferedRelease[] {
    return this.#releases;
  }

  get(releaseId: string): OfferedRelease | undefined {
    return this.#releases.find(({ id }) => id === releaseId);
  }

  /** Undefined while the hub's record is not read: answers of an earlier life are sent before it is. */
  isExact(releaseId: string): boolean | undefined {
    return this.get(releaseId)?.release?.isExact;
  }

  recordRun(releaseId: string, ms: number): void {
    const model = this.get(releaseId);
    if (model !== undefined) model.runMs += RUN_WEIGHT * (ms - model.runMs);
  }

  /** Those of the configuration that are barred. */
  barred(): string[] {
    return this.#releases.flatMap(({ id }) =>
      id !== undefined && this.#bars.problemOf(id) !== undefined ? [id] : [],
    );
  }

  /** Serves a release no longer, also after a restart, until somebody unbars it. */
  bar(releaseId: string, problem: string): void {
    this.#bars.bar(releaseId, problem);
    const model = this.get(releaseId);
    if (model === undefined || model.problem === problem) return;
    model.status = "failed";
    model.problem = problem;
    this.#logger.error({ release: releaseId, problem }, "release is no longer served");
    this.#onReady();
  }

  /** Proves results of a release no longer, until the node is started again; its other modes go on. */
  barProofs(releaseId: string, problem: string): void {
    const zk = this.get(releaseId)?.zk;
    if (zk === undefined || zk.problem === problem) return;
    zk.status = "refused";
    zk.problem = problem;
    this.#logger.error({ release: releaseId, problem }, "release is no longer proved");
    this.#onReady();
  }

  /** Learns the ids, which the log watcher needs before it begins. Throws when the chain cannot be asked. */
  async resolve(): Promise<void> {
    for (const model of this.#releases) {
      if (model.id !== undefined) continue;
      try {
        model.id = await this.#catalog.idOf(model.config.release);
      } catch (error) {
        if (!(error instanceof NetworkError) || error.code !== "release-unknown") throw error;
        this.#logger.error({ release: model.config.release }, "release is not in the hub");
        model.problem = error.code;
      }
    }
  }

  /** Loads all of them, and goes on trying those whose failure may pass. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#releases.map((model) => this.#keepLoaded(model, signal)));
  }

  async #keepLoaded(model: OfferedRelease, signal: AbortSignal): Promise<void> {
    await this.#untilDone(() => this.#load(model, signal), signal);
    const { zk } = model;
    if (zk !== undefined && model.status === "ready")
      await this.#untilDone(() => this.#loadProofs(model, zk, signal), signal);
  }

  async #untilDone(isDone: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    let pauseMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      if (await isDone()) return;
      await this.#clock.sleep(pauseMs, signal).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS);
    }
  }

  /** True when there is nothing left to try. */
  async #load(model: OfferedRelease, signal: AbortSignal): Promise<boolean> {
    try {
      model.id ??= await this.#catalog.idOf(model.config.release);
      const bar = this.#bars.problemOf(model.id);
      if (bar !== undefined) {
        this.bar(model.id, bar);
        return true;
      }
      model.release ??= await this.#catalog.load(model.id);
      const checkExact = model.config.checkExact ?? true;
      await this.#engine.prepare(model.release, signal, { checkExact });
      if (model.release.isExact && !checkExact) {
        this.#logger.warn(
          { release: model.id },
          "results of an exact release are signed unchecked: a fault of the runtime can be proved, and costs the stake",
        );
      }
      model.status = "ready";
      delete model.problem;
      this.#logger.info({ release: model.id, version: model.release.version }, "release ready");
      this.#onReady();
      return true;
    } catch (error) {
      if (signal.aborted) return true;
      const isFinal = error instanceof NetworkError && !error.retryable;
      model.status = isFinal ? "failed" : "loading";
      model.problem = error instanceof NetworkError ? error.code : "unexpected";
      this.#logger.error({ err: error, release: model.config.release, isFinal }, "release cannot be served");
      this.#onReady();
      return isFinal;
    }
  }

  /** True when there is nothing left to try. Refused is what somebody has to put right, however soon it is tried again. */
  async #loadProofs(model: OfferedRelease, zk: ProofStanding, signal: AbortSignal): Promise<boolean> {
    try {
      if (model.release === undefined) return true;
      await this.#prepareProofs(model.release, model.config, signal);
      zk.status = "ready";
      delete zk.problem;
      this.#logger.info({ release: model.id }, "release ready in mode ZK");
      this.#onReady();
      return true;
    } catch (error) {
      if (signal.aborted) return true;
      const isFinal = error instanceof NetworkError && !error.retryable;
      const isOnItsWay = error instanceof ProofError && error.code === "proof-key-not-admitted";
      const isRefused = isFinal || (error instanceof ProofError && !isOnItsWay);
      zk.status = isRefused ? "refused" : "loading";
      zk.problem = error instanceof NetworkError ? error.code : "unexpected";
      if (isOnItsWay) this.#logger.info({ release: model.id }, "key of proofs is to be admitted");
      else this.#logger.error({ err: error, release: model.id, isFinal }, "release cannot be proved");
      return isFinal;
    }
  }
}

async function provesNothing({ id }: PublishedRelease): Promise<void> {
  throw new ProofError("proof-not-exact", { reason: `release ${id}: this node proves nothing` });
}

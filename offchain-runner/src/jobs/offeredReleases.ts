import { NetworkError } from "@opg-network/sdk/errors";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { ServedRelease } from "../config.ts";
import type { PublishedRelease, ReleaseCatalog } from "../hub/releaseCatalog.ts";
import type { Bars } from "./barredReleases.ts";
import type { InferenceEngine } from "./inferenceEngine.ts";

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
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onReady: () => void;

  constructor(
    served: readonly ServedRelease[],
    dependencies: {
      bars: Bars;
      catalog: ReleaseCatalog;
      engine: InferenceEngine;
      clock: Clock;
      logger: Logger;
    },
    onReady: () => void,
  ) {
    this.#releases = served.map((config) => ({ config, status: "loading", runMs: config.expectedRunMs }));
    this.#bars = dependencies.bars;
    this.#catalog = dependencies.catalog;
    this.#engine = dependencies.engine;
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

  isExact(releaseId: string): boolean {
    return this.get(releaseId)?.release?.isExact ?? false;
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
    let pauseMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      if (await this.#load(model, signal)) return;
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
}

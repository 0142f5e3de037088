import type { Clock } from "../clock.ts";
import { InferenceError } from "./inferenceError.ts";

export interface HealthOptions {
  /** How long a model that the runtime refused is refused without asking again. */
  readonly loadFailureMs: number;
  /** A model that ends this many processes within the window rests for as long as the window. */
  readonly maxCrashes: number;
  readonly crashWindowMs: number;
}

interface Record {
  loadFailure: { readonly untilMs: number; readonly detail: string } | undefined;
  crashesAtMs: number[];
  restsUntilMs: number;
}

/** What is remembered against models, so that a bad one costs the node a few processes and not all of its time. */
export class ModelHealth {
  readonly #options: HealthOptions;
  readonly #clock: Clock;
  readonly #records = new Map<string, Record>();

  constructor(options: HealthOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** @throws InferenceError `model-load-failed` or `model-quarantined` */
  check(release: string): void {
    const record = this.#records.get(release);
    if (record === undefined) return;
    const nowMs = this.#clock.nowMs();
    if (record.restsUntilMs > nowMs) {
      const retryAfterMs = record.restsUntilMs - nowMs;
      throw new InferenceError("model-quarantined", {
        release,
        crashes: this.#options.maxCrashes,
        retryAfterMs,
      });
    }
    if (record.loadFailure !== undefined && record.loadFailure.untilMs > nowMs) {
      const { detail, untilMs } = record.loadFailure;
      throw new InferenceError("model-load-failed", { release, detail, retryAfterMs: untilMs - nowMs });
    }
    const isOld = record.crashesAtMs.every((atMs) => atMs + this.#options.crashWindowMs <= nowMs);
    if (isOld) this.#records.delete(release);
  }

  loadFailed(release: string, detail: string): void {
    const untilMs = this.#clock.nowMs() + this.#options.loadFailureMs;
    this.#record(release).loadFailure = { untilMs, detail };
  }

  crashed(release: string): void {
    const { crashWindowMs, maxCrashes } = this.#options;
    const nowMs = this.#clock.nowMs();
    const record = this.#record(release);
    record.crashesAtMs = [...record.crashesAtMs.filter((atMs) => atMs + crashWindowMs > nowMs), nowMs];
    if (record.crashesAtMs.length < maxCrashes) return;
    record.restsUntilMs = nowMs + crashWindowMs;
    record.crashesAtMs = [];
  }

  #record(release: string): Record {
    const known = this.#records.get(release);
    if (known !== undefined) return known;
    const fresh = { loadFailure: undefined, crashesAtMs: [], restsUntilMs: 0 };
    this.#records.set(release, fresh);
    return fresh;
  }
}

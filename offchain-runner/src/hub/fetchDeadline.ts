import type { Clock } from "../clock.ts";
import { ArtifactError } from "./artifactError.ts";

export interface FetchTimeouts {
  /** From the first lookup to the last byte. */
  readonly totalMs: number;
  /** Between two arrivals of bytes. */
  readonly stallMs: number;
}

/** The end of patience with one fetch: aborts its signal with a typed error when time is up. */
export class FetchDeadline {
  readonly signal: AbortSignal;
  readonly #clock: Clock;
  readonly #expired = new AbortController();
  readonly #done = new AbortController();
  #progressAtMs: number;

  constructor(clock: Clock, timeouts: FetchTimeouts, signal: AbortSignal) {
    this.#clock = clock;
    this.#progressAtMs = clock.nowMs();
    this.signal = AbortSignal.any([signal, this.#expired.signal]);
    void this.#watchTotal(timeouts.totalMs).catch(ignoreDone);
    void this.#watchStall(timeouts.stallMs).catch(ignoreDone);
  }

  /** Call when bytes have arrived. */
  progressed(): void {
    this.#progressAtMs = this.#clock.nowMs();
  }

  close(): void {
    this.#done.abort();
  }

  async #watchTotal(totalMs: number): Promise<void> {
    await this.#clock.sleep(totalMs, this.#done.signal);
    this.#expired.abort(new ArtifactError("artifact-timeout", { phase: "total", limitMs: totalMs }));
  }

  async #watchStall(stallMs: number): Promise<void> {
    for (;;) {
      const idleMs = this.#clock.nowMs() - this.#progressAtMs;
      if (idleMs >= stallMs) break;
      await this.#clock.sleep(stallMs - idleMs, this.#done.signal);
    }
    this.#expired.abort(new ArtifactError("artifact-timeout", { phase: "stalled", limitMs: stallMs }));
  }
}

/** The watches end by being aborted. */
function ignoreDone(): void {}

import type { Clock } from "../../../offchain-runner/src/clock.ts";
import { systemClock } from "../../../offchain-runner/src/clock.ts";

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Time that moves when a test says so. */
export class FakeClock implements Clock {
  #nowMs = 1_000_000;
  readonly #sleepers = new Set<Sleeper>();

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const abort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      };
      const wake = () => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
      const sleeper = { atMs: this.#nowMs + ms, wake };
      signal.addEventListener("abort", abort, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const sleeper of this.#sleepers) {
      if (sleeper.atMs > this.#nowMs) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }

  get sleeping(): number {
    return this.#sleepers.size;
  }
}

/** Real waiting, for real processes, on a date that a test can move. */
export class ShiftedClock implements Clock {
  #shiftMs = 0;
  readonly sleep = systemClock.sleep;

  nowMs(): number {
    return systemClock.nowMs() + this.#shiftMs;
  }

  advance(ms: number): void {
    this.#shiftMs += ms;
  }
}

/** Looks until it is so. */
export async function until(condition: () => boolean, limitMs = 20_000): Promise<void> {
  const endMs = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error("it never became so");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

import type { Clock } from "./clock.ts";

/** Wakes a loop that waits. A ring while nobody waits is kept for the next wait. */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring or after `maxMs`, or when the signal is aborted. */
  async wait(maxMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      const rung = new AbortController();
      this.#wake = () => rung.abort();
      await clock.sleep(maxMs, AbortSignal.any([signal, rung.signal])).catch(() => undefined);
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}

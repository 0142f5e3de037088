import type { Clock } from "../../../../offchain-runner/src/clock.ts";

/** A clock on which nobody waits: a sleep moves the time and tells whoever listens. */
export class SteppedClock implements Clock {
  #nowMs: number;
  readonly #listeners: ((nowMs: number) => void | Promise<void>)[] = [];

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  onSleep(listener: (nowMs: number) => void | Promise<void>): void {
    this.#listeners.push(listener);
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.advance(ms);
    for (const listener of this.#listeners) await listener(this.#nowMs);
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }
}

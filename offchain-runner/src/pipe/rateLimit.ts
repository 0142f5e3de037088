import type { Clock } from "../clock.ts";
import { PipeError } from "./pipeError.ts";

const MINUTE_MS = 60_000;
const MAX_KNOWN = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** So many calls a minute for each name, saved up for at most a minute. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws PipeError `rate-limit` */
  take(name: string, perMinute: number): void {
    const nowMs = this.#clock.nowMs();
    const known = this.#buckets.get(name) ?? { tokens: perMinute, atMs: nowMs };
    const tokens = Math.min(perMinute, known.tokens + ((nowMs - known.atMs) / MINUTE_MS) * perMinute);
    if (tokens < 1) {
      const retryAfterMs = Math.ceil(((1 - tokens) / perMinute) * MINUTE_MS);
      throw new PipeError("rate-limit", { perMinute, retryAfterMs });
    }
    this.#buckets.delete(name);
    this.#buckets.set(name, { tokens: tokens - 1, atMs: nowMs });
    // A full bucket is as good as none: those that were not used for a minute go first.
    if (this.#buckets.size <= MAX_KNOWN) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

import { PipeError } from "./pipeError.ts";

const SHARE_OF_ONE = 1 / 4;
const SHARE_OF_CALLS = 1 / 2;
const RETRY_AFTER_MS = 1_000;

/**
 * Places of proofs that calls wait for, taken before anything is run. One caller has a quarter of them at most, and only
 * half of all calls may wait for proofs, so that nobody can take them from everybody, nor from what needs no proof.
 */
export class ProofPlaces {
  readonly #all: number;
  readonly #ofOne: number;
  readonly #calls: number;
  readonly #taken = new Map<string, number>();
  #waitingCalls = 0;

  /** @param maxCalls calls of any kind at once */
  constructor({ places, maxCalls }: { places: number; maxCalls: number }) {
    this.#all = places;
    this.#ofOne = Math.max(1, Math.floor(places * SHARE_OF_ONE));
    this.#calls = Math.max(1, Math.floor(maxCalls * SHARE_OF_CALLS));
  }

  /**
   * Takes a place for each proof of a call, all or none.
   * @returns gives them back, once
   * @throws PipeError `no-capacity`; not `retryable` where it is more than one caller can have
   */
  take(caller: string, count: number): () => void {
    const own = this.#taken.get(caller) ?? 0;
    const all = [...this.#taken.values()].reduce((sum, each) => sum + each, 0);
    const isFull = all + count > this.#all || own + count > this.#ofOne || this.#waitingCalls >= this.#calls;
    if (isFull) {
      const data = { proofs: count, waiting: all, mostOfOne: this.#ofOne };
      if (count > this.#ofOne)
        throw new PipeError("no-capacity", data, {
          problem: "too many proofs for one call",
          retryable: false,
        });
      throw new PipeError("no-capacity", { ...data, retryAfterMs: RETRY_AFTER_MS });
    }
    this.#taken.set(caller, own + count);
    this.#waitingCalls += 1;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#waitingCalls -= 1;
      const left = (this.#taken.get(caller) ?? 0) - count;
      if (left > 0) this.#taken.set(caller, left);
      else this.#taken.delete(caller);
    };
  }
}

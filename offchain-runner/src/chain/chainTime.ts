import type { Clock } from "../clock.ts";
import { NodeError } from "../nodeError.ts";
import type { BlockHeader } from "./chainReader.ts";

/** The newest block seen, and the time of the chain between blocks. Written by the log watcher alone. */
export class ChainTime {
  readonly #clock: Clock;
  #head: BlockHeader | undefined;
  #seenAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  observe(head: BlockHeader): void {
    if (this.#head?.hash !== head.hash) this.#seenAtMs = this.#clock.nowMs();
    this.#head = head;
  }

  get isKnown(): boolean {
    return this.#head !== undefined;
  }

  get head(): BlockHeader {
    if (this.#head === undefined) {
      throw new NodeError("rpc-unavailable", "no block has been seen yet", { retryable: true });
    }
    return this.#head;
  }

  /** Seconds of chain time now: what a block mined at this moment would be stamped with, about. */
  nowSec(): number {
    return this.head.timestamp + Math.floor((this.#clock.nowMs() - this.#seenAtMs) / 1000);
  }

  /** Milliseconds since a new block was seen. */
  ageMs(): number {
    return this.#clock.nowMs() - this.#seenAtMs;
  }
}

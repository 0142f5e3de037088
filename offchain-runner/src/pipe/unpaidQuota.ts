import { GRAIN } from "@opg-network/sdk/request";
import type { Clock } from "../clock.ts";
import type { PipeConfig } from "../config.ts";
import type { Caller } from "./caller.ts";
import { PipeError } from "./pipeError.ts";
import type { ServedKey, ServedResults, ServedTotals, Unpaid } from "./servedResults.ts";

const DAY_MS = 86_400_000;
const MEMORY_MS = 30 * DAY_MS;

/** Token wei. */
export interface PricedKey extends ServedKey {
  fee: bigint;
  /** With a proof, whose making costs the node more than an answer alone. */
  isProved?: boolean;
  /** Its proof is at hand; else it has to be made, though the caller may have had it. */
  isProofHeld?: boolean;
}

/**
 * An answer can be seen before it is paid, by simulation and by reads. So a caller may hold only so much of what it has
 * not paid: a base, and more as it pays. New callers share one quota a network address, so that making up names gains
 * nothing.
 */
export class UnpaidQuota {
  readonly #served: ServedResults;
  readonly #terms: PipeConfig["unpaid"];
  readonly #clock: Clock;

  constructor(served: ServedResults, terms: PipeConfig["unpaid"], clock: Clock) {
    this.#served = served;
    this.#terms = terms;
    this.#clock = clock;
  }

  /**
   * Books answers before they are made, all or none. What the caller holds already counts once, unless a proof is made again.
   * @returns how to take them back, when it is the node that fails
   * @throws PipeError `unpaid-quota`
   */
  charge(caller: Caller, results: readonly PricedKey[]): () => void {
    const ids = this.#served.transact(() => {
      const since = this.#since();
      const priced = results
        .map((result) => ({ ...result, grains: this.#grainsOf(result) }))
        .filter((result) => mustBeMade(result) || !this.#served.isHeld(caller.id, result, since));
      const grains = priced.reduce((sum, result) => sum + result.grains, 0);
      const paid = this.#served.paidBy(caller.id, this.#clock.nowMs() - MEMORY_MS);
      const isNewcomer = paid === 0;
      if (grains > 0) this.#requireRoom(caller, grains, paid, since);
      const recipient = { caller: caller.id, network: caller.network, isNewcomer };
      return priced.map((result) => this.#served.record(recipient, result));
    });
    return () => this.#served.forget(ids);
  }

  /** With whom a caller shares the node's time and places: whoever never paid with its whole network. */
  flowOf({ id, network, isAnonymous }: Caller): string {
    const isKnown = !isAnonymous && this.#served.paidBy(id, this.#clock.nowMs() - MEMORY_MS) > 0;
    return isKnown ? id : `network:${network}`;
  }

  totals(): ServedTotals {
    return this.#served.totals(this.#since());
  }

  prune(): void {
    this.#served.prune(this.#clock.nowMs() - MEMORY_MS);
  }

  #requireRoom(caller: Caller, grains: number, paid: number, since: number): void {
    const { base, growth, most, newcomers, anonymous } = this.#terms;
    const own = this.#served.unpaidBy(caller.id, since);
    if (caller.isAnonymous) {
      this.#requireBelow(own, grains, toGrains(anonymous), "anonymous");
      return;
    }
    const grown = Math.min(paid * growth, toGrains(most));
    this.#requireBelow(own, grains, toGrains(base) + Math.floor(grown), "caller");
    if (paid > 0) return;
    const network = this.#served.unpaidByNewcomers(caller.network, since);
    this.#requireBelow(network, grains, toGrains(newcomers), "newcomers");
  }

  #requireBelow({ grains, oldestAtMs }: Unpaid, added: number, quota: number, of: string): void {
    if (grains + added <= quota) return;
    const nowMs = this.#clock.nowMs();
    const retryAfterMs = (oldestAtMs ?? nowMs) + this.#terms.windowSec * 1_000 - nowMs;
    throw new PipeError("unpaid-quota", {
      of,
      unpaid: toWei(grains),
      added: toWei(added),
      quota: toWei(quota),
      retryAfterMs: Math.max(1_000, retryAfterMs),
    });
  }

  #grainsOf({ fee, isProved = false }: PricedKey): number {
    const { least, leastProof } = this.#terms;
    return Math.max(toGrains(fee), toGrains(least), isProved ? toGrains(leastProof) : 0);
  }

  #since(): number {
    return this.#clock.nowMs() - this.#terms.windowSec * 1_000;
  }
}

function mustBeMade({ isProved = false, isProofHeld = false }: PricedKey): boolean {
  return isProved && !isProofHeld;
}

function toGrains(wei: bigint): number {
  return Number(wei / GRAIN);
}

function toWei(grains: number): string {
  return (BigInt(grains) * GRAIN).toString();
}

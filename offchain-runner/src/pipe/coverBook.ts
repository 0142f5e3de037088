import type { CarriedResult } from "@opg-network/sdk/carriedResults";
import { type Cover, coverPrice } from "@opg-network/sdk/cover";
import { GRAIN } from "@opg-network/sdk/request";
import { ZeroAddress } from "ethers";
import type { CoverConfig } from "../config.ts";

/** Why this node does not insure something that another may. */
export type CoverRefusal = "cover-not-sold" | "cover-above-limit" | "cover-exhausted";

/** What nobody can insure. */
export type FinalCoverRefusal = "cover-invalid" | "cover-needs-exact";

export type CoverTerms =
  | { kind: "insured"; amount: bigint; price: bigint }
  | { kind: "elsewhere"; code: CoverRefusal }
  | { kind: "refused"; code: FinalCoverRefusal };

export interface CoverBookDependencies {
  /** Token wei of cover that the contract could still reserve. */
  coverable(): Promise<bigint>;
  isExact(release: string): Promise<boolean>;
  nowSec(): number;
}

interface Promised {
  payer: string;
  amount: bigint;
  validUntil: number;
}

const NOTHING: CoverTerms = { kind: "insured", amount: 0n, price: 0n };

/**
 * What this node has signed cover for and may still be held to. What was reserved is in the chain's own figure too for as
 * long as the result is valid: counted twice rather than not at all.
 */
export class CoverBook {
  readonly #config: CoverConfig | undefined;
  readonly #dependencies: CoverBookDependencies;
  /** By payer, release and input: signing the same again promises nothing more. */
  readonly #promised = new Map<string, Promised>();

  /** @param config absent where the node sells no cover */
  constructor(config: CoverConfig | undefined, dependencies: CoverBookDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
  }

  /** Whether a cover can be insured, and what it adds to the price. @param payer absent where it is not known yet */
  async termsFor(cover: Cover | undefined, release: string, payer?: string): Promise<CoverTerms> {
    if (cover === undefined) return NOTHING;
    const { amount, beneficiary } = cover;
    if (amount === 0n || amount % GRAIN !== 0n || beneficiary === ZeroAddress)
      return { kind: "refused", code: "cover-invalid" };
    const { coverable, isExact } = this.#dependencies;
    if (!(await isExact(release))) return { kind: "refused", code: "cover-needs-exact" };
    const config = this.#config;
    if (config === undefined) return { kind: "elsewhere", code: "cover-not-sold" };
    this.#forgetExpired();
    const ofPayer = payer === undefined ? 0n : this.#sum((promised) => promised.payer === payer);
    const isWithin = amount <= config.perResult && ofPayer + amount <= config.perPayer;
    if (!isWithin) return { kind: "elsewhere", code: "cover-above-limit" };
    const promised = this.#sum(() => true);
    if (promised + amount > config.total || promised + amount > (await coverable()))
      return { kind: "elsewhere", code: "cover-exhausted" };
    return { kind: "insured", amount, price: coverPrice(amount, config.rateBps) };
  }

  /** Remembers what is signed now. */
  promise(results: readonly CarriedResult[], payer: string, validUntil: number): void {
    for (const { release, inputHash, maxCover } of results)
      if (maxCover !== 0n)
        this.#promised.set(`${payer}:${release}:${inputHash}`, { payer, amount: maxCover, validUntil });
  }

  #sum(counts: (promised: Promised) => boolean): bigint {
    let sum = 0n;
    for (const promised of this.#promised.values()) if (counts(promised)) sum += promised.amount;
    return sum;
  }

  #forgetExpired(): void {
    const now = this.#dependencies.nowSec();
    for (const [key, { validUntil }] of this.#promised) if (validUntil < now) this.#promised.delete(key);
  }
}

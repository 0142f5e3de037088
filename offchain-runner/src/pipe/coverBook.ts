import { type Cover, coverPrice } from "@opg-network/sdk/cover";
import type { InferenceResult } from "@opg-network/sdk/inferenceResult";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import { GRAIN } from "@opg-network/sdk/request";
import { ZeroAddress, ZeroHash } from "ethers";
import type { CoverConfig } from "../config.ts";
import type { CoverUse } from "../cover/coverUse.ts";
import { beside, exhaustedBy, isAboveLimits } from "../cover/coverUse.ts";
import type { PromisedCover, PromisedCovers } from "./promisedCovers.ts";

/** Why this node does not insure something that another may. */
export type CoverRefusal = "cover-not-sold" | "cover-above-limit" | "cover-exhausted";

/** What nobody can insure. */
export type FinalCoverRefusal = "cover-invalid" | "cover-needs-exact";

export type CoverTerms =
  | { kind: "insured"; amount: bigint; price: bigint }
  | { kind: "elsewhere"; code: CoverRefusal }
  | { kind: "refused"; code: FinalCoverRefusal };

/** A result that is to be signed, as far as it is known before it is run. */
export type InsuredResult = Omit<InferenceResult, "outputHash">;

export interface CoverBookDependencies {
  promised: PromisedCovers;
  /** What requests bind the node to beside. */
  requested(payer?: string): CoverUse;
  /** Token wei of cover that the contract could still reserve. */
  coverable(): Promise<bigint>;
  isExact(release: string): Promise<boolean>;
  /** Timestamp of the newest block. */
  nowSec(): number;
}

const NOTHING: CoverTerms = { kind: "insured", amount: 0n, price: 0n };

/** What this node insures in calls: its price, and never more at once than its limits and the chain leave. */
export class CoverBook {
  readonly #config: CoverConfig | undefined;
  readonly #dependencies: CoverBookDependencies;

  /** @param config absent where the node sells no cover */
  constructor(config: CoverConfig | undefined, dependencies: CoverBookDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
  }

  /** Whether a cover is one that this node insures at all, and what it adds to the price. */
  async termsFor(cover: Cover | undefined, release: string): Promise<CoverTerms> {
    if (cover === undefined) return NOTHING;
    const { amount, beneficiary } = cover;
    if (amount === 0n || amount % GRAIN !== 0n || beneficiary === ZeroAddress)
      return { kind: "refused", code: "cover-invalid" };
    if (!(await this.#dependencies.isExact(release))) return { kind: "refused", code: "cover-needs-exact" };
    const config = this.#config;
    if (config === undefined) return { kind: "elsewhere", code: "cover-not-sold" };
    if (isAboveLimits(amount, config)) return { kind: "elsewhere", code: "cover-above-limit" };
    return { kind: "insured", amount, price: coverPrice(amount, config.rateBps) };
  }

  /** What stands against insuring so much now; nothing is held. @param payer absent where it is not known yet */
  async refusalOf(amount: bigint, payer?: string): Promise<CoverRefusal | undefined> {
    if (amount === 0n) return undefined;
    const coverable = await this.#dependencies.coverable();
    return this.#refusalWithin(coverable, amount, payer);
  }

  /**
   * Until when results with a cover are valid: as long as others of the payer, while more than half of the time is left.
   * Asked again, the node then signs the same result, and promises nothing more.
   */
  validUntilFor(payer: string, latest: number): number {
    const least = latest - Math.floor((latest - this.#dependencies.nowSec()) / 2);
    const end = this.#dependencies.promised.latestEndOf(payer);
    return end !== undefined && end >= least && end <= latest ? end : latest;
  }

  openTab(payer: string): CoverTab {
    const releases: (() => void)[] = [];
    const hold = (promise: PromisedCover): void => {
      releases.push(this.#dependencies.promised.hold(promise));
    };
    return {
      take: async (result) => {
        const amount = result.maxCover;
        if (amount === 0n) return undefined;
        const coverable = await this.#dependencies.coverable();
        // From here to the end nothing else runs: who was compared is counted before the next one is.
        const promise = promiseOf(result, payer);
        const isCounted = this.#dependencies.promised.has(promise.key);
        const refusal = isCounted ? undefined : this.#refusalWithin(coverable, amount, payer);
        if (refusal === undefined) hold(promise);
        return refusal;
      },
      close: () => {
        for (const release of releases.splice(0)) release();
      },
    };
  }

  /** Signs by `sign`, and remembers what that insures as durably as it remembers what was signed. */
  signWith<T>(results: readonly InferenceResult[], payer: string, sign: () => T): T {
    const insured = results.filter(({ maxCover }) => maxCover !== 0n);
    const [first] = insured;
    if (first === undefined) return sign();
    const covers = insured.map((result) => promiseOf(result, payer));
    return this.#dependencies.promised.recordWith(covers, first.validUntil, sign);
  }

  #refusalWithin(coverable: bigint, amount: bigint, payer: string | undefined): CoverRefusal | undefined {
    if (this.#config === undefined) return "cover-not-sold";
    const { promised, requested, nowSec } = this.#dependencies;
    const use = beside(promised.use(nowSec(), payer), requested(payer));
    const ofPayer = payer === undefined ? 0n : use.ofPayer;
    const limit = exhaustedBy(amount, { ...use, ofPayer }, this.#config, coverable);
    if (limit === undefined) return undefined;
    return limit === "payer" ? "cover-above-limit" : "cover-exhausted";
  }
}

/** Covers that one call holds between the offer and the signature. */
export interface CoverTab {
  /** Holds what a result would insure, or says what stands against it. */
  take(result: InsuredResult): Promise<CoverRefusal | undefined>;
  /** Gives back what was not signed. */
  close(): void;
}

/** By the result that is signed, but for its output: the ledger allows one. Another validity or consumer is another cover. */
function promiseOf(result: InsuredResult, payer: string): PromisedCover {
  return { key: resultHash({ ...result, outputHash: ZeroHash }), payer, amount: result.maxCover };
}

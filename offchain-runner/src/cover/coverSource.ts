import type { SignedResult } from "@opg-network/sdk/evidence/evidence";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import type { Logger } from "pino";
import type { IDisputes } from "../../../types/contracts/interfaces/IDisputes.ts";
import type { ChainTime } from "../chain/chainTime.ts";
import type { Contracts } from "../chain/contracts.ts";
import { disputesInterface, operatorsInterface } from "../chain/contracts.ts";
import { SETTLE_GAS } from "../chain/gasModel.ts";
import type { PlannedTransaction, TransactionSource } from "../chain/transactionLoop.ts";
import type { SubmitOutcome } from "../chain/transactionSender.ts";
import type { Clock } from "../clock.ts";
import type { DisputeStore } from "../verifier/disputeStore.ts";
import { type CoverClaim, reservedCover } from "./coverClaims.ts";
import type { CoverState, WrongCover, WrongCoverStore } from "./wrongCoverStore.ts";

const AT_ONCE = 16;
const VALID_SEC = 3_600;
const LOOK_AGAIN_SEC = 600;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 600_000;
const UNSENDABLE_MS = 10_000;

type Step =
  | { kind: "send"; act: "claim-cover" | "pay-cover"; to: string; data: string; amount: bigint }
  | { kind: "wait"; state: CoverState; untilSec: number }
  | { kind: "end"; state: Extract<CoverState, "paid" | "lapsed"> };

export interface CoverSourceParts {
  readonly store: WrongCoverStore;
  readonly disputes: Pick<IDisputes, "isProvedWrong" | "isPunished">;
  readonly operators: Pick<Contracts["operators"], "coverOf" | "dueCoverOf" | "coverKeyOf">;
  /** Where what was only punished for a contradiction is computed after all. */
  readonly accusations: Pick<DisputeStore, "computeAfterAll">;
  /** Has the loop ask again at once. */
  readonly ring: () => void;
  readonly time: ChainTime;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface CoverSourceOptions {
  readonly disputesAddress: string;
  readonly operatorsAddress: string;
  /** Contracts that reserve covers. */
  readonly coverers: readonly string[];
  /** Token wei; smaller ones are left to their beneficiaries. */
  readonly leastCover: bigint;
}

/**
 * Claims what wrong results insured, for whomever, and has it paid when it can be. The chain alone says what is left to
 * do, so that nothing depends on who proved the result wrong, or on what this node remembers.
 */
export class CoverSource implements TransactionSource {
  readonly purpose = "cover";
  readonly #parts: CoverSourceParts;
  readonly #options: CoverSourceOptions;
  /** Every second turn is for others. */
  #isTurn = true;
  #isRecovered = false;

  constructor(parts: CoverSourceParts, options: CoverSourceOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async next(signal: AbortSignal): Promise<PlannedTransaction | undefined> {
    const { time, store, ring } = this.#parts;
    if (!time.isKnown) return undefined;
    if (!this.#isRecovered) store.releaseOrphans();
    this.#isRecovered = true;
    if (!this.#isTurn) {
      this.#isTurn = true;
      ring();
      return undefined;
    }
    for (const cover of store.due(time.nowSec(), AT_ONCE)) {
      const step = await this.#stepOf(cover, signal);
      if (step?.kind !== "send") continue;
      this.#isTurn = false;
      return this.#planned(cover, step);
    }
    return undefined;
  }

  resume(id: number): (outcome: SubmitOutcome) => void {
    const cover = this.#parts.store.awaiting(id);
    return (outcome) => {
      if (cover !== undefined) this.#conclude(cover.id, outcome);
    };
  }

  async #stepOf(cover: WrongCover, signal: AbortSignal): Promise<Step | undefined> {
    const { store, logger } = this.#parts;
    try {
      const step = await this.#plan(cover);
      if (step.kind === "wait") store.update(cover.id, { state: step.state, notBeforeSec: step.untilSec });
      if (step.kind === "end") this.#end(cover, step.state);
      return step;
    } catch (error) {
      if (signal.aborted) throw error;
      logger.warn({ err: error, claim: cover.claimKey }, "a cover cannot be looked at now");
      this.#pause(cover);
      return undefined;
    }
  }

  /** A result has one context, so one contract at the most reserved through it. */
  async #plan(cover: WrongCover): Promise<Step> {
    const { operators } = this.#parts;
    const { operatorId, signed, state } = cover;
    const hash = resultHash(signed.result);
    for (const coverer of this.#options.coverers) {
      const insured = { operatorId, coverer, result: signed.result };
      const [reserved, key] = await Promise.all([
        reservedCover(insured, { operators }),
        operators.coverKeyOf(operatorId, coverer, hash),
      ]);
      if (reserved !== undefined) return this.#claim(reserved, signed);
      const due = await operators.dueCoverOf(key);
      if (due.amount !== 0n) return this.#pay(key, due);
    }
    if (state === "claimed") return { kind: "end", state: "paid" };
    const { validUntil } = signed.result;
    // Until then it can still be used, and insure.
    return this.#parts.time.nowSec() <= validUntil
      ? { kind: "wait", state, untilSec: validUntil + 1 }
      : { kind: "end", state: "lapsed" };
  }

  async #claim(cover: CoverClaim, signed: SignedResult): Promise<Step> {
    const { disputes, time, accusations } = this.#parts;
    const { disputesAddress, leastCover } = this.#options;
    const { operatorId, coverer, result, amount, endsAt, claimKey } = cover;
    const now = time.nowSec();
    if (now >= endsAt || amount < leastCover) return { kind: "end", state: "lapsed" };
    if (await disputes.isProvedWrong(claimKey)) {
      const data = disputesInterface.encodeFunctionData("claimCover", [operatorId, coverer, result]);
      return { kind: "send", act: "claim-cover", to: disputesAddress, data, amount };
    }
    // A contradiction pays no cover: it does not say which of its outputs is wrong.
    if (await disputes.isPunished(claimKey)) accusations.computeAfterAll(claimKey, signed);
    return { kind: "wait", state: "reserved", untilSec: Math.min(now + LOOK_AGAIN_SEC, endsAt) };
  }

  #pay(key: string, { amount, payableAt }: { amount: bigint; payableAt: bigint }): Step {
    const { time } = this.#parts;
    if (time.nowSec() < Number(payableAt))
      return { kind: "wait", state: "claimed", untilSec: Number(payableAt) };
    const data = operatorsInterface.encodeFunctionData("payCover", [key]);
    return { kind: "send", act: "pay-cover", to: this.#options.operatorsAddress, data, amount };
  }

  #planned(
    { id, operatorId, claimKey: claim }: WrongCover,
    { act, to, data, amount }: Step & { kind: "send" },
  ): PlannedTransaction {
    const { store, time, logger } = this.#parts;
    const validUntil = time.nowSec() + VALID_SEC;
    return {
      plan: { purpose: "cover", to, data, gasLimit: SETTLE_GAS, validUntil },
      onRecorded: (transactionId) => store.update(id, { transactionId, state: "claimed" }),
      conclude: (outcome) => {
        this.#conclude(id, outcome);
        const facts = { act, operator: operatorId, claim, amount: amount.toString() };
        if (outcome.status === "included")
          logger.info(facts, act === "claim-cover" ? "cover claimed" : "cover paid");
      },
    };
  }

  #end(cover: WrongCover, state: Extract<CoverState, "paid" | "lapsed">): void {
    const { store, logger } = this.#parts;
    store.update(cover.id, { state });
    logger.info({ claim: cover.claimKey, operator: cover.operatorId, state }, "cover ended");
  }

  /** Whatever came of it, the next look at the chain says what is left to do. */
  #conclude(id: number, outcome: SubmitOutcome): void {
    const { store, clock } = this.#parts;
    store.update(id, { transactionId: null });
    const cover = store.get(id);
    if (cover === undefined) return;
    switch (outcome.status) {
      case "included":
        store.update(id, { attempts: 0 });
        return;
      case "rejected":
      case "reverted":
        // Somebody else was sooner, or the endpoint is behind.
        this.#pause(cover);
        return;
      case "unaffordable":
      case "fee-over-cap":
      case "budget-spent":
        store.update(id, { notBeforeMs: clock.nowMs() + UNSENDABLE_MS });
        return;
      case "superseded":
      case "expired":
      case "abandoned":
        return;
    }
  }

  #pause({ id, attempts }: WrongCover): void {
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** attempts, MAX_PAUSE_MS);
    const { store, clock } = this.#parts;
    store.update(id, { attempts: attempts + 1, notBeforeMs: clock.nowMs() + pauseMs });
  }
}

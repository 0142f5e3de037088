import type { Logger } from "pino";
import type { Bell } from "../bell.ts";
import type { Clock } from "../clock.ts";
import type { SubmitOutcome, TransactionPlan, TransactionSender } from "./transactionSender.ts";
import type { TransactionPurpose, TransactionStore } from "./transactionStore.ts";

/** A transaction worth sending, and what to do about it. */
export interface PlannedTransaction {
  plan: TransactionPlan;
  /** Runs in the database transaction that records the signed bytes. */
  onRecorded(id: number): void;
  conclude(outcome: SubmitOutcome): void;
}

/** One reason to send transactions. */
export interface TransactionSource {
  readonly purpose: TransactionPurpose;
  /** The next transaction that is worth sending now. */
  next(signal: AbortSignal): Promise<PlannedTransaction | undefined>;
  /** Takes up a transaction that an earlier process recorded. */
  resume(id: number): (outcome: SubmitOutcome) => void;
}

export type SendingProblem = "balance-low" | "gas-price-over-cap" | "coin-budget-spent";

const IDLE_MS = 1_000;
/** Every so many transactions one goes to who stands behind, so that nobody waits for ever on a busy node. */
const FAIR_TURN = 4;
/** Whoever was kept back tries again sooner than this; afterwards there is nothing more to send. */
const PRICE_PROBLEM_MS = 120_000;

/** Asks its sources in order of urgency and sends what they want, one transaction at a time. */
export class TransactionLoop {
  readonly #bell: Bell;
  readonly #sources: readonly TransactionSource[];
  readonly #sender: TransactionSender;
  readonly #store: TransactionStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onOutcome: (purpose: TransactionPurpose, outcome: SubmitOutcome) => void;
  #problem: { readonly id: SendingProblem; readonly atMs: number } | undefined;
  #sent = 0;
  /** Whom the next fair turn is offered first. */
  #fair = 0;

  constructor(
    dependencies: {
      /** Rung when there may be something to send. */
      bell: Bell;
      sources: readonly TransactionSource[];
      sender: TransactionSender;
      store: TransactionStore;
      clock: Clock;
      logger: Logger;
    },
    onOutcome: (purpose: TransactionPurpose, outcome: SubmitOutcome) => void,
  ) {
    this.#bell = dependencies.bell;
    this.#sources = dependencies.sources;
    this.#sender = dependencies.sender;
    this.#store = dependencies.store;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#onOutcome = onOutcome;
  }

  /** Why the last transaction could not be sent at all. Of prices and budgets it says nothing once nobody tries any more. */
  get problem(): SendingProblem | undefined {
    if (this.#problem === undefined) return undefined;
    const { id, atMs } = this.#problem;
    const isOld = this.#clock.nowMs() - atMs > PRICE_PROBLEM_MS;
    return isOld && id !== "balance-low" ? undefined : id;
  }

  /** @param cancel leaves a transaction in flight to the next start; `signal` only stops new ones */
  async run(signal: AbortSignal, cancel: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        // Also after a failure in the middle: nothing new is signed before what is in flight has ended.
        await this.recover(cancel);
        if (await this.step(signal, cancel)) continue;
      } catch (error) {
        if (cancel.aborted || signal.aborted) return;
        this.#logger.warn({ err: error }, "transactions cannot be sent");
      }
      await this.#bell.wait(IDLE_MS, this.#clock, signal);
    }
  }

  /** Brings what is recorded as in flight to its end. */
  async recover(signal: AbortSignal): Promise<void> {
    for (const transaction of this.#store.unfinished()) {
      const source = this.#sources.find(({ purpose }) => purpose === transaction.purpose);
      this.#logger.info(
        { purpose: transaction.purpose, nonce: transaction.nonce },
        "transaction taken up again",
      );
      const outcome = await this.#sender.follow(transaction, signal);
      source?.resume(transaction.id)(outcome);
      this.#note(transaction.purpose, outcome);
    }
  }

  /** Sends the most urgent transaction, or in a fair turn the next in the round; false when there is none. */
  async step(signal: AbortSignal, cancel: AbortSignal): Promise<boolean> {
    const isFair = this.#sent % FAIR_TURN === FAIR_TURN - 1;
    const first = isFair ? this.#fair : 0;
    for (const source of [...this.#sources.slice(first), ...this.#sources.slice(0, first)]) {
      const planned = await source.next(signal);
      if (planned === undefined) continue;
      this.#sent += 1;
      if (isFair) this.#fair = (this.#sources.indexOf(source) + 1) % this.#sources.length;
      const outcome = await this.#sender.send(planned.plan, planned.onRecorded, cancel);
      planned.conclude(outcome);
      this.#note(source.purpose, outcome);
      return true;
    }
    return false;
  }

  #note(purpose: TransactionPurpose, outcome: SubmitOutcome): void {
    this.#onOutcome(purpose, outcome);
    switch (outcome.status) {
      case "unaffordable":
        this.#problem = { id: "balance-low", atMs: this.#clock.nowMs() };
        this.#logger.error(
          { purpose, balance: outcome.balance.toString(), needed: outcome.needed.toString() },
          "signer cannot pay for gas",
        );
        return;
      case "fee-over-cap":
        this.#problem = { id: "gas-price-over-cap", atMs: this.#clock.nowMs() };
        this.#logger.warn({ purpose, baseFee: outcome.baseFee.toString() }, "gas price is over the cap");
        return;
      case "budget-spent":
        this.#problem = { id: "coin-budget-spent", atMs: this.#clock.nowMs() };
        this.#logger.warn(
          { purpose, spent: outcome.spent.toString(), cap: outcome.cap.toString() },
          "the day's coin is spent",
        );
        return;
      case "rejected":
        this.#logger.info({ purpose, revertData: outcome.revertData.slice(0, 138) }, "simulation reverts");
        return;
      case "included":
      case "reverted":
      case "superseded":
      case "expired":
      case "abandoned":
        this.#problem = undefined;
        return;
    }
  }
}

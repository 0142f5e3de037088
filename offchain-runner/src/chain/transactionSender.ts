import { dataLength } from "ethers";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { ChainTime } from "./chainTime.ts";
import type { Fees } from "./feeMarket.ts";
import { CANCEL_GAS, MAX_TRANSACTION_GAS } from "./gasModel.ts";
import type { GasPrice, GasPriceLimits } from "./gasPrices.ts";
import { firstBid, nextBid } from "./gasPrices.ts";
import type { Call, Receipt, TransactionChain } from "./transactionChain.ts";
import type {
  Attempt,
  FinalState,
  StoredTransaction,
  TransactionPurpose,
  TransactionStore,
} from "./transactionStore.ts";

export interface TransactionPlan {
  purpose: TransactionPurpose;
  to: string;
  data: string;
  gasLimit: bigint;
  /** Wei of the chain's coin that goes along; none by default. */
  value?: bigint;
  /** Chain time in seconds after which it is worth nothing. */
  validUntil: number;
}

/** How a transaction ended. The first four were never signed. */
export type SubmitOutcome =
  | { status: "rejected"; revertData: string }
  | { status: "unaffordable"; balance: bigint; needed: bigint }
  | { status: "fee-over-cap"; baseFee: bigint }
  /** With it a day would cost more than it may. */
  | { status: "budget-spent"; spent: bigint; cap: bigint }
  | { status: "included"; receipt: Receipt }
  | { status: "reverted"; receipt: Receipt }
  /** Something else used the nonce. */
  | { status: "superseded" }
  /** It came too late and was cancelled. */
  | { status: "expired"; receipt: Receipt }
  /** It came too late, and the cancellation was not mined either; the nonce is still free. */
  | { status: "abandoned" };

export interface SenderOptions {
  limits: GasPriceLimits;
  /** Wei of the chain's coin that one transaction, and all of 24 hours, may cost beside the value they carry; 0 = any. */
  maxPerTransaction: bigint;
  maxPerDay: bigint;
  pollIntervalMs: number;
  replaceAfterMs: number;
  giveUpAfterMs: number;
}

/** Since when a nonce is gone and no receipt of ours is found. */
interface Absence {
  atMs: number | undefined;
}

/** How long a receipt is looked for, once the nonce is gone. */
const RECEIPT_PATIENCE_MS = 5_000;
const DAY_MS = 86_400_000;

/** Sends one transaction at a time for one key, and follows it to its end; the transition table is in README.md. */
export class TransactionSender {
  readonly #chain: TransactionChain;
  readonly #fees: Fees;
  readonly #store: TransactionStore;
  readonly #time: ChainTime;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: SenderOptions;
  #inFlight: StoredTransaction | undefined;

  constructor(
    dependencies: {
      chain: TransactionChain;
      fees: Fees;
      store: TransactionStore;
      time: ChainTime;
      clock: Clock;
      logger: Logger;
    },
    options: SenderOptions,
  ) {
    this.#chain = dependencies.chain;
    this.#fees = dependencies.fees;
    this.#store = dependencies.store;
    this.#time = dependencies.time;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#options = options;
  }

  /** Wei paid in the last 24 hours. */
  spentToday(): bigint {
    return this.#store.spentSince(this.#clock.nowMs() - DAY_MS).wei;
  }

  /** Wei a day, by what was paid in `windowMs`; of a shorter past as if that had gone on. */
  spentPerDay(windowMs: number, leastMs: number): bigint {
    const nowMs = this.#clock.nowMs();
    const { wei, firstAtMs = nowMs } = this.#store.spentSince(nowMs - windowMs);
    const passedMs = Math.max(Math.ceil(nowMs - firstAtMs), leastMs);
    return (wei * BigInt(DAY_MS)) / BigInt(passedMs);
  }

  /** Age of the transaction in flight, for readiness. */
  get inFlightMs(): number | undefined {
    return this.#inFlight === undefined ? undefined : this.#clock.nowMs() - this.#inFlight.createdAtMs;
  }

  /**
   * Simulates, signs, records, broadcasts, and waits for the end. `onRecorded` runs in the same database transaction
   * that records the signed bytes, so after a crash either both are known or neither.
   */
  async send(
    plan: TransactionPlan,
    onRecorded: (id: number) => void,
    signal: AbortSignal,
  ): Promise<SubmitOutcome> {
    if (plan.gasLimit > MAX_TRANSACTION_GAS) return { status: "rejected", revertData: "0x" };
    const revertData = await this.#chain.simulate(plan);
    if (revertData !== undefined) return { status: "rejected", revertData };

    const { baseFee } = this.#time.head;
    const price = firstBid(baseFee, await this.#chain.suggestedTip(), this.#limitsFor(plan));
    if (price === undefined) return { status: "fee-over-cap", baseFee };
    const most = plan.gasLimit * price.maxFee + this.#besideGas(plan);
    const spent = this.spentToday();
    const { maxPerDay } = this.#options;
    if (maxPerDay > 0n && spent + most > maxPerDay) return { status: "budget-spent", spent, cap: maxPerDay };
    const [balance, nonce] = await Promise.all([this.#chain.balance(), this.#chain.nonce()]);
    const needed = most + (plan.value ?? 0n);
    if (balance < needed) return { status: "unaffordable", balance, needed };
    signal.throwIfAborted();

    const attempt = await this.#sign(plan, nonce, price, "original");
    const { to, ...rest } = plan;
    const transaction = this.#store.create(
      { value: 0n, ...rest, target: to, nonce, signer: this.#chain.sender },
      attempt,
      onRecorded,
    );
    this.#logger.debug({ purpose: plan.purpose, hash: attempt.hash, nonce }, "transaction signed");
    return this.follow(transaction, signal);
  }

  /** Follows a recorded transaction to its end, from whatever point it had come to. */
  async follow(transaction: StoredTransaction, signal: AbortSignal): Promise<SubmitOutcome> {
    if (transaction.signer !== this.#chain.sender) return this.#leave(transaction);
    this.#inFlight = transaction;
    try {
      const absence: Absence = { atMs: undefined };
      for (let round = 0; ; ++round) {
        signal.throwIfAborted();
        const seen = await this.#observe(transaction, absence);
        const outcome = seen ?? (await this.#push(transaction, round));
        if (outcome !== undefined && outcome !== "gone") {
          this.#store.setState(transaction.id, finalStateOf(outcome), costOf(outcome));
          this.#logOutcome(transaction, outcome);
          return outcome;
        }
        await this.#clock.sleep(this.#options.pollIntervalMs, signal);
      }
    } finally {
      this.#inFlight = undefined;
    }
  }

  /** Another key's nonces are none of this one's business: neither can it be followed, nor cancelled. */
  #leave(transaction: StoredTransaction): SubmitOutcome {
    const { purpose, nonce, signer } = transaction;
    this.#logger.warn({ purpose, nonce, signer }, "transaction of another key is left alone");
    this.#store.setState(transaction.id, "abandoned");
    return { status: "abandoned" };
  }

  /** What the chain knows of it. The nonce is read before the receipts, so that a gone nonce has its receipt. */
  async #observe(
    transaction: StoredTransaction,
    since: Absence,
  ): Promise<SubmitOutcome | "gone" | undefined> {
    const { epoch } = this.#chain;
    const nonce = await this.#chain.nonce();
    if (nonce <= transaction.nonce) {
      since.atMs = undefined;
      return undefined;
    }
    const attempts = this.#store.attemptsOf(transaction.id);
    for (const attempt of attempts) {
      const receipt = await this.#chain.receipt(attempt.hash);
      if (receipt !== undefined) return endOf(attempt, receipt);
    }
    if (epoch !== this.#chain.epoch) return "gone";
    for (const attempt of attempts) {
      const receipt = await this.#chain.receiptElsewhere(attempt.hash);
      if (receipt !== undefined) return endOf(attempt, receipt);
    }
    // An endpoint of many machines may know the nonce before it knows the receipt.
    since.atMs ??= this.#clock.nowMs();
    return this.#clock.nowMs() - since.atMs < RECEIPT_PATIENCE_MS ? "gone" : { status: "superseded" };
  }

  /** Brings a transaction that is not mined closer to an end. */
  async #push(transaction: StoredTransaction, round: number): Promise<SubmitOutcome | undefined> {
    const attempts = this.#store.attemptsOf(transaction.id);
    const last = attempts.at(-1) as Attempt;
    const lateMs = (this.#time.nowSec() - transaction.validUntil) * 1000;
    if (lateMs > 0 && last.kind === "original") {
      if (await this.#replace(transaction, last, "cancel")) return undefined;
    } else if (this.#hasWaited(last, this.#options.replaceAfterMs * attempts.length)) {
      if (lateMs <= this.#options.giveUpAfterMs && (await this.#replace(transaction, last, last.kind)))
        return undefined;
    }
    if (lateMs > this.#options.giveUpAfterMs) return { status: "abandoned" };
    if (round === 0 || !(await this.#chain.isKnown(last.hash))) await this.#broadcast(transaction, last);
    return undefined;
  }

  /** Also where the clock was put back since: nobody knows then for how long. */
  #hasWaited({ signedAtMs }: Attempt, ms: number): boolean {
    const waitedMs = this.#clock.nowMs() - signedAtMs;
    return waitedMs >= ms || waitedMs < 0;
  }

  /** @returns false where the caps leave no room for a bid that mempools take */
  async #replace(transaction: StoredTransaction, last: Attempt, kind: Attempt["kind"]): Promise<boolean> {
    const call: Call =
      kind === "cancel"
        ? { to: this.#chain.sender, data: "0x", gasLimit: CANCEL_GAS }
        : {
            to: transaction.target,
            data: transaction.data,
            gasLimit: transaction.gasLimit,
            value: transaction.value,
          };
    const limits = this.#limitsFor(call, kind === "cancel" ? undefined : this.#leftToday());
    const price = nextBid(last.price, this.#time.head.baseFee, limits);
    if (price === undefined) return false;
    const attempt = await this.#sign(call, transaction.nonce, price, kind);
    this.#store.addAttempt(transaction.id, attempt);
    if (kind === "cancel") this.#store.setState(transaction.id, "cancelling");
    this.#logger.info({ purpose: transaction.purpose, kind, hash: attempt.hash }, "transaction replaced");
    await this.#broadcast(transaction, attempt);
    return true;
  }

  /** The caps of a bid, lowered so far that all of the transaction stays within its own, and within what is `left`. */
  #limitsFor(call: Call, left?: bigint): GasPriceLimits {
    const { limits, maxPerTransaction } = this.#options;
    let { maxFee } = limits;
    for (const cap of [maxPerTransaction === 0n ? undefined : maxPerTransaction, left]) {
      if (cap === undefined) continue;
      const affordable = (cap - this.#besideGas(call)) / call.gasLimit;
      if (affordable < maxFee) maxFee = affordable;
    }
    return { ...limits, maxFee: maxFee > 0n ? maxFee : 0n };
  }

  /** Wei that the day may still cost; undefined = any. */
  #leftToday(): bigint | undefined {
    const { maxPerDay } = this.#options;
    return maxPerDay === 0n ? undefined : maxPerDay - this.spentToday();
  }

  #besideGas({ gasLimit, data }: Pick<Call, "gasLimit" | "data">): bigint {
    return this.#fees.besideGas(gasLimit, dataLength(data));
  }

  async #broadcast(transaction: StoredTransaction, { raw, hash }: Attempt): Promise<void> {
    if (await this.#chain.broadcast(raw)) return;
    this.#logger.debug({ purpose: transaction.purpose, hash }, "endpoint did not take the transaction");
  }

  async #sign(call: Call, nonce: number, price: GasPrice, kind: Attempt["kind"]): Promise<Attempt> {
    const { to, data, gasLimit, value } = call;
    const paying = value === undefined || value === 0n ? {} : { value };
    const signed = await this.#chain.sign({ to, data, gasLimit, ...paying }, nonce, price);
    return { ...signed, kind, price, signedAtMs: this.#clock.nowMs() };
  }

  #logOutcome({ purpose, nonce }: StoredTransaction, outcome: SubmitOutcome): void {
    const facts = { purpose, nonce, status: outcome.status };
    if (outcome.status === "included") {
      const { hash, blockNumber, gasUsed } = outcome.receipt;
      this.#logger.info(
        { ...facts, hash, block: blockNumber, gasUsed: gasUsed.toString() },
        "transaction ended",
      );
    } else this.#logger.warn(facts, "transaction ended");
  }
}

function endOf(attempt: Attempt, receipt: Receipt): SubmitOutcome {
  if (attempt.kind === "cancel") return { status: "expired", receipt };
  return { status: receipt.isSuccess ? "included" : "reverted", receipt };
}

function costOf(outcome: SubmitOutcome): bigint | undefined {
  return "receipt" in outcome ? outcome.receipt.cost : undefined;
}

function finalStateOf(outcome: SubmitOutcome): FinalState {
  switch (outcome.status) {
    case "included":
    case "reverted":
    case "superseded":
    case "expired":
    case "abandoned":
      return outcome.status;
    case "rejected":
    case "unaffordable":
    case "fee-over-cap":
    case "budget-spent":
      return "abandoned";
  }
}

import { NetworkError } from "@opg-network/sdk/errors";
import type { Logger } from "pino";
import type { ChainTime } from "../chain/chainTime.ts";
import { disputesInterface, machineInterface, operatorsInterface } from "../chain/contracts.ts";
import type { PlannedTransaction, TransactionSource } from "../chain/transactionLoop.ts";
import type { SubmitOutcome } from "../chain/transactionSender.ts";
import type { Clock } from "../clock.ts";
import type { Dispute, DisputeAct } from "./dispute.ts";
import type { DisputeEventHandler } from "./disputeEventHandler.ts";
import type { DisputePlanner } from "./disputePlanner.ts";
import type { DisputeStep } from "./disputeStep.ts";
import type { DisputePatch, DisputeStore } from "./disputeStore.ts";

const AT_ONCE = 16;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 600_000;
const UNSENDABLE_MS = 10_000;
const RACE_MS = 250;
/** Somebody else was a moment sooner: the next look at the chain says what is left to do. */
const RACES: readonly string[] = [
  "CheckpointStale",
  "ChallengeAlreadyOpen",
  "ChallengeUnknown",
  "AlreadyPunished",
  "BountyUnknown",
];

export interface DisputeSourceParts {
  readonly store: DisputeStore;
  readonly planner: DisputePlanner;
  readonly handler: DisputeEventHandler;
  /** Token wei that came to this node. */
  readonly onAward: (amount: bigint) => void;
  readonly operatorsAddress: string;
  readonly account: string;
  /** Has the loop ask again at once. */
  readonly ring: () => void;
  readonly time: ChainTime;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Everything that disputes send, step by step to the verdict and to what is due after it. */
export class DisputeSource implements TransactionSource {
  readonly purpose = "dispute";
  readonly #parts: DisputeSourceParts;
  /** Every second turn is for others: a long challenge must not keep answers from their deadlines. */
  #isTurn = true;
  #isRecovered = false;

  constructor(parts: DisputeSourceParts) {
    this.#parts = parts;
  }

  async next(signal: AbortSignal): Promise<PlannedTransaction | undefined> {
    const { time, store } = this.#parts;
    if (!time.isKnown) return undefined;
    this.#recover();
    if (!this.#isTurn) {
      this.#isTurn = true;
      this.#parts.ring();
      return undefined;
    }
    for (const dispute of store.due(time.nowSec(), AT_ONCE)) {
      const step = await this.#planOf(dispute, signal);
      if (step?.kind !== "send") continue;
      this.#isTurn = false;
      return this.#planned(dispute, step);
    }
    return undefined;
  }

  resume(id: number): (outcome: SubmitOutcome) => void {
    const dispute = this.#parts.store.awaiting(id);
    return (outcome) => {
      if (dispute !== undefined) this.#conclude(dispute.key, dispute.act, outcome);
    };
  }

  /** A crash after the end of a transaction: what it did is in the logs, or is seen when the next step is planned. */
  #recover(): void {
    if (this.#isRecovered) return;
    this.#isRecovered = true;
    const { store } = this.#parts;
    for (const { key } of store.orphaned())
      store.update(key, { transactionId: null, act: null, notBeforeMs: 0 });
  }

  async #planOf(dispute: Dispute, signal: AbortSignal): Promise<DisputeStep | undefined> {
    const { planner, logger, store } = this.#parts;
    try {
      const step = await planner.plan(dispute, signal);
      if (step.kind === "wait") this.#wait(dispute, step);
      if (step.kind === "end") this.#end(dispute, step);
      return step;
    } catch (error) {
      if (signal.aborted) throw error;
      const reason = error instanceof NetworkError ? error.code : "unexpected";
      logger.warn({ err: error, dispute: dispute.key }, "dispute cannot go on");
      store.update(dispute.key, { ...this.#pause(dispute), reason });
      return undefined;
    }
  }

  #wait(dispute: Dispute, { reason, untilSec, forMs }: DisputeStep & { kind: "wait" }): void {
    const { store, clock, logger } = this.#parts;
    if (dispute.reason !== reason) {
      const level = reason === "commitment-too-young" || reason === "bounty-not-payable" ? "info" : "warn";
      logger[level]({ dispute: dispute.key, reason }, "dispute waits");
    }
    store.update(dispute.key, {
      reason,
      ...(untilSec !== undefined && { notBeforeSec: untilSec }),
      ...(forMs !== undefined && { notBeforeMs: clock.nowMs() + forMs }),
    });
  }

  #end(dispute: Dispute, { state, reason }: DisputeStep & { kind: "end" }): void {
    const { store, logger } = this.#parts;
    store.update(dispute.key, { state, reason });
    const facts = { dispute: dispute.key, state, reason, bounty: dispute.bounty.toString() };
    if (reason === "output-right")
      logger.error(facts, "the machine gives the output that this node held to be wrong");
    else logger.info(facts, "dispute ended");
  }

  #planned(dispute: Dispute, { act, plan, patch }: DisputeStep & { kind: "send" }): PlannedTransaction {
    const { store } = this.#parts;
    return {
      plan: { ...plan, purpose: "dispute" },
      onRecorded: (transactionId) => {
        const worked = act === "continue-challenge" ? { hasWorked: true } : {};
        store.update(dispute.key, { ...patch, ...worked, act, transactionId });
      },
      conclude: (outcome) => this.#conclude(dispute.key, act, outcome),
    };
  }

  #conclude(key: string, act: DisputeAct | undefined, outcome: SubmitOutcome): void {
    const { store, handler, clock } = this.#parts;
    if (outcome.status === "included") {
      handler.apply(outcome.receipt.logs);
      this.#noteAwards(key, outcome.receipt.logs);
    }
    const dispute = store.get(key);
    if (dispute === undefined) return;
    const free = { transactionId: null, act: null };
    switch (outcome.status) {
      case "included":
        store.update(key, { ...free, attempts: 0, ...this.#afterInclusion(act) });
        return;
      case "rejected":
      case "reverted":
        this.#refused(
          dispute,
          act,
          outcome.status === "rejected" ? errorName(outcome.revertData) : "reverted",
        );
        return;
      case "unaffordable":
      case "fee-over-cap":
      case "budget-spent":
        store.update(key, { ...free, reason: outcome.status, notBeforeMs: clock.nowMs() + UNSENDABLE_MS });
        return;
      case "superseded":
      case "expired":
      case "abandoned":
        store.update(key, free);
        return;
    }
  }

  /** Wages are paid in one piece. */
  #afterInclusion(act: DisputeAct | undefined): DisputePatch {
    return act === "pay-work" ? { hasWorked: false } : {};
  }

  #refused(dispute: Dispute, act: DisputeAct | undefined, error: string): void {
    const { store, logger, clock } = this.#parts;
    const free = { transactionId: null, act: null };
    if (act === "pay-work" && error === "NoWork") {
      store.update(dispute.key, { ...free, hasWorked: false });
      return;
    }
    if (error === "OutputRight") {
      store.update(dispute.key, { ...free, state: "given-up", reason: "output-right" });
      logger.error({ dispute: dispute.key }, "the machine gives the output that this node held to be wrong");
      return;
    }
    if (RACES.includes(error)) {
      logger.info({ dispute: dispute.key, act, error }, "somebody else was sooner");
      store.update(dispute.key, { ...free, notBeforeMs: clock.nowMs() + RACE_MS });
      return;
    }
    logger.warn({ dispute: dispute.key, act, error }, "the chain refuses a step of a dispute");
    store.update(dispute.key, { ...free, ...this.#pause(dispute), reason: `refused:${error}` });
  }

  #pause({ attempts }: Dispute): DisputePatch {
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** attempts, MAX_PAUSE_MS);
    return { attempts: attempts + 1, notBeforeMs: this.#parts.clock.nowMs() + pauseMs };
  }

  /** What a slash awarded is its dispute's own; when it is collected it comes together with that of others. */
  #noteAwards(key: string, logs: Parameters<DisputeEventHandler["apply"]>[0]): void {
    const { operatorsAddress, account, store, onAward } = this.#parts;
    for (const log of logs) {
      if (log.address.toLowerCase() !== operatorsAddress.toLowerCase()) continue;
      const event = operatorsInterface.parseLog(log);
      if (event?.name === "OperatorSlashed" && event.args.bountyTo === account)
        store.notePayment(`${log.transactionHash}:award`, key, event.args.bounty);
      if (event?.name === "AwardCollected" && event.args.account === account) onAward(event.args.amount);
    }
  }
}

function errorName(revertData: string): string {
  for (const each of [disputesInterface, operatorsInterface, machineInterface]) {
    const error = each.parseError(revertData);
    if (error !== null) return error.name;
  }
  return revertData.slice(0, 10);
}

import { packRequest } from "@opg-network/sdk/request";
import type { ChainTime } from "../chain/chainTime.ts";
import { requestsInterface } from "../chain/contracts.ts";
import { REPORT_NO_SHOW_GAS } from "../chain/gasModel.ts";
import type { PlannedTransaction, TransactionSource } from "../chain/transactionLoop.ts";
import type { SubmitOutcome } from "../chain/transactionSender.ts";
import type { Job } from "./job.ts";
import type { OutcomeDependencies } from "./jobOutcome.ts";
import { concludeJobs } from "./jobOutcome.ts";

const LOOKED_AT = 64;

/** Reopens requests that another operator accepted and let lie, when this node would serve them. */
export class NoShowSource implements TransactionSource {
  readonly purpose = "report-no-show";
  readonly #dependencies: OutcomeDependencies;
  readonly #time: ChainTime;
  readonly #requestsAddress: string;
  readonly #isWorthIt: (job: Job) => boolean;

  constructor(
    dependencies: OutcomeDependencies,
    time: ChainTime,
    requestsAddress: string,
    isWorthIt: (job: Job) => boolean,
  ) {
    this.#dependencies = dependencies;
    this.#time = time;
    this.#requestsAddress = requestsAddress;
    this.#isWorthIt = isWorthIt;
  }

  async next(): Promise<PlannedTransaction | undefined> {
    const { store } = this.#dependencies;
    if (!this.#time.isKnown) return undefined;
    const { timestamp } = this.#time.head;
    const job = store
      .due(["held"], LOOKED_AT)
      .find(
        (held) =>
          held.acceptance !== undefined && held.acceptance.deadline < timestamp && this.#isWorthIt(held),
      );
    if (job?.acceptance === undefined) return undefined;
    return {
      plan: {
        purpose: "report-no-show",
        to: this.#requestsAddress,
        data: requestsInterface.encodeFunctionData("reportNoShow", [
          packRequest(job.request),
          job.acceptance,
        ]),
        gasLimit: REPORT_NO_SHOW_GAS,
        validUntil: job.request.deadline,
      },
      onRecorded: (transactionId) => store.update(job.id, { transactionId }),
      conclude: (outcome) => this.#conclude([job.id], outcome),
    };
  }

  resume(id: number): (outcome: SubmitOutcome) => void {
    const ids = this.#dependencies.store.awaiting(id).map((job) => job.id);
    return (outcome) => this.#conclude(ids, outcome);
  }

  #conclude(ids: readonly string[], outcome: SubmitOutcome): void {
    concludeJobs(this.#dependencies, ids, { sent: "held", back: "held" }, outcome);
  }
}

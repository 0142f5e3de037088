import { packRequest } from "@opg-network/sdk/request";
import { requestsInterface } from "../chain/contracts.ts";
import { ACCEPT_GAS } from "../chain/gasModel.ts";
import type { PlannedTransaction, TransactionSource } from "../chain/transactionLoop.ts";
import type { SubmitOutcome } from "../chain/transactionSender.ts";
import type { OutcomeDependencies } from "./jobOutcome.ts";
import { concludeJobs } from "./jobOutcome.ts";

/** Takes requests of slow models exclusively, before their inference begins. */
export class AcceptSource implements TransactionSource {
  readonly purpose = "accept";
  readonly #dependencies: OutcomeDependencies;
  readonly #requestsAddress: string;

  constructor(dependencies: OutcomeDependencies, requestsAddress: string) {
    this.#dependencies = dependencies;
    this.#requestsAddress = requestsAddress;
  }

  async next(): Promise<PlannedTransaction | undefined> {
    const { store } = this.#dependencies;
    const job = store.due(["accepting"], 1)[0];
    if (job === undefined) return undefined;
    return {
      plan: {
        purpose: "accept",
        to: this.#requestsAddress,
        data: requestsInterface.encodeFunctionData("accept", [packRequest(job.request)]),
        gasLimit: ACCEPT_GAS,
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

  /** One that could not be accepted is judged anew: another may have taken it, or the bond is used up. */
  #conclude(ids: readonly string[], outcome: SubmitOutcome): void {
    concludeJobs(this.#dependencies, ids, { sent: "accepting", back: "seen" }, outcome);
  }
}

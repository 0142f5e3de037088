import { packRequest } from "@opg-network/sdk/request";
import type { ChainTime } from "../chain/chainTime.ts";
import { requestsInterface } from "../chain/contracts.ts";
import { deliverGas } from "../chain/gasModel.ts";
import type { PlannedTransaction, TransactionSource } from "../chain/transactionLoop.ts";
import type { SubmitOutcome } from "../chain/transactionSender.ts";
import type { Clock } from "../clock.ts";
import { isRefusal } from "./jobOutcome.ts";
import type { JobStore } from "./jobStore.ts";
import type { RequestEventHandler } from "./requestEventHandler.ts";

const MAX_ATTEMPTS = 3;
const RETRY_MS = 60_000;
const VALID_SEC = 3_600;

/** Calls back requesters that wanted to wait for the dispute window, for the requests this node answered. */
export class DeliverySource implements TransactionSource {
  readonly purpose = "deliver";
  readonly #store: JobStore;
  readonly #handler: RequestEventHandler;
  readonly #time: ChainTime;
  readonly #clock: Clock;
  readonly #requestsAddress: string;

  constructor(
    dependencies: { store: JobStore; handler: RequestEventHandler; time: ChainTime; clock: Clock },
    requestsAddress: string,
  ) {
    this.#store = dependencies.store;
    this.#handler = dependencies.handler;
    this.#time = dependencies.time;
    this.#clock = dependencies.clock;
    this.#requestsAddress = requestsAddress;
  }

  async next(): Promise<PlannedTransaction | undefined> {
    if (!this.#time.isKnown) return undefined;
    const { timestamp } = this.#time.head;
    const job = this.#store.deliverable(timestamp, 1)[0];
    if (job?.output === undefined || job.deliverableAt === undefined) return undefined;
    const data = requestsInterface.encodeFunctionData("deliver", [
      packRequest(job.request),
      job.output,
      job.deliverableAt,
    ]);
    const gas = { callbackGas: job.request.callbackGas, outputBytes: job.output.length };
    return {
      plan: {
        purpose: "deliver",
        to: this.#requestsAddress,
        data,
        gasLimit: deliverGas(data, gas),
        validUntil: timestamp + VALID_SEC,
      },
      onRecorded: (transactionId) => this.#store.update(job.id, { transactionId }),
      conclude: (outcome) => this.#conclude(job.id, outcome),
    };
  }

  resume(id: number): (outcome: SubmitOutcome) => void {
    const ids = this.#store.awaiting(id).map((job) => job.id);
    return (outcome) => {
      for (const jobId of ids) this.#conclude(jobId, outcome);
    };
  }

  /** A callback that keeps failing is its requester's to fix; anyone can deliver it later. */
  #conclude(id: string, outcome: SubmitOutcome): void {
    if (outcome.status === "included") this.#handler.apply(outcome.receipt.logs);
    const job = this.#store.get(id);
    if (job?.deliverableAt === undefined) return;
    // Prices and nonces are no fault of the callback.
    const attempts = job.attempts + (isRefusal(outcome) ? 1 : 0);
    this.#store.update(id, {
      attempts,
      notBeforeMs: this.#clock.nowMs() + RETRY_MS,
      transactionId: null,
      ...(attempts >= MAX_ATTEMPTS && { deliverableAt: null }),
    });
  }
}

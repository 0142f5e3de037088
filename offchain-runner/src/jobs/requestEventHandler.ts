import type { Logger } from "pino";
import type { BlockHeader, ChainLog } from "../chain/chainReader.ts";
import type { LogHandler } from "../chain/logWatcher.ts";
import type { RequestEvent } from "../chain/requestEvents.ts";
import { toRequestEvent } from "../chain/requestEvents.ts";
import type { Job, JobState } from "./job.ts";
import { LIVE_STATES } from "./job.ts";
import type { JobStore } from "./jobStore.ts";

/** Who this node is on chain; the operator id is zero until the signer is registered. */
export interface OwnIdentity {
  readonly signer: string;
  readonly operatorId: number;
}

const UNACCEPTED: readonly JobState[] = ["seen", "queued", "accepting", "running", "answered", "submitting"];

/**
 * Turns what the chain says into job states. Every way to learn of an event ends here, the watcher's and a receipt's
 * alike, so each event may come twice.
 */
export class RequestEventHandler implements LogHandler {
  readonly #store: JobStore;
  readonly #contract: string;
  readonly #identity: OwnIdentity;
  readonly #isServed: (release: string) => boolean;
  readonly #onHead: (head: BlockHeader) => void;
  readonly #logger: Logger;

  constructor(
    store: JobStore,
    contract: string,
    identity: OwnIdentity,
    isServed: (release: string) => boolean,
    onHead: (head: BlockHeader) => void,
    logger: Logger,
  ) {
    this.#store = store;
    this.#contract = contract.toLowerCase();
    this.#identity = identity;
    this.#isServed = isServed;
    this.#onHead = onHead;
    this.#logger = logger;
  }

  apply(logs: readonly ChainLog[]): void {
    this.#store.transact(() => {
      for (const log of logs) {
        // A receipt also carries what consumers log, and they may imitate our events.
        if (log.address.toLowerCase() !== this.#contract) continue;
        const event = toRequestEvent(log);
        if (event !== undefined) this.#applyOne(event);
      }
    });
  }

  rollback(ancestor: number): void {
    this.#store.rollback(ancestor);
  }

  onHead(head: BlockHeader): void {
    const expired = this.#store.expire(head.timestamp, head.number);
    if (expired > 0) this.#logger.info({ expired, block: head.number }, "requests expired");
    this.#onHead(head);
  }

  #applyOne(event: RequestEvent): void {
    if (event.kind === "opened") {
      if (!this.#isServed(event.request.release)) return;
      this.#store.observe(event.id, event.request, event.input, event.blockNumber);
      this.#logger.info({ request: event.id, block: event.blockNumber }, "request seen");
      return;
    }
    const job = this.#store.get(event.id);
    if (job === undefined) return;
    switch (event.kind) {
      case "accepted":
        this.#accepted(job, event);
        return;
      case "fulfilled":
        this.#fulfilled(job, event);
        return;
      case "delivery-scheduled":
        if (job.state === "fulfilled") this.#store.update(job.id, { deliverableAt: event.deliverableAt });
        return;
      case "delivered":
        this.#store.update(job.id, { deliverableAt: null });
        return;
      case "cancelled":
        this.#ended(job, "lost", "cancelled", event.blockNumber);
        return;
      case "expired":
        this.#ended(job, "expired", "deadline-passed", event.blockNumber);
        return;
      case "reopened":
        this.#reopened(job);
        return;
    }
  }

  #accepted(job: Job, event: RequestEvent & { kind: "accepted" }): void {
    const acceptance = { signer: event.signer, deadline: event.deadline };
    const patch = { acceptance, acceptedBlock: event.blockNumber };
    const isOurs = event.signer === this.#identity.signer;
    const isMoved = isOurs
      ? this.#store.moveIf(job.id, ["accepting"], "accepted", { ...patch, attempts: 0, transactionId: null })
      : this.#store.moveIf(job.id, UNACCEPTED, "held", { ...patch, reason: "accepted-by-another" });
    if (!isMoved) this.#store.update(job.id, patch);
  }

  #fulfilled(job: Job, event: RequestEvent & { kind: "fulfilled" }): void {
    // What its answer took says nothing about its callback.
    const settled = { settledBlock: event.blockNumber, transactionId: null, attempts: 0 };
    if (event.operatorId !== this.#identity.operatorId) {
      this.#ended(job, "lost", "answered-by-another", event.blockNumber);
      return;
    }
    // From any state: a node that lost its store, or whose transaction a reorganisation brought back, learns it here.
    if (!this.#store.moveIf(job.id, LIVE_STATES, "fulfilled", { ...settled, paid: event.paid })) return;
    this.#logger.info(
      { request: job.id, paid: event.paid.toString(), block: event.blockNumber },
      "request fulfilled",
    );
  }

  #reopened(job: Job): void {
    const cleared = { acceptance: null, acceptedBlock: null, notBeforeMs: 0 };
    // What was computed before another took the request is still the answer; a second one could differ.
    const state = job.output === undefined ? "seen" : "answered";
    if (this.#store.moveIf(job.id, ["held"], state, cleared)) return;
    if (this.#store.moveIf(job.id, ["accepted"], "seen", cleared)) return;
    this.#store.update(job.id, cleared);
  }

  #ended(job: Job, state: "lost" | "expired", reason: string, settledBlock: number): void {
    if (!this.#store.moveIf(job.id, LIVE_STATES, state, { reason, settledBlock, transactionId: null }))
      return;
    this.#logger.info({ request: job.id, reason }, "request is over for this node");
  }
}

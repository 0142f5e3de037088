import { randomInt } from "node:crypto";
import type { Evidence } from "@opg-network/sdk/evidence/evidence";
import { pipeEvidence } from "@opg-network/sdk/evidence/pipeEvidence";
import {
  fulfilmentEvidence,
  type KnownRequest,
  type LoggedRequest,
  openedRequests,
  type SignedFulfilment,
  signedFulfilments,
} from "@opg-network/sdk/evidence/requestEvidence";
import type { Logger } from "pino";
import type { ChainLog } from "../chain/chainReader.ts";
import type { LogHandler } from "../chain/logWatcher.ts";
import type { EvidenceStore } from "./evidenceStore.ts";

const CHANCES = 2 ** 32;
const MAX_RECENT = 2_048;

export interface EvidenceHandlerOptions {
  requests: string;
  pipe: string | undefined;
  /** Part of all results that is computed again. */
  share: number;
  /** Results that may wait for it. */
  backlog: number;
}

/**
 * Takes every signed result out of the logs. What an endpoint shows of a chain that is no more stays: a signature is
 * evidence wherever it was seen.
 */
export class EvidenceHandler implements LogHandler {
  readonly #store: EvidenceStore;
  readonly #isOfInterest: (release: string) => boolean;
  readonly #onNew: () => void;
  readonly #logger: Logger;
  readonly #options: EvidenceHandlerOptions;
  readonly #recent = new Map<string, KnownRequest>();
  #waiting: number;
  #isFull = false;

  constructor(
    dependencies: {
      store: EvidenceStore;
      /** False for releases that are known to be approximate. */
      isOfInterest: (release: string) => boolean;
      onNew: () => void;
      logger: Logger;
    },
    options: EvidenceHandlerOptions,
  ) {
    this.#store = dependencies.store;
    this.#isOfInterest = dependencies.isOfInterest;
    this.#onNew = dependencies.onNew;
    this.#logger = dependencies.logger;
    this.#options = options;
    this.#waiting = this.#store.backlog;
  }

  apply(logs: readonly ChainLog[]): void {
    if (logs.length === 0) return;
    this.#waiting = this.#store.backlog;
    this.#store.transact(() => {
      for (const transaction of byTransaction(logs)) this.#applyTransaction(transaction);
    });
    this.#onNew();
  }

  rollback(): void {}

  onHead(): void {}

  #applyTransaction(logs: readonly ChainLog[]): void {
    const { requests, pipe } = this.#options;
    try {
      // Of approximate releases too: without each of its members no signature of a bundle can be read, and a lie would
      // hide beside the answer of a float model. A release may also become exact before it answers.
      for (const opened of openedRequests(logs, requests)) {
        this.#store.recordRequest(opened);
        this.#remember(opened);
      }
      for (const fulfilment of signedFulfilments(logs, requests)) this.#keepFulfilment(fulfilment);
      if (pipe !== undefined) for (const each of pipeEvidence(logs, pipe)) this.#keep(each);
    } catch (error) {
      // Only a lying endpoint shows such logs, and a cursor that stays would stop the node.
      this.#logger.warn(
        { err: error, transaction: logs[0]?.transactionHash },
        "logs hold no signed results where they should",
      );
    }
  }

  /** Most answers follow their requests soon. */
  #remember({ id, request }: LoggedRequest): void {
    this.#recent.set(id, { id, request, input: undefined });
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > MAX_RECENT && oldest !== undefined) this.#recent.delete(oldest);
  }

  #keepFulfilment(fulfilment: SignedFulfilment): void {
    const requestOf = (id: string) => this.#recent.get(id) ?? this.#store.requestOf(id);
    const evidence = fulfilmentEvidence(fulfilment, requestOf);
    for (const each of evidence ?? []) this.#keep(each);
    if (evidence !== undefined) return;
    const { transactionHash: transaction, signer } = fulfilment;
    this.#logger.warn({ transaction, signer }, "answers to requests from before this node began stay unread");
  }

  #keep(evidence: Evidence): void {
    if (!this.#isOfInterest(evidence.signed.result.release)) return;
    const isSampled = this.#isChosen();
    if (!this.#store.record(evidence, isSampled) || !isSampled) return;
    this.#waiting += 1;
  }

  /** When more wait than may, each newcomer has an even chance against those before it, so that no flood hides one. */
  #isChosen(): boolean {
    const { share, backlog } = this.#options;
    if (randomInt(CHANCES) >= share * CHANCES) return false;
    const isFull = this.#waiting >= backlog;
    if (isFull !== this.#isFull) {
      this.#isFull = isFull;
      if (isFull) this.#logger.error({ backlog }, "more results come than can be checked; some are left out");
    }
    if (!isFull) return true;
    if (randomInt(2) === 0) return false;
    this.#store.shedOne();
    this.#waiting -= 1;
    return true;
  }
}

function byTransaction(logs: readonly ChainLog[]): ChainLog[][] {
  const groups: ChainLog[][] = [];
  for (const log of logs) {
    const last = groups.at(-1);
    if (last?.[0]?.transactionHash === log.transactionHash) last.push(log);
    else groups.push([log]);
  }
  return groups;
}

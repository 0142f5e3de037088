import type { InferenceResult } from "@opg-network/sdk/inferenceResult";
import type { RequestState } from "@opg-network/sdk/request";
import { NO_ACCEPTANCE, packRequest, REQUEST_STATES } from "@opg-network/sdk/request";
import { hexlify, keccak256 } from "ethers";
import type { Logger } from "pino";
import type { Bell } from "../bell.ts";
import type { ChainTime } from "../chain/chainTime.ts";
import type { Contracts } from "../chain/contracts.ts";
import { requestsInterface } from "../chain/contracts.ts";
import { answerGas, fulfilGas, MAX_CALLDATA_BYTES, MAX_TRANSACTION_GAS } from "../chain/gasModel.ts";
import type { OwnAccount } from "../chain/ownAccount.ts";
import type { PlannedTransaction, TransactionSource } from "../chain/transactionLoop.ts";
import type { SubmitOutcome } from "../chain/transactionSender.ts";
import type { Clock } from "../clock.ts";
import type { ResultSigner } from "../proofs/resultSigner.ts";
import { validUntilFrom } from "../proofs/resultSigner.ts";
import { OutputConflictError } from "../proofs/submissionLedger.ts";
import { carriedProof } from "../proving/resultProver.ts";
import { gasOf, proofBytes } from "./answerGas.ts";
import type { Job } from "./job.ts";
import type { OutcomeDependencies } from "./jobOutcome.ts";
import { concludeJobs } from "./jobOutcome.ts";

/** Gas of a batch beside its answers: base, signature and calldata, with room to spare. */
const BATCH_GAS_BUDGET = (MAX_TRANSACTION_GAS * 3n) / 4n;
/** Request, offsets and lengths of one answer in calldata. */
const ANSWER_CALLDATA_BYTES = 900;
const RECHECK_MS = 2_000;
const INACTIVE_RECHECK_MS = 5_000;

export interface FulfilDependencies extends OutcomeDependencies {
  contracts: Contracts;
  signer: ResultSigner;
  account: OwnAccount;
  time: ChainTime;
  clock: Clock;
  logger: Logger;
  bell: Bell;
  /** Runs that may end in a moment. */
  activeRuns(): number;
  /** False when gas would eat more than the answer earns by now. */
  isWorthGas(job: Job): boolean;
  metrics: { recordSigned(count: number): void; recordRefused(): void };
}

export interface FulfilOptions {
  batchSize: number;
  coalesceMs: number;
  maxValiditySec: number;
  resultValiditySec: number;
  requestsAddress: string;
}

/** Turns answers into `fulfil` transactions: as many as are ready together, under one signature. */
export class FulfilSource implements TransactionSource {
  readonly purpose = "fulfil";
  readonly #dependencies: FulfilDependencies;
  readonly #options: FulfilOptions;

  constructor(dependencies: FulfilDependencies, options: FulfilOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  async next(signal: AbortSignal): Promise<PlannedTransaction | undefined> {
    const { store, time } = this.#dependencies;
    if (!time.isKnown || store.due(["answered"], 1).length === 0) return undefined;
    await this.#waitForCompany(signal);
    const standing = await this.#dependencies.account.standing();
    const candidates = await this.#stillOpen(store.due(["answered"], this.#options.batchSize));
    if (!standing.isActive) {
      for (const job of candidates) this.#postpone(job, INACTIVE_RECHECK_MS, "operator-not-active");
      return undefined;
    }
    return this.#plan(this.#signable(takeBatch(candidates)));
  }

  resume(id: number): (outcome: SubmitOutcome) => void {
    const ids = this.#dependencies.store.awaiting(id).map((job) => job.id);
    return (outcome) => this.#conclude(ids, outcome);
  }

  /** An answer goes out at once when nothing else runs; else those about to be ready may come along. */
  async #waitForCompany(signal: AbortSignal): Promise<void> {
    const { clock, bell, store, activeRuns } = this.#dependencies;
    const untilMs = clock.nowMs() + this.#options.coalesceMs;
    while (activeRuns() > 0 && !signal.aborted) {
      const leftMs = untilMs - clock.nowMs();
      if (leftMs <= 0 || store.due(["answered"], this.#options.batchSize).length >= this.#options.batchSize)
        return;
      await bell.wait(leftMs, clock, signal);
    }
  }

  /** Asks the chain again before gas is spent; what became of the others is told by their events. */
  async #stillOpen(jobs: readonly Job[]): Promise<Job[]> {
    const { requests } = this.#dependencies.contracts;
    const states = await Promise.all(
      jobs.map(({ request }) => requests.stateOf(request.requester, request.lane, request.nonce)),
    );
    return jobs.filter((job, index) => {
      const state = REQUEST_STATES[Number(states[index])] as RequestState;
      const isOurs = state === (job.acceptance === undefined ? "open" : "accepted");
      const problem = isOurs ? this.#gasProblem(job) : `request-${state}`;
      if (problem !== undefined) this.#postpone(job, RECHECK_MS, problem);
      return problem === undefined;
    });
  }

  #gasProblem(job: Job): string | undefined {
    return this.#dependencies.isWorthGas(job) ? undefined : "not-worth-gas-now";
  }

  #signable(jobs: readonly Job[]): SignedBatch | undefined {
    const { signer, time, store, logger, metrics } = this.#dependencies;
    if (jobs.length === 0) return undefined;
    const { maxValiditySec, resultValiditySec } = this.#options;
    const validUntil = validUntilFrom(time.head.timestamp, maxValiditySec, resultValiditySec);
    try {
      const signature = signer.sign(jobs.map((job) => resultOf(job, validUntil)));
      metrics.recordSigned(jobs.length);
      return { jobs, validUntil, signature };
    } catch (error) {
      if (!(error instanceof OutputConflictError)) throw error;
      const culprit = jobs.find(({ id }) => id === error.data.context) ?? jobs[0];
      metrics.recordRefused();
      logger.error({ err: error, request: culprit?.id }, "refused to sign a second output");
      if (culprit === undefined) return undefined;
      store.moveIf(culprit.id, ["answered"], "failed", { reason: error.code });
      return this.#signable(jobs.filter((job) => job !== culprit));
    }
  }

  #plan(batch: SignedBatch | undefined): PlannedTransaction | undefined {
    if (batch === undefined) return undefined;
    const { jobs, validUntil, signature } = batch;
    const items = jobs.map(({ request, acceptance, input, output, proof }) => ({
      request: packRequest(request),
      acceptance: acceptance ?? NO_ACCEPTANCE,
      output: output as Uint8Array,
      proof: proof === undefined ? "0x" : carriedProof(input, proof),
    }));
    const data = requestsInterface.encodeFunctionData("fulfil", [items, signature, validUntil]);
    const gasLimit = fulfilGas(data, jobs.map(gasOf));
    if (gasLimit > MAX_TRANSACTION_GAS) {
      // One answer alone can be too large; a batch never is.
      for (const job of jobs)
        this.#dependencies.store.moveIf(job.id, ["answered"], "failed", { reason: "too-much-gas" });
      return undefined;
    }
    const deadline = Math.max(...jobs.map(({ request }) => request.deadline));
    const ids = jobs.map(({ id }) => id);
    return {
      plan: {
        purpose: "fulfil",
        to: this.#options.requestsAddress,
        data,
        gasLimit,
        validUntil: Math.min(validUntil, deadline),
      },
      onRecorded: (transactionId) => {
        for (const id of ids)
          this.#dependencies.store.moveIf(id, ["answered"], "submitting", { transactionId });
      },
      conclude: (outcome) => this.#conclude(ids, outcome),
    };
  }

  #conclude(ids: readonly string[], outcome: SubmitOutcome): void {
    concludeJobs(this.#dependencies, ids, { sent: "submitting", back: "answered" }, outcome);
  }

  #postpone(job: Job, ms: number, reason: string): void {
    const { store, clock, logger } = this.#dependencies;
    logger.debug({ request: job.id, reason }, "answer has to wait");
    if (store.get(job.id)?.state === "answered")
      store.update(job.id, { reason, notBeforeMs: clock.nowMs() + ms });
  }
}

interface SignedBatch {
  jobs: readonly Job[];
  validUntil: number;
  signature: string;
}

/** What is signed for a job; the same bytes whenever it is signed again, but for `validUntil`. */
export function resultOf(job: Job, validUntil: number): InferenceResult {
  const { release, mode, codec, inputHash, fee } = job.request;
  const maxCover = job.request.cover?.amount ?? 0n;
  const outputHash = keccak256(hexlify(job.output as Uint8Array));
  return { context: job.id, release, mode, codec, inputHash, outputHash, fee, maxCover, validUntil };
}

/** The first jobs that fit one transaction. One that was refused before goes alone, so that it spoils no other. */
export function takeBatch(jobs: readonly Job[]): Job[] {
  const first = jobs[0];
  if (first === undefined) return [];
  if (first.attempts > 0) return [first];
  const batch: Job[] = [];
  let gas = 0n;
  let bytes = 0;
  for (const job of jobs) {
    gas += answerGas(gasOf(job));
    bytes += ANSWER_CALLDATA_BYTES + (job.output?.length ?? 0) + proofBytes(job);
    const isFull = gas > BATCH_GAS_BUDGET || bytes > MAX_CALLDATA_BYTES;
    if (batch.length > 0 && (isFull || job.attempts > 0)) break;
    batch.push(job);
  }
  return batch;
}

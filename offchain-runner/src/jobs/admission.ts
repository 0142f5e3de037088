import { coverPrice } from "@opg-network/sdk/cover";
import type { InferenceRequest } from "@opg-network/sdk/request";
import { feeAt, MODES, royaltyAt } from "@opg-network/sdk/request";
import type { CoverConfig, ServedRelease } from "../config.ts";
import type { CoverUse } from "../cover/coverUse.ts";
import { exhaustedBy, isAboveLimits } from "../cover/coverUse.ts";
import { ZK_MODE } from "./job.ts";

/** Reasons that do not go away while the request is open. */
export type DeclineReason =
  | "mode-not-served"
  | "codec-unknown"
  | "operator-not-chosen"
  | "deadline-unreachable"
  | "fee-too-low"
  | "callback-gas-too-high"
  | "cover-not-sold"
  | "cover-above-limit"
  | "input-too-large"
  | "input-invalid"
  | "artifact-digest-mismatch"
  | "model-refused";

/** Reasons that may pass. */
export type DelayReason =
  | "operator-not-registered"
  | "operator-not-active"
  | "stake-too-low"
  | "queue-full"
  | "cover-exhausted"
  | "model-not-ready"
  | "proof-not-ready"
  | "not-worth-gas-now";

export type Verdict =
  | { kind: "serve"; accept: boolean }
  | { kind: "decline"; reason: DeclineReason }
  | { kind: "later"; reason: DelayReason };

export interface OwnStanding {
  operatorId: number;
  isActive: boolean;
  /** Token wei. */
  stake: bigint;
}

/** All that the decision rests on, read at one moment. */
export interface AdmissionFacts {
  standing: OwnStanding;
  served: ServedRelease;
  /** Seconds of chain time. */
  nowSec: number;
  blockTimeSec: number;
  expectedRunMs: number;
  /** Jobs ahead of this one, of its kind. */
  queued: number;
  /** Of a request in mode ZK: how long its proof waits, and takes. */
  proof?: { waitMs: number; ms: number } | undefined;
  /** Token wei that gas for the answer costs now. */
  gasCost: bigint;
  protocolFeeBps: bigint;
  /** Free balance of the signer in the requests contract, token wei. */
  bondBudget: bigint;
  /** What the node sells cover for; absent = it sells none. */
  cover?: CoverConfig | undefined;
  /** Token wei of cover that `InferenceRequests` could still reserve. */
  coverable: bigint;
  /** What the node insures by now and the chain may not show yet; of the same requester, and in all. */
  coverUse: CoverUse;
}

export interface AdmissionLimits {
  queue: number;
  /** Requests in mode ZK that may wait. */
  proofQueue: number;
  parallelRuns: number;
  maxInputBytes: number;
  maxCallbackGas: number;
  acceptAboveRunMs: number;
  /** Part of the signer's free balance that one bond may take. */
  acceptBudgetShare: number;
}

const CODEC_TENSORS = 1;
const BPS = 10_000n;
/** Between a request that is seen and its answer on chain: the accept, its log, the answer. */
const ACCEPT_BLOCKS = 3;
const MILLION = 1_000_000;

/** Whether to serve a request, from its terms alone; the model and the input are checked after it. */
export function assess(
  request: InferenceRequest,
  inputBytes: number,
  facts: AdmissionFacts,
  limits: AdmissionLimits,
): Verdict {
  const unfit = unfitness(request, inputBytes, facts, limits);
  if (unfit !== undefined) return { kind: "decline", reason: unfit };
  const { standing } = facts;
  if (standing.operatorId === 0) return { kind: "later", reason: "operator-not-registered" };
  if (!standing.isActive) return { kind: "later", reason: "operator-not-active" };
  if (standing.stake < request.minStake) return { kind: "later", reason: "stake-too-low" };
  const insured = request.cover?.amount ?? 0n;
  if (insured > 0n && facts.cover !== undefined) {
    const limit = exhaustedBy(insured, facts.coverUse, facts.cover, facts.coverable);
    if (limit !== undefined) return { kind: "later", reason: "cover-exhausted" };
  }
  if (facts.queued >= (facts.proof === undefined ? limits.queue : limits.proofQueue))
    return { kind: "later", reason: "queue-full" };

  const minedAt = expectedMinedAt(facts, limits);
  if (minedAt > request.deadline) return { kind: "decline", reason: "deadline-unreachable" };
  // The fee only falls from here; gas may come down again.
  const price = leastFeeOf(facts.served, request.mode) + coverPrice(insured, facts.cover?.rateBps ?? 0);
  if (feeAt(request, minedAt) < price) return { kind: "decline", reason: "fee-too-low" };
  if (operatorShare(request, minedAt, facts.protocolFeeBps) < facts.gasCost) {
    return { kind: "later", reason: "not-worth-gas-now" };
  }
  return { kind: "serve", accept: worthAccepting(request, facts, limits) };
}

/** What the operator keeps of a request answered at `timestamp`, token wei. */
export function operatorShare(request: InferenceRequest, timestamp: number, protocolFeeBps: bigint): bigint {
  const fee = feeAt(request, timestamp);
  return fee - royaltyAt(request, timestamp) - (fee * protocolFeeBps) / BPS;
}

function unfitness(
  request: InferenceRequest,
  inputBytes: number,
  { served, standing, cover }: AdmissionFacts,
  limits: AdmissionLimits,
): DeclineReason | undefined {
  if (!served.modes.some((mode) => MODES[request.mode] === mode)) return "mode-not-served";
  if (request.codec !== CODEC_TENSORS) return "codec-unknown";
  const isForAnother = request.operatorId !== 0 && request.operatorId !== standing.operatorId;
  if (isForAnother && standing.operatorId !== 0) return "operator-not-chosen";
  if (inputBytes > limits.maxInputBytes) return "input-too-large";
  if (request.callbackGas > limits.maxCallbackGas) return "callback-gas-too-high";
  if (request.cover === undefined) return undefined;
  if (cover === undefined) return "cover-not-sold";
  if (isAboveLimits(request.cover.amount, cover)) return "cover-above-limit";
  return undefined;
}

/** What an operator asks for a request in a mode, token wei. */
function leastFeeOf({ minFee, zkFee }: ServedRelease, mode: number): bigint {
  return mode === ZK_MODE ? (zkFee ?? minFee) : minFee;
}

/** The earliest block that can carry the answer: after the queue, the run, its proof, and one block of waiting. */
function expectedMinedAt(facts: AdmissionFacts, limits: AdmissionLimits): number {
  const { queued, proof, expectedRunMs } = facts;
  const waves = Math.floor(queued / limits.parallelRuns) + 1;
  const ms = proof === undefined ? waves * expectedRunMs : expectedRunMs + proof.waitMs + proof.ms;
  return facts.nowSec + Math.ceil(ms / 1000) + facts.blockTimeSec;
}

/** A bond burns when the answer is late, so there is to be time for twice the work, and for what is ahead of it. */
function worthAccepting(request: InferenceRequest, facts: AdmissionFacts, limits: AdmissionLimits): boolean {
  const workMs = facts.expectedRunMs + (facts.proof?.ms ?? 0);
  const waitMs = facts.proof?.waitMs ?? Math.floor(facts.queued / limits.parallelRuns) * facts.expectedRunMs;
  const chainMs = ACCEPT_BLOCKS * facts.blockTimeSec * 1000;
  const fits = 2 * workMs + waitMs + chainMs < request.acceptPeriod * 1000;
  const most = (facts.bondBudget * BigInt(Math.round(limits.acceptBudgetShare * MILLION))) / BigInt(MILLION);
  return workMs > limits.acceptAboveRunMs && fits && request.fee <= most;
}

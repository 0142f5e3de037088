import { claimCommitment } from "@opg-network/sdk/evidence/claim";
import { keccak256, ZeroAddress } from "ethers";
import type { IDisputes } from "../../../types/contracts/interfaces/IDisputes.ts";
import type { ChainReader } from "../chain/chainReader.ts";
import type { ChainTime } from "../chain/chainTime.ts";
import type { Contracts } from "../chain/contracts.ts";
import { disputesInterface } from "../chain/contracts.ts";
import {
  COMMIT_GAS,
  computationGas,
  EQUIVOCATION_GAS,
  MAX_TRANSACTION_GAS,
  OPEN_CHALLENGE_GAS,
  SETTLE_GAS,
} from "../chain/gasModel.ts";
import { accountableFor } from "./accountable.ts";
import type { ChainGraph } from "./chainGraph.ts";
import type { Dispute } from "./dispute.ts";
import type { DisputeStep } from "./disputeStep.ts";
import type { DisputeStore } from "./disputeStore.ts";
import type { EvidenceStore } from "./evidenceStore.ts";
import type { ExactReleases } from "./exactReleases.ts";
import type { GraphRunner } from "./graphRunner.ts";
import type { Rehearsal } from "./rehearsal.ts";
import type { Settlement } from "./settlement.ts";

const CODEC_TENSORS = 1;
/** Kept between the end of a commitment's wait and the end of the evidence, for the proof itself. */
const PROOF_MARGIN_SEC = 900;
const COMMIT_VALID_SEC = 600;
const LOOK_AGAIN_SEC = 600;
const BEHIND_MS = 2_000;
/** The base fee may rise so much between planning and block; what is too much is credited back. */
const BASE_FEE_ROOM = 2n;
const MAX_GAS_ATTEMPTS = 2;
const GAS_ERRORS: readonly string[] = ["refused:GasTooLow", "refused:StepTooSmall", "refused:reverted"];

/** What of the protocol's numbers a dispute depends on. */
export interface DisputeTerms {
  readonly commitmentAgeSec: number;
  readonly commitmentLifeSec: number;
  readonly challengePeriodSec: number;
}

export interface DisputePlannerOptions extends DisputeTerms {
  readonly disputesAddress: string;
  readonly account: string;
  readonly commits: boolean;
  /** Wei of the chain's coin. */
  readonly maxBond: bigint;
}

export interface DisputePlannerParts {
  readonly disputes: IDisputes;
  readonly operators: Contracts["operators"];
  readonly reader: ChainReader;
  readonly time: ChainTime;
  readonly store: DisputeStore;
  readonly evidence: EvidenceStore;
  readonly releases: ExactReleases;
  readonly runner: GraphRunner;
  readonly rehearsal: Rehearsal;
  readonly settlement: Settlement;
  /** Whether somebody is insured by an answer, who is paid once it is computed. */
  readonly insures: (key: string) => boolean;
}

/**
 * Says what is next in a dispute. What the chain says of the claim now decides, not what this node remembers: so it
 * does not matter where a crash or a reorganisation left it.
 */
export class DisputePlanner {
  readonly #parts: DisputePlannerParts;
  readonly #options: DisputePlannerOptions;

  constructor(parts: DisputePlannerParts, options: DisputePlannerOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async plan(dispute: Dispute, signal: AbortSignal): Promise<DisputeStep> {
    const { disputes, settlement } = this.#parts;
    const isPunished = await disputes.isPunished(dispute.key);
    const isBound = isPunished && (await this.#hasBond(dispute));
    if (isPunished && !isBound)
      return (await this.#computationFor(dispute, signal)) ?? settlement.plan(dispute);
    if (!isPunished && dispute.state === "proved")
      return { kind: "wait", reason: "endpoint-behind", forMs: BEHIND_MS };
    if (dispute.kind !== "equivocation" && (isBound || !(await this.#fitsOneTransaction(dispute)))) {
      const step = await this.#challengeStep(dispute, signal);
      if (step !== undefined) return step;
    }
    if (dispute.kind === "challenge") return { kind: "end", state: "done", reason: "challenge-over" };
    return this.#accuse(dispute, signal);
  }

  /** A contradiction may punish what this node has challenged: bond and bounty still hang on the verdict. */
  async #hasBond({ key, kind }: Dispute): Promise<boolean> {
    if (kind === "equivocation") return false;
    return (await this.#parts.disputes.challengeOf(key)).opener === this.#options.account;
  }

  /** What shows to be wrong indeed what a contradiction punished, where a cover waits for that. It earns nothing. */
  async #computationFor(dispute: Dispute, signal: AbortSignal): Promise<DisputeStep | undefined> {
    const { disputes, insures, time } = this.#parts;
    const { key, kind, evidenceUntil } = dispute;
    if (kind !== "wrong-output" || !insures(key) || (await disputes.isProvedWrong(key))) return undefined;
    const isOpen = !(await this.#fitsOneTransaction(dispute));
    const continued = isOpen ? await this.#challengeStep(dispute, signal) : undefined;
    if (continued === undefined && time.nowSec() > evidenceUntil) return undefined;
    const step = continued ?? (await this.#prove(dispute, signal, "challengePunished"));
    // What is due to this node does not wait for what cannot be done now.
    return step.kind === "send" ? step : undefined;
  }

  /** What an open challenge of the claim needs, whoever opened it: it is the way to the verdict. */
  async #challengeStep(dispute: Dispute, signal: AbortSignal): Promise<DisputeStep | undefined> {
    const { disputes, time } = this.#parts;
    const challenge = await disputes.challengeOf(dispute.key);
    if (challenge.opener === ZeroAddress) return undefined;
    const periodEnd = Number(challenge.openedAt) + this.#options.challengePeriodSec;
    const endsAt = Math.min(Number(challenge.lapsesAt), periodEnd);
    if (time.nowSec() >= endsAt) {
      const isNeeded = dispute.kind !== "challenge" || challenge.opener === this.#options.account;
      if (!isNeeded) return undefined;
      return this.#send(
        "end-challenge",
        "endChallenge",
        [dispute.key],
        SETTLE_GAS,
        endsAt + LOOK_AGAIN_SEC * 144,
      );
    }
    return this.#continue(dispute, Number(challenge.pc), challenge.stateHash, endsAt, signal);
  }

  async #continue(
    dispute: Dispute,
    pc: number,
    stateHash: string,
    endsAt: number,
    signal: AbortSignal,
  ): Promise<DisputeStep> {
    const input = this.#inputOf(dispute);
    if (input === undefined) return { kind: "wait", reason: "no-input", untilSec: endsAt };
    const graph = await this.#graphOf(dispute);
    if (graph === undefined) return { kind: "end", state: "given-up", reason: "not-exact" };
    const state = await this.#stateAt(graph, input, pc, signal);
    if (keccak256(state) !== stateHash)
      return {
        kind: "wait",
        reason: "checkpoint-differs",
        untilSec: this.#parts.time.nowSec() + LOOK_AGAIN_SEC,
      };
    const data = disputesInterface.encodeFunctionData("continueChallenge", [dispute.claim, pc, state]);
    const gas = computationGas(data, graph.root.gasBound);
    // The publisher wrote the bound; one that was too low has been refused.
    const isEnough = gas < MAX_TRANSACTION_GAS && !wasRefused(dispute);
    const gasLimit = isEnough ? gas : MAX_TRANSACTION_GAS;
    const plan = { to: this.#options.disputesAddress, data, gasLimit, validUntil: endsAt };
    return { kind: "send", act: "continue-challenge", plan };
  }

  async #stateAt(graph: ChainGraph, input: Uint8Array, pc: number, signal: AbortSignal): Promise<Uint8Array> {
    if (pc === 0) return input;
    const end = await this.#parts.runner.run(graph, input, signal, pc);
    return end.kind === "state" ? end.state : input;
  }

  async #accuse(dispute: Dispute, signal: AbortSignal): Promise<DisputeStep> {
    const { operators, time } = this.#parts;
    const now = time.nowSec();
    if (now > dispute.evidenceUntil) return { kind: "end", state: "given-up", reason: "evidence-expired" };
    if ((await accountableFor(operators, dispute.signer)) === undefined)
      return { kind: "end", state: "given-up", reason: "signer-not-slashable" };
    const { operatorId } = dispute.claim;
    const [{ stake }, unbonding] = await Promise.all([
      operators.standingById(operatorId),
      operators.unbondingOf(operatorId),
    ]);
    if (stake === 0n && unbonding.amount === 0n)
      return { kind: "wait", reason: "nothing-at-stake", untilSec: now + LOOK_AGAIN_SEC };
    const leavesAt = unbonding.amount === 0n ? Number.POSITIVE_INFINITY : Number(unbonding.releaseAt);
    const endsAt = Math.min(dispute.evidenceUntil, leavesAt > now ? leavesAt : Number.POSITIVE_INFINITY);
    return (await this.#commitment(dispute, endsAt)) ?? this.#prove(dispute, signal);
  }

  /** The commitment that goes before the proof, or the wait for it; nothing when there is none or it is old enough. */
  async #commitment(dispute: Dispute, endsAt: number): Promise<DisputeStep | undefined> {
    const { time, store, reader } = this.#parts;
    const { commitmentAgeSec, commits, account } = this.#options;
    const now = time.nowSec();
    const hasTime = endsAt - now > commitmentAgeSec + PROOF_MARGIN_SEC;
    if (dispute.committedBlock === undefined) {
      const place = dispute.place ?? store.freePlace();
      if (!commits || !hasTime || place === undefined) return undefined;
      const commitment = claimCommitment(dispute.claim, account, dispute.salt);
      const until = now + COMMIT_VALID_SEC;
      const step = this.#send("commit", "commit", [place, commitment], COMMIT_GAS, until);
      return { ...step, patch: { place } };
    }
    const block = await reader.block(dispute.committedBlock);
    if (block === undefined || !hasTime) return undefined;
    const oldEnough = block.timestamp + commitmentAgeSec + 1;
    return now >= oldEnough
      ? undefined
      : { kind: "wait", reason: "commitment-too-young", untilSec: oldEnough };
  }

  async #prove(
    dispute: Dispute,
    signal: AbortSignal,
    challenge: "openChallenge" | "challengePunished" = "openChallenge",
  ): Promise<DisputeStep> {
    const { signed, other, evidenceUntil } = dispute;
    if (signed === undefined) return { kind: "end", state: "given-up", reason: "no-evidence" };
    if (dispute.kind === "equivocation")
      return this.#send("prove", "proveEquivocation", [signed, other], EQUIVOCATION_GAS, evidenceUntil);
    const input = this.#inputOf(dispute);
    const graph = await this.#graphOf(dispute);
    if (input === undefined) return { kind: "end", state: "given-up", reason: "no-input" };
    if (graph === undefined) return { kind: "end", state: "given-up", reason: "not-exact" };
    const data = disputesInterface.encodeFunctionData("proveWrongOutput", [signed, input]);
    if (!(await this.#fitsOneTransaction(dispute)))
      return this.#openChallenge(dispute, graph, input, signal, challenge);
    const gas = computationGas(data, machineGasOf(dispute, graph));
    const gasLimit = wasRefused(dispute) ? MAX_TRANSACTION_GAS : gas;
    const plan = { to: this.#options.disputesAddress, data, gasLimit, validUntil: evidenceUntil };
    return { kind: "send", act: "prove", plan };
  }

  /** The machine itself, asked beside the chain, has the last word before money is bound. */
  async #openChallenge(
    dispute: Dispute,
    graph: ChainGraph,
    input: Uint8Array,
    signal: AbortSignal,
    method: "openChallenge" | "challengePunished",
  ): Promise<DisputeStep> {
    const { disputes, time, rehearsal } = this.#parts;
    const { graphRoot } = graph;
    if (await rehearsal.isRight(graph, input, dispute.claim.outputHash, signal))
      return { kind: "end", state: "given-up", reason: "output-right" };
    const value = await disputes.bondFor(graphRoot, time.head.baseFee * BASE_FEE_ROOM);
    if (value > this.#options.maxBond)
      return { kind: "wait", reason: "bond-over-limit", untilSec: time.nowSec() + LOOK_AGAIN_SEC };
    const signed = dispute.signed;
    const step = this.#send("open-challenge", method, [signed], OPEN_CHALLENGE_GAS, dispute.evidenceUntil);
    return { ...step, plan: { ...step.plan, value } };
  }

  /** By the bound that its publisher wrote, until the chain has refused that. */
  async #fitsOneTransaction(dispute: Dispute): Promise<boolean> {
    const { signed } = dispute;
    const [input, graph] = [this.#inputOf(dispute), await this.#graphOf(dispute)];
    if (signed === undefined || input === undefined || graph === undefined) return false;
    if (wasRefused(dispute) && dispute.attempts > MAX_GAS_ATTEMPTS) return false;
    const data = disputesInterface.encodeFunctionData("proveWrongOutput", [signed, input]);
    return computationGas(data, machineGasOf(dispute, graph)) <= MAX_TRANSACTION_GAS;
  }

  #inputOf({ input, claim }: Dispute): Uint8Array | undefined {
    return input ?? this.#parts.evidence.inputOf(claim.inputHash);
  }

  async #graphOf({ claim }: Dispute): Promise<ChainGraph | undefined> {
    const terms = await this.#parts.releases.termsOf(claim.release);
    return terms === undefined ? undefined : this.#parts.releases.graphOf(terms);
  }

  #send(
    act: (DisputeStep & { kind: "send" })["act"],
    method: "commit" | "proveEquivocation" | "openChallenge" | "challengePunished" | "endChallenge",
    args: readonly unknown[],
    gas: bigint,
    validUntil: number,
  ): DisputeStep & { kind: "send" } {
    const data = disputesInterface.encodeFunctionData(method as "commit", args as never);
    const gasLimit = computationGas(data, 0n) + gas;
    return { kind: "send", act, plan: { to: this.#options.disputesAddress, data, gasLimit, validUntil } };
  }
}

/** What the machine takes at most; nothing where the codec alone is wrong. */
function machineGasOf({ claim }: Dispute, { root }: ChainGraph): bigint {
  return claim.codec === CODEC_TENSORS ? root.gasBound : 0n;
}

function wasRefused({ reason }: Dispute): boolean {
  return reason !== undefined && GAS_ERRORS.includes(reason);
}

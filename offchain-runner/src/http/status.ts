import type { EndpointHealth } from "../chain/rpcEndpoint.ts";
import type { CoverState } from "../cover/wrongCoverStore.ts";
import type { Job, JobState } from "../jobs/job.ts";
import type { Dispute, DisputeKind, DisputeState } from "../verifier/dispute.ts";

/** What `/status` answers; amounts are token wei or wei in decimal text. */
export interface NodeStatus {
  isReady: boolean;
  /** Why not; empty when ready. Codes of README.md. */
  reasons: string[];
  chain: { chainId: number; head: number; cursor: number; lagBlocks: number; headAgeMs: number };
  /** In the order of the configuration. */
  endpoints: EndpointHealth[];
  operator:
    | { operatorId: number; signer: string; isActive: boolean; stake: string; signerBalance: string }
    | undefined;
  releases: {
    reference: string;
    id: string | undefined;
    status: string;
    problem: string | undefined;
    runMs: number;
    /** Of a release that is served in mode ZK. */
    zk: { status: string; problem: string | undefined; proofMs: number | undefined } | undefined;
  }[];
  jobs: Record<JobState, number>;
  queueDepth: number;
  earnings: { source: string; release: string; matured: string; unripe: string }[];
  /** Undefined where the node answers requests only. */
  pipe?: PipeStatus | undefined;
  /** Undefined where the node serves nothing in mode ZK. */
  proofs?: ProofsStatus | undefined;
  /** Undefined where the node checks nobody. */
  verifier?: VerifierStatus | undefined;
  recentJobs: JobSummary[];
}

/** Results served to calls in the present window, and the runs that calls wait for. */
export interface PipeStatus {
  served: number;
  consumed: number;
  /** Token wei. */
  unpaid: string;
  running: number;
  waiting: number;
  freeSlots: number;
}

/** How busy the provers are. */
export interface ProofsStatus {
  provers: number;
  running: number;
  /** Requests in mode ZK whose proof has not begun. */
  requests: number;
  /** Proofs that calls wait for. */
  calls: number;
  /** What a proof takes, by release: milliseconds. */
  expectedMs: Record<string, number>;
  /** Most memory that one prover was seen to take. */
  peakMb: number;
}

/** Results computed again since the start, and disputes. Amounts are token wei. */
export interface VerifierStatus {
  share: number;
  checked: Record<string, number>;
  /** Results that wait to be computed. */
  backlog: number;
  disputes: Record<DisputeState, number>;
  /** Covers of wrong results. */
  covers: Record<CoverState, number>;
  recentDisputes: DisputeSummary[];
}

export interface DisputeSummary {
  key: string;
  kind: DisputeKind;
  state: DisputeState;
  reason: string | undefined;
  operatorId: number;
  release: string;
  steps: number;
  slashed: string;
  bounty: string;
  evidenceUntil: number;
}

export function summariseDispute(dispute: Dispute): DisputeSummary {
  const { key, kind, state, reason, claim, steps, slashed, bounty, evidenceUntil } = dispute;
  const { operatorId, release } = claim;
  return {
    ...{ key, kind, state, reason, operatorId, release, steps, evidenceUntil },
    slashed: slashed.toString(),
    bounty: bounty.toString(),
  };
}

export interface JobSummary {
  id: string;
  state: JobState;
  reason: string | undefined;
  release: string;
  fee: string;
  paid: string | undefined;
  deadline: number;
}

export function summarise(job: Job): JobSummary {
  return {
    id: job.id,
    state: job.state,
    reason: job.reason,
    release: job.request.release,
    fee: job.request.fee.toString(),
    paid: job.paid?.toString(),
    deadline: job.request.deadline,
  };
}

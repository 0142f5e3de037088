import type { Acceptance, InferenceRequest } from "@opg-network/sdk/request";
import { MODES } from "@opg-network/sdk/request";

/** The mode whose results carry a proof. */
export const ZK_MODE: number = MODES.indexOf("ZK");

/** Where a job stands; the table of README.md. */
export const JOB_STATES = [
  "seen",
  "declined",
  "held",
  "queued",
  "accepting",
  "accepted",
  "running",
  "answered",
  "submitting",
  "fulfilled",
  "lost",
  "expired",
  "failed",
  "dropped",
] as const;

export type JobState = (typeof JOB_STATES)[number];

/** Ends that the chain decides, whatever this node was doing. */
const CHAIN_ENDS = ["fulfilled", "lost", "expired"] as const;

/** Every edge but those of a reorganised chain, which `JobStore.rollback` walks. */
export const JOB_EDGES: Readonly<Record<JobState, readonly JobState[]>> = {
  seen: ["declined", "held", "queued", "accepting", ...CHAIN_ENDS],
  declined: [],
  held: ["seen", "answered", ...CHAIN_ENDS],
  queued: ["running", "held", ...CHAIN_ENDS],
  accepting: ["seen", "accepted", "held", ...CHAIN_ENDS],
  accepted: ["running", "seen", ...CHAIN_ENDS],
  running: ["queued", "accepted", "answered", "held", "failed", ...CHAIN_ENDS],
  answered: ["submitting", "held", "failed", ...CHAIN_ENDS],
  submitting: ["answered", "held", "failed", ...CHAIN_ENDS],
  fulfilled: [],
  lost: [],
  expired: [],
  failed: [],
  dropped: ["seen", "answered"],
};

/** States in which a job still wants something. */
export const LIVE_STATES: readonly JobState[] = JOB_STATES.filter((state) => JOB_EDGES[state].length > 0);

/** Why a job was declined, lost or failed; kebab-case, the same word in logs, metrics and `/status`. */
export type JobReason = string;

/** One request as this node works on it. Times without a unit are chain timestamps in seconds. */
export interface Job {
  id: string;
  state: JobState;
  reason?: JobReason;
  request: InferenceRequest;
  /** Canonical encoding by the request's codec. */
  input: Uint8Array;
  openedBlock: number;
  acceptance?: Acceptance;
  /** Canonical encoding; once there it never changes. */
  output?: Uint8Array;
  /** Of a result in mode ZK, as its verifier takes it; there with the output. */
  proof?: Uint8Array;
  settledBlock?: number;
  paid?: bigint;
  /** When the requester wants its callback, if that is later than the answer. */
  deliverableAt?: number;
  attempts: number;
  notBeforeMs: number;
  transactionId?: number;
  seenAtMs: number;
}

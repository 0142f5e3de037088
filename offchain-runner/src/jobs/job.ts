import type { Acceptance, InferenceRequest } from "@opg-network/sdk/request";

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

/** Every edge but those of a reorganised chain, which `JobStore.rollback` walks. */
export const JOB_EDGES: Readonly<Record<JobState, readonly JobState[]>> = {
  seen: ["declined", "held", "queued", "accepting", "lost", "expired"],
  declined: [],
  held: ["seen", "lost", "expired"],
  queued: ["running", "held", "lost", "expired"],
  accepting: ["seen", "accepted", "held", "lost", "expired"],
  accepted: ["running", "seen", "lost", "expired"],
  running: ["queued", "accepted", "answered", "held", "lost", "expired", "failed"],
  answered: ["submitting", "held", "lost", "expired", "failed"],
  submitting: ["answered", "fulfilled", "held", "lost", "expired", "failed"],
  fulfilled: [],
  lost: [],
  expired: [],
  failed: [],
  dropped: ["seen"],
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
  settledBlock?: number;
  paid?: bigint;
  /** When the requester wants its callback, if that is later than the answer. */
  deliverableAt?: number;
  attempts: number;
  notBeforeMs: number;
  transactionId?: number;
  seenAtMs: number;
}

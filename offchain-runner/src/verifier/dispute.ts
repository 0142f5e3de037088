import type { Claim } from "@opg-network/sdk/evidence/claim";
import type { SignedResult } from "@opg-network/sdk/evidence/evidence";

export const DISPUTE_STATES = [
  /** The lie is known here; nothing about it is on chain yet. */
  "found",
  /** Committed; the proof waits until the commitment is old enough. */
  "committed",
  /** A challenge is open and is computed step by step. */
  "computing",
  /** Punished; what is due is being collected. */
  "proved",
  "done",
  "given-up",
] as const;

export type DisputeState = (typeof DISPUTE_STATES)[number];

/** `challenge`: one that somebody else opened, about what this node has not found wrong itself. */
export type DisputeKind = "wrong-output" | "equivocation" | "challenge";

/** What a transaction of a dispute does. */
export type DisputeAct =
  | "commit"
  | "prove"
  | "open-challenge"
  | "continue-challenge"
  | "end-challenge"
  | "claim-bounty"
  | "pay-bounty"
  | "pay-work"
  | "collect-award"
  | "withdraw-coin";

/** A lie and how far its punishment has come. */
export interface Dispute {
  /** `claimKey`. */
  readonly key: string;
  readonly kind: DisputeKind;
  readonly state: DisputeState;
  /** Why it waits, or why it was given up. */
  readonly reason: string | undefined;
  readonly claim: Claim;
  readonly signer: string;
  /** Undefined for a challenge of somebody else. */
  readonly signed: SignedResult | undefined;
  /** The second result of an equivocation. */
  readonly other: SignedResult | undefined;
  readonly input: Uint8Array | undefined;
  /** Timestamp after which the evidence is none. */
  readonly evidenceUntil: number;
  readonly place: number | undefined;
  readonly salt: string;
  readonly committedBlock: number | undefined;
  readonly challengeBlock: number | undefined;
  readonly pc: number;
  readonly steps: number;
  /** This node has computed a step. */
  readonly hasWorked: boolean;
  /** Token wei. */
  readonly slashed: bigint;
  /** Token wei that came to this node for it. */
  readonly bounty: bigint;
  readonly act: DisputeAct | undefined;
  readonly transactionId: number | undefined;
  readonly attempts: number;
  readonly foundAtMs: number;
}

export const LIVE_DISPUTE_STATES: readonly DisputeState[] = ["found", "committed", "computing", "proved"];

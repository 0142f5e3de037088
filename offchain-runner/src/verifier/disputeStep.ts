import type { TransactionPlan } from "../chain/transactionSender.ts";
import type { DisputeAct, DisputeState } from "./dispute.ts";
import type { DisputePatch } from "./disputeStore.ts";

/** What is to be done about a dispute now. */
export type DisputeStep =
  | {
      readonly kind: "send";
      readonly act: DisputeAct;
      readonly plan: Omit<TransactionPlan, "purpose">;
      /** Written together with the signed transaction. */
      readonly patch?: DisputePatch;
    }
  | {
      readonly kind: "wait";
      readonly reason: string;
      /** Chain time from which to look again. */
      readonly untilSec?: number;
      readonly forMs?: number;
    }
  | {
      readonly kind: "end";
      readonly state: Extract<DisputeState, "done" | "given-up">;
      readonly reason: string | null;
    };

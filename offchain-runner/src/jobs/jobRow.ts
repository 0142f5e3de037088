import { decodeRequest } from "@opg-network/sdk/request";
import type { Job, JobState } from "./job.ts";

/** A row of the jobs table. */
export interface JobRow {
  id: string;
  state: JobState;
  reason: string | null;
  request: string;
  input: Uint8Array;
  opened_block: number;
  acceptance_signer: string | null;
  acceptance_deadline: number | null;
  output: Uint8Array | null;
  proof: Uint8Array | null;
  settled_block: number | null;
  paid: string | null;
  deliverable_at: number | null;
  attempts: number;
  not_before_ms: number;
  transaction_id: number | null;
  seen_at_ms: number;
}

export function toJob(row: JobRow): Job {
  return {
    id: row.id,
    state: row.state,
    request: decodeRequest(row.request),
    input: row.input,
    openedBlock: row.opened_block,
    attempts: row.attempts,
    notBeforeMs: row.not_before_ms,
    seenAtMs: row.seen_at_ms,
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.acceptance_signer !== null &&
      row.acceptance_deadline !== null && {
        acceptance: { signer: row.acceptance_signer, deadline: row.acceptance_deadline },
      }),
    ...(row.output !== null && { output: row.output }),
    ...(row.proof !== null && { proof: row.proof }),
    ...(row.settled_block !== null && { settledBlock: row.settled_block }),
    ...(row.paid !== null && { paid: BigInt(row.paid) }),
    ...(row.deliverable_at !== null && { deliverableAt: row.deliverable_at }),
    ...(row.transaction_id !== null && { transactionId: row.transaction_id }),
  };
}

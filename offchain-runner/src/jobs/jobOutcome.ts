import type { SubmitOutcome } from "../chain/transactionSender.ts";
import type { Clock } from "../clock.ts";
import type { JobState } from "./job.ts";
import type { JobStore } from "./jobStore.ts";
import type { RequestEventHandler } from "./requestEventHandler.ts";

const RETRY_MS = 1_000;
const UNSENDABLE_RETRY_MS = 5_000;
const MAX_ATTEMPTS = 6;

export interface OutcomeDependencies {
  store: JobStore;
  handler: RequestEventHandler;
  clock: Clock;
}

/**
 * What the end of a transaction means for the jobs it was for. Events of its receipt decide; jobs they do not mention go
 * back to `back` and are tried again, fewer times if the contract refused them.
 */
export function concludeJobs(
  { store, handler, clock }: OutcomeDependencies,
  ids: readonly string[],
  edge: { sent: JobState; back: JobState },
  outcome: SubmitOutcome,
): void {
  if (outcome.status === "included") handler.apply(outcome.receipt.logs);
  for (const id of ids) {
    const job = store.get(id);
    if (job?.state !== edge.sent && job?.state !== edge.back) continue;
    const attempts = job.attempts + (isRefusal(outcome) ? 1 : 0);
    const patch = { attempts, notBeforeMs: clock.nowMs() + pauseMs(outcome, attempts), transactionId: null };
    if (job.state === edge.back) store.update(id, patch);
    else store.move(id, edge.back, patch);
    if (attempts >= MAX_ATTEMPTS) store.moveIf(id, ["answered"], "failed", { reason: "submission-rejected" });
  }
}

/** A job that an included transaction says nothing of was skipped by the contract. */
export function isRefusal(outcome: SubmitOutcome): boolean {
  return outcome.status === "rejected" || outcome.status === "reverted" || outcome.status === "included";
}

function pauseMs(outcome: SubmitOutcome, attempts: number): number {
  switch (outcome.status) {
    case "superseded":
    case "expired":
    case "abandoned":
      return 0;
    case "included":
    case "rejected":
    case "reverted":
      return RETRY_MS * 2 ** Math.min(attempts - 1, 5);
    case "unaffordable":
    case "fee-over-cap":
    case "budget-spent":
      return UNSENDABLE_RETRY_MS;
  }
}

import type { ContractTransactionReceipt, ContractTransactionResponse } from "ethers";
import { CommandError } from "../commandError.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";
import type { Governance } from "./governanceOf.ts";
import { nextStep } from "./nextStep.ts";
import type { Proposal } from "./proposal.ts";
import { commonWindow } from "./scheduledCall.ts";
import { standingOf } from "./standing.ts";

/** What governor, timelock and AccessManager say of a proposal whose turn for this is not, or no more. */
const OUT_OF_TURN: ReadonlySet<unknown> = new Set([
  "GovernorUnexpectedProposalState",
  "GovernorUnableToCancel",
  "TimelockUnexpectedOperationState",
  "AccessManagerNotReady",
]);

/**
 * Sends, and leaves it to the chain whether it is the time: its clock alone counts. Throws `proposal-out-of-turn` with
 * what can be done instead, and when.
 */
export async function actOn(
  session: Session,
  governance: Governance,
  { id, calls }: Pick<Proposal, "id" | "calls">,
  act: string,
  transaction: () => Promise<ContractTransactionResponse>,
): Promise<ContractTransactionReceipt> {
  try {
    return await send(transaction);
  } catch (cause) {
    if (!(cause instanceof CommandError && OUT_OF_TURN.has(cause.data.error))) throw cause;
    const standing = await standingOf(governance, id);
    const next = nextStep(id, standing, await commonWindow(session, governance, calls));
    throw new CommandError("proposal-out-of-turn", { proposal: id, act, state: standing.state, next }, cause);
  }
}

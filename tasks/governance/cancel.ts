import { CommandError } from "../commandError.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { actOn } from "./actOn.ts";
import { actingGovernance } from "./governanceOf.ts";
import { proposalNamed, termsOf, titleOf } from "./proposal.ts";

export interface CancelArguments {
  proposal: string;
}

export async function cancel(args: CancelArguments, session: Session): Promise<Report> {
  const governance = await actingGovernance(session);
  const { governor } = governance;
  const proposal = await proposalNamed(governance, args.proposal);
  const { address } = await session.account();
  const { id, proposer } = proposal;
  if (address !== proposer)
    throw new CommandError("proposal-of-another", { proposal: id, proposer, account: address });
  session.say(`Cancelling: ${titleOf(proposal)}`);
  const receipt = await actOn(session, governance, proposal, "cancelled", () =>
    governor.cancel(...termsOf(proposal)),
  );
  return {
    lines: [`Cancelled (transaction ${receipt.hash}, gas ${receipt.gasUsed})`],
    value: { id, state: "canceled", transaction: receipt.hash, gas: Number(receipt.gasUsed) },
  };
}

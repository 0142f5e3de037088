import { isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf } from "../transaction.ts";
import { actOn } from "./actOn.ts";
import { actingGovernance } from "./governanceOf.ts";
import { proposalNamed, termsOf, titleOf } from "./proposal.ts";

export interface QueueArguments {
  proposal: string;
}

export async function queue(args: QueueArguments, session: Session): Promise<Report> {
  const governance = await actingGovernance(session);
  const { governor } = governance;
  const proposal = await proposalNamed(governance, args.proposal);
  session.say(`Queueing: ${titleOf(proposal)}`);
  const receipt = await actOn(session, governance, proposal, "queued", () =>
    governor.queue(...termsOf(proposal)),
  );
  const executableFrom = isoTime(eventOf(receipt, governor, "ProposalQueued").args.etaSeconds);
  return {
    lines: [`Anyone can execute it from ${executableFrom}: \`governance execute ${proposal.id}\``],
    value: {
      ...{ id: proposal.id, state: "queued", executableFrom },
      ...{ transaction: receipt.hash, gas: Number(receipt.gasUsed) },
    },
  };
}

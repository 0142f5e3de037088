import { formatOpg } from "@opg-network/sdk/opg";
import { invalid } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf } from "../transaction.ts";
import { actOn } from "./actOn.ts";
import { actingGovernance, type Governance } from "./governanceOf.ts";
import { type Proposal, proposalNamed, titleOf } from "./proposal.ts";
import { tally } from "./show.ts";
import { standingOf, standingValue } from "./standing.ts";

export interface VoteArguments {
  proposal: string;
  support: string | undefined;
  reason: string | undefined;
}

/** As `GovernorCountingSimple` numbers them. */
const SUPPORT = ["against", "for", "abstain"];

export async function vote(args: VoteArguments, session: Session): Promise<Report> {
  const expected = "for, against or abstain";
  if (args.support === undefined)
    throw new CommandError("argument-missing", { name: "--support", why: expected });
  const support = SUPPORT.indexOf(args.support);
  if (support === -1) throw invalid("--support", args.support, expected);
  const governance = await actingGovernance(session);
  const proposal = await proposalNamed(governance, args.proposal);
  const { address } = await session.account();
  await requireVotes(governance, proposal, address);

  const { governor } = governance;
  const { id } = proposal;
  session.say(`Voting ${args.support}: ${titleOf(proposal)}`);
  const receipt = await actOn(session, governance, proposal, "voted on", () =>
    args.reason === undefined
      ? governor.castVote(id, support)
      : governor.castVoteWithReason(id, support, args.reason),
  );
  const weight = formatOpg(eventOf(receipt, governor, "VoteCast").args.weight);
  const standing = await standingOf(governance, id);
  return {
    lines: [
      `${address} voted ${args.support} with ${weight} votes (gas ${receipt.gasUsed})`,
      tally(standing),
    ],
    value: {
      ...{ id, account: address, support: args.support, weight },
      ...standingValue(standing),
      ...{ transaction: receipt.hash, gas: Number(receipt.gasUsed) },
    },
  };
}

/** A vote of nothing succeeds, changes nothing, and cannot be made again. */
async function requireVotes({ governor }: Governance, { id }: Proposal, account: string): Promise<void> {
  if (await governor.hasVoted(id, account))
    throw new CommandError("vote-repeated", { account, proposal: id });
  const [snapshot, now] = await Promise.all([governor.proposalSnapshot(id), governor.clock()]);
  if (now <= snapshot || (await governor.getVotes(account, snapshot)) !== 0n) return;
  throw new CommandError("votes-missing", { account, proposal: id, delegatedBy: isoTime(snapshot) });
}

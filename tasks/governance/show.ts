import { formatOpg } from "@opg-network/sdk/opg";
import { fields, isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { type DecodedCall, decodedCall, describeCall } from "./decodedCall.ts";
import { governanceOf } from "./governanceOf.ts";
import { knownContracts } from "./knownContracts.ts";
import { nextStep } from "./nextStep.ts";
import { printable, proposalNamed, wordsOf } from "./proposal.ts";
import { commonWindow, type Window, windowOf, windowValue } from "./scheduledCall.ts";
import { type Standing, standingOf, standingValue } from "./standing.ts";

export interface ShowArguments {
  proposal: string;
}

export async function show(args: ShowArguments, session: Session): Promise<Report> {
  const governance = await governanceOf(session);
  const proposal = await proposalNamed(governance, args.proposal);
  const standing = await standingOf(governance, proposal.id);
  const contracts = knownContracts(await session.deployment());
  const calls: { call: DecodedCall; window: Window | undefined }[] = [];
  for (const call of proposal.calls) {
    // What has been executed may have been scheduled again since, for another proposal.
    const window = standing.state === "executed" ? undefined : await windowOf(session, governance, call);
    calls.push({ call: decodedCall(call, contracts), window });
  }
  const window = await commonWindow(session, governance, proposal.calls);
  const next = nextStep(proposal.id, standing, window);
  return {
    lines: [
      ...fields([
        ["proposal", proposal.id],
        ["state", standing.state],
        ["proposer", proposal.proposer],
        ["voting", `${isoTime(standing.votingBegins)} to ${isoTime(standing.votingEnds)}`],
        ["votes", tally(standing)],
        ["executable", whenExecutable(standing)],
        ["next", next],
      ]),
      "",
      ...printable(wordsOf(proposal)).split("\n"),
      "",
      ...calls.flatMap(({ call, window }, i) => [
        `${i + 1}. ${describeCall(call, contracts)}`,
        ...(window === undefined ? [] : [`   ${timeOf(window)}`]),
      ]),
    ],
    value: {
      ...{ id: proposal.id, proposer: proposal.proposer, description: proposal.description },
      ...standingValue(standing),
      next,
      calls: calls.map(({ call, window }) => ({
        ...call,
        scheduled: window === undefined ? null : windowValue(window),
      })),
      ...{ block: proposal.block, transaction: proposal.transaction },
    },
  };
}

export function tally({ votes, quorum, isQuorumReached }: Standing): string {
  return (
    `${formatOpg(votes.for)} for, ${formatOpg(votes.against)} against, ${formatOpg(votes.abstain)} abstain; ` +
    `the quorum of ${formatOpg(quorum)} (for and abstain) is ${isQuorumReached ? "" : "not "}reached`
  );
}

function whenExecutable({ state, executableFrom }: Standing): string | undefined {
  if (executableFrom === undefined) return undefined;
  return state === "queued"
    ? `from ${isoTime(executableFrom)}`
    : `${isoTime(executableFrom)} at the earliest`;
}

function timeOf({ readyAt, expiresAt }: Window): string {
  return `scheduled in the AccessManager: possible from ${isoTime(readyAt)}, until ${isoTime(expiresAt)}`;
}

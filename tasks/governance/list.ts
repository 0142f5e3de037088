import { formatOpg } from "@opg-network/sdk/opg";
import { isoTime, type Report, table } from "../report.ts";
import type { Session } from "../session.ts";
import { decodedCall, describeCall } from "./decodedCall.ts";
import { governanceOf } from "./governanceOf.ts";
import { type KnownContract, knownContracts } from "./knownContracts.ts";
import { type Proposal, proposals, titleOf } from "./proposal.ts";
import { waitingCalls, windowValue } from "./scheduledCall.ts";
import { type Standing, standingOf, standingValue } from "./standing.ts";

const DIGITS_SHOWN = 10;
const HEADING = [
  "proposal",
  "state",
  "voting begins",
  "voting ends",
  "executable from",
  "for",
  "against",
  "abstain",
  "quorum",
  "proposer",
  "description",
];

export async function list(_args: object, session: Session): Promise<Report> {
  const governance = await governanceOf(session);
  const contracts = knownContracts(await session.deployment());
  const found: { proposal: Proposal; standing: Standing }[] = [];
  for (const proposal of await proposals(governance))
    found.push({ proposal, standing: await standingOf(governance, proposal.id) });
  const waiting = await waitingCalls(session, governance);
  return {
    lines: [
      ...(found.length === 0 ? ["Nothing was ever proposed here"] : table(HEADING, found.map(row))),
      ...waitingLines(waiting, contracts),
    ],
    value: {
      proposals: found.map(({ proposal, standing }) => ({
        id: proposal.id,
        title: titleOf(proposal),
        proposer: proposal.proposer,
        ...standingValue(standing),
        block: proposal.block,
        transaction: proposal.transaction,
      })),
      scheduled: waiting.map(({ call, window }) => ({
        ...decodedCall(call, contracts),
        ...windowValue(window),
      })),
    },
  };
}

function row({ proposal, standing }: { proposal: Proposal; standing: Standing }): string[] {
  const { state, votingBegins, votingEnds, executableFrom, votes, quorum } = standing;
  const { id } = proposal;
  return [
    id.length > DIGITS_SHOWN ? `${id.slice(0, DIGITS_SHOWN)}…` : id,
    state,
    isoTime(votingBegins),
    isoTime(votingEnds),
    executableFrom === undefined ? "" : isoTime(executableFrom),
    formatOpg(votes.for),
    formatOpg(votes.against),
    formatOpg(votes.abstain),
    formatOpg(quorum),
    proposal.proposer,
    titleOf(proposal),
  ];
}

function waitingLines(
  waiting: Awaited<ReturnType<typeof waitingCalls>>,
  contracts: readonly KnownContract[],
): string[] {
  if (waiting.length === 0) return [];
  return [
    "",
    "Scheduled in the AccessManager, to be proposed so that they are executed in time:",
    ...table(
      ["from", "until", "call"],
      waiting.map(({ call, window }) => [
        isoTime(window.readyAt),
        isoTime(window.expiresAt),
        describeCall(decodedCall(call, contracts), contracts),
      ]),
    ),
  ];
}

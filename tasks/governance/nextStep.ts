import { formatOpg } from "@opg-network/sdk/opg";
import { isoTime } from "../report.ts";
import type { Standing } from "./standing.ts";

/** What must happen to a proposal next, and by when. */
export function nextStep(id: string, standing: Standing): string {
  const { state, votingBegins, votingEnds, executableFrom, votes, quorum, isQuorumReached } = standing;
  switch (state) {
    case "pending":
      return (
        `voting begins ${isoTime(votingBegins)}, with the votes that are delegated by then; until then its proposer can take it back ` +
        `(\`governance cancel ${id}\`)`
      );
    case "active":
      return (
        `\`governance vote ${id} --support for|against|abstain\` until ${isoTime(votingEnds)}` +
        (isQuorumReached
          ? ""
          : `; ${formatOpg(quorum - votes.for - votes.abstain)} votes are missing to the quorum`)
      );
    case "succeeded":
      return `anyone: \`governance queue ${id}\`, at any time; the timelock's delay begins then`;
    case "queued":
      return `anyone: \`governance execute ${id}\`, from ${isoTime(executableFrom ?? 0)} on, without a last day`;
    case "defeated":
      return `nothing: ${isQuorumReached ? "no more votes for it than against it" : "the quorum was not reached"}; the same can be proposed again in other words`;
    case "canceled":
      return "nothing: it was cancelled; the same can be proposed again in other words";
    case "expired":
      return "nothing: it was not executed in time";
    case "executed":
      return "nothing: it has been executed";
  }
}

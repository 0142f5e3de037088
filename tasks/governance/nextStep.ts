import { formatOpg } from "@opg-network/sdk/opg";
import { isoTime } from "../report.ts";
import type { Window } from "./scheduledCall.ts";
import type { Standing } from "./standing.ts";

/**
 * What must happen to a proposal next, and by when.
 * @param window in which the AccessManager lets its calls be made, where they are scheduled there
 */
export function nextStep(id: string, standing: Standing, window?: Window): string {
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
      return (
        `anyone: \`governance execute ${id}\`, from ${isoTime(Math.max(executableFrom ?? 0, window?.readyAt ?? 0))} ` +
        (window === undefined ? "on, without a last day" : `until ${isoTime(window.expiresAt)}`)
      );
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

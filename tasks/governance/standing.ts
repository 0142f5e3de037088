import { formatOpg } from "@opg-network/sdk/opg";
import { isoTime } from "../report.ts";
import type { Governance } from "./governanceOf.ts";

/** As the governor numbers them. */
const STATES = [
  "pending",
  "active",
  "canceled",
  "defeated",
  "succeeded",
  "queued",
  "expired",
  "executed",
] as const;

export type ProposalState = (typeof STATES)[number];

/** Where a proposal stands. Times are the chain's, in seconds; votes are token wei. */
export interface Standing {
  state: ProposalState;
  votingBegins: number;
  /** The last second in which votes count; a late quorum moves it. */
  votingEnds: number;
  /** At the earliest; undefined where it comes to nothing, or is behind it. */
  queueableFrom: number | undefined;
  executableFrom: number | undefined;
  votes: Record<"for" | "against" | "abstain", bigint>;
  /** Before voting begins: what it would be now. */
  quorum: bigint;
  isQuorumReached: boolean;
}

export async function standingOf({ governor, timelock }: Governance, id: string): Promise<Standing> {
  const [state, snapshot, deadline, eta, now, delay, [against, inFavour, abstain]] = await Promise.all([
    governor.state(id),
    governor.proposalSnapshot(id),
    governor.proposalDeadline(id),
    governor.proposalEta(id),
    governor.clock(),
    timelock.getMinDelay(),
    governor.proposalVotes(id),
  ]);
  const quorum = await governor.quorum(snapshot < now ? snapshot : now - 1n);
  const name = stateNamed(state);
  const queueableFrom = Number(deadline) + 1;
  const isOpen = name === "pending" || name === "active" || name === "succeeded";
  return {
    state: name,
    votingBegins: Number(snapshot) + 1,
    votingEnds: Number(deadline),
    queueableFrom: isOpen ? queueableFrom : undefined,
    executableFrom: isOpen
      ? Math.max(queueableFrom, Number(now)) + Number(delay)
      : name === "queued"
        ? Number(eta)
        : undefined,
    votes: { for: inFavour, against, abstain },
    quorum,
    isQuorumReached: inFavour + abstain >= quorum,
  };
}

export function stateNamed(number: bigint): ProposalState {
  const name = STATES[Number(number)];
  if (name === undefined) throw new Error(`the governor knows no state ${number}`);
  return name;
}

/** For programs. */
export function standingValue({ state, votes, quorum, isQuorumReached, ...times }: Standing) {
  return {
    state,
    votingBegins: isoTime(times.votingBegins),
    votingEnds: isoTime(times.votingEnds),
    queueableFrom: times.queueableFrom === undefined ? null : isoTime(times.queueableFrom),
    executableFrom: times.executableFrom === undefined ? null : isoTime(times.executableFrom),
    votes: {
      for: formatOpg(votes.for),
      against: formatOpg(votes.against),
      abstain: formatOpg(votes.abstain),
    },
    quorum: formatOpg(quorum),
    isQuorumReached,
  };
}

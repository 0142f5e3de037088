import { firstBlockOf } from "@opg-network/sdk/deployment";
import { type Claim, decodedClaim } from "@opg-network/sdk/evidence/claim";
import { ZeroAddress } from "ethers";
import { CommandError } from "../commandError.ts";
import { allEvents } from "../eventLogs.ts";
import type { Session } from "../session.ts";

const VERDICTS = ["right", "wrong", "lapsed"] as const;

/** Where a claim stands. `proved` by one transaction, or by two signatures that contradict each other. */
export type ClaimState = "open" | "proved" | "contradicted" | (typeof VERDICTS)[number];

/** What happened to one claim, as the logs of `Disputes` tell it; of several challenges the last. */
export interface Story {
  key: string;
  state: ClaimState;
  operator: number;
  /** Unknown where nothing but an equivocation is on chain. */
  release: string | undefined;
  /** Of a challenge. */
  claim: Claim | undefined;
  accuser: string;
  openedBlock: number | undefined;
  bond: bigint | undefined;
  steps: Step[];
  /** Token wei. */
  slashed: bigint;
  rightOutputHash: string | undefined;
  block: number;
  transaction: string;
}

export interface Step {
  worker: string;
  pc: number;
  gas: number;
  /** Wei of the chain's coin. */
  paid: bigint;
  transaction: string;
}

/** Every claim that somebody accused, the newest last. */
export async function stories(session: Session): Promise<Story[]> {
  const { disputes } = await session.readOnly();
  const from = firstBlockOf(await session.deployment());
  const [opened, continued, ended, proved, contradicted] = await Promise.all([
    allEvents(disputes, disputes.filters.ChallengeOpened(), from),
    allEvents(disputes, disputes.filters.ChallengeContinued(), from),
    allEvents(disputes, disputes.filters.ChallengeEnded(), from),
    allEvents(disputes, disputes.filters.WrongOutputProved(), from),
    allEvents(disputes, disputes.filters.EquivocationProved(), from),
  ]);
  const told = new Map<string, Story>();
  const events = [...opened, ...continued, ...ended, ...proved, ...contradicted].sort(
    (a, b) => a.blockNumber - b.blockNumber || a.index - b.index,
  );
  for (const event of events) {
    const {
      args,
      blockNumber: block,
      transactionHash: transaction,
      fragment,
    } = event as unknown as {
      args: never;
      blockNumber: number;
      transactionHash: string;
      fragment: { name: string };
    };
    tell(told, fragment.name, args, { block, transaction });
  }
  return [...told.values()].sort((a, b) => a.block - b.block);
}

export async function storyOf(session: Session, key: string): Promise<Story> {
  const story = (await stories(session)).find((each) => each.key === key);
  if (story === undefined) throw new CommandError("dispute-unknown", { key });
  return story;
}

interface EventArguments {
  key: string;
  operatorId: bigint;
  release: string;
  claim: Parameters<typeof decodedClaim>[0];
  opener: string;
  bond: bigint;
  worker: string;
  pc: bigint;
  gasUsed: bigint;
  paid: bigint;
  verdict: bigint;
  slashed: bigint;
  rightOutputHash: string;
  provedBy: string;
}

function tell(
  told: Map<string, Story>,
  name: string,
  args: EventArguments,
  at: { block: number; transaction: string },
): void {
  const before = told.get(args.key);
  switch (name) {
    case "ChallengeOpened": {
      const claim = decodedClaim(args.claim);
      told.set(args.key, {
        ...newStory(args, at),
        state: "open",
        release: claim.release,
        claim,
        accuser: args.opener,
        openedBlock: at.block,
        bond: args.bond,
      });
      return;
    }
    case "ChallengeContinued": {
      const { worker, paid } = args;
      const step = {
        worker,
        paid,
        pc: Number(args.pc),
        gas: Number(args.gasUsed),
        transaction: at.transaction,
      };
      before?.steps.push(step);
      return;
    }
    case "ChallengeEnded":
      if (before === undefined) return;
      Object.assign(before, at, {
        state: VERDICTS[Number(args.verdict)] ?? "lapsed",
        slashed: before.slashed + args.slashed,
        rightOutputHash: args.rightOutputHash,
      });
      return;
    case "WrongOutputProved":
    case "EquivocationProved":
      told.set(args.key, {
        ...(before ?? newStory(args, at)),
        ...at,
        state: name === "WrongOutputProved" ? "proved" : "contradicted",
        release: args.release,
        accuser: args.provedBy,
        slashed: (before?.slashed ?? 0n) + args.slashed,
        rightOutputHash: args.rightOutputHash,
      });
      return;
  }
}

function newStory({ key, operatorId }: EventArguments, at: { block: number; transaction: string }): Story {
  return {
    key,
    state: "open",
    operator: Number(operatorId),
    release: undefined,
    claim: undefined,
    accuser: ZeroAddress,
    openedBlock: undefined,
    bond: undefined,
    steps: [],
    slashed: 0n,
    rightOutputHash: undefined,
    ...at,
  };
}

import { formatOpg } from "@opg-network/sdk/opg";
import { GRAIN } from "@opg-network/sdk/request";
import { formatEther, ZeroAddress } from "ethers";
import { bytes32Argument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { isoTime, type Report, type Value } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, revertOf, send } from "../transaction.ts";
import { type Story, storyOf } from "./story.ts";

export interface ClaimArguments {
  key: string;
}

interface Paid {
  what: string;
  to: string;
  amount: string;
  transaction: string;
}

/** Pays bounty and wages to whom they belong, and to the account what else is credited to it. */
export async function claim(args: ClaimArguments, session: Session): Promise<Report> {
  const key = bytes32Argument("key", args.key);
  const story = await storyOf(session, key);
  const paid = [
    ...(await wages(session, story)),
    ...(await bounty(session, key)),
    ...(await award(session)),
    ...(await coin(session)),
  ];
  const waits = await waitOf(session, key);
  if (paid.length === 0 && waits === undefined) throw new CommandError("nothing-due", { key });
  return {
    lines: [
      ...paid.map(({ what, to, amount, transaction }) => `${what}: ${amount} to ${to} (${transaction})`),
      ...(waits === undefined
        ? []
        : [`${waits.amount} OPG wait for ${waits.claimant} until ${waits.payableAt}`]),
    ],
    value: { key, paid, waits: waits ?? null } as Value,
  };
}

async function wages(session: Session, { key, steps, openedBlock }: Story): Promise<Paid[]> {
  const { disputes } = await session.contracts();
  const block =
    openedBlock === undefined ? null : await session.connection.ethers.provider.getBlock(openedBlock);
  if (block === null) return [];
  const { address } = await session.account();
  const paid: Paid[] = [];
  for (const worker of new Set([...steps.map((step) => step.worker), address])) {
    try {
      const receipt = await send(() => disputes.payWork(key, block.timestamp, worker));
      const amount = `${formatOpg(eventOf(receipt, disputes, "WorkPaid").args.amount)} OPG`;
      paid.push({ what: "wages", to: worker, amount, transaction: receipt.hash });
    } catch (error) {
      if (!(error instanceof CommandError) || revertOf(error.cause)?.name !== "NoWork") throw error;
    }
  }
  return paid;
}

async function bounty(session: Session, key: string): Promise<Paid[]> {
  const { disputes } = await session.contracts();
  const { claimant, grains, payableAt } = await disputes.bountyOf(key);
  const head = await session.connection.ethers.provider.getBlock("latest");
  if (claimant === ZeroAddress || grains === 0n || BigInt(head?.timestamp ?? 0) < payableAt) return [];
  const receipt = await send(() => disputes.payBounty(key));
  return [
    { what: "bounty", to: claimant, amount: `${formatOpg(grains * GRAIN)} OPG`, transaction: receipt.hash },
  ];
}

async function award(session: Session): Promise<Paid[]> {
  const { operators } = await session.contracts();
  const { address } = await session.account();
  const amount = await operators.awardOf(address);
  if (amount === 0n) return [];
  const receipt = await send(() => operators.collectAward(address));
  return [{ what: "award", to: address, amount: `${formatOpg(amount)} OPG`, transaction: receipt.hash }];
}

async function coin(session: Session): Promise<Paid[]> {
  const { disputes } = await session.contracts();
  const { address } = await session.account();
  const amount = await disputes.creditOf(address);
  if (amount === 0n) return [];
  const receipt = await send(() => disputes.withdrawCoin(address));
  return [{ what: "coin", to: address, amount: `${formatEther(amount)} coin`, transaction: receipt.hash }];
}

async function waitOf(session: Session, key: string) {
  const { disputes } = await session.readOnly();
  const { claimant, grains, payableAt } = await disputes.bountyOf(key);
  if (claimant === ZeroAddress || grains === 0n) return undefined;
  return { claimant, amount: formatOpg(grains * GRAIN), payableAt: isoTime(payableAt) };
}

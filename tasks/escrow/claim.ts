import { firstBlockOf } from "@opg-network/sdk/deployment";
import { formatOpg } from "@opg-network/sdk/opg";
import { CommandError } from "../commandError.ts";
import { allEvents } from "../eventLogs.ts";
import { ownOperator } from "../operator/ownOperator.ts";
import { readRelease, resolveRelease } from "../release.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";

export interface ClaimArguments {
  release: string | undefined;
  operator: string | undefined;
}

export async function claim(args: ClaimArguments, session: Session): Promise<Report> {
  const operator = await ownOperator(session, args.operator);
  const { requests } = await session.contracts();
  const releases =
    args.release === undefined
      ? await offeredBy(session, operator)
      : [await resolveRelease(session, args.release)];
  const earnings = await Promise.all(
    releases.map(async (release) => {
      const { matured, unripe } = await requests.earningsOf(operator, release);
      return { release, matured, unripe };
    }),
  );
  const ripe = earnings.filter(({ matured }) => matured !== 0n);
  if (ripe.length === 0) {
    const unripe = earnings.reduce((sum, entry) => sum + entry.unripe, 0n);
    throw new CommandError("nothing-to-claim", { operator, unripe: formatOpg(unripe) });
  }
  const claims: Awaited<ReturnType<typeof claimOne>>[] = [];
  for (const { release, matured } of ripe) {
    session.say(`Dividing ${formatOpg(matured)} OPG that operator ${operator} earned with ${release}`);
    claims.push(await claimOne(session, operator, release));
  }
  return {
    lines: claims.map(
      ({ release, total, operatorShare, royalty, protocolFee, forfeited }) =>
        `${release}: ${total} OPG = ${operatorShare} operator + ${royalty} royalty + ${protocolFee} protocol + ${forfeited} forfeited`,
    ),
    value: { operator, claims },
  };
}

async function claimOne(session: Session, operator: number, release: string) {
  const { requests } = await session.contracts();
  const { contributors } = await readRelease(session, release);
  const receipt = await send(() => requests.claim(operator, release, contributors));
  const { args } = eventOf(receipt, requests, "EarningsClaimed");
  return {
    release,
    total: formatOpg(args.total),
    operatorShare: formatOpg(args.operatorShare),
    royalty: formatOpg(args.royalty),
    protocolFee: formatOpg(args.protocolFee),
    forfeited: formatOpg(args.forfeited),
    transaction: receipt.hash,
    gas: Number(receipt.gasUsed),
  };
}

async function offeredBy(session: Session, operator: number): Promise<string[]> {
  const { operators } = await session.readOnly();
  const offers = await allEvents(
    operators,
    operators.filters.OfferSet(operator),
    firstBlockOf(await session.deployment()),
  );
  return [...new Set(offers.map(({ args }) => args.release))];
}

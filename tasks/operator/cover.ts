import { integerArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { readRelease, resolveRelease, titleOf } from "../release.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";
import { ownOperator } from "./ownOperator.ts";

const MAX_PERCENT = 50;
const MAX_RATE_BPS = 10_000;

export interface CoverArguments {
  pipe: string | undefined;
  requests: string | undefined;
  release: string | undefined;
  rateBps: string | undefined;
  operator: string | undefined;
}

/** Sets stake aside for covers, and says what insuring a release costs. */
export async function cover(args: CoverArguments, session: Session): Promise<Report> {
  if ((args.release === undefined) !== (args.rateBps === undefined))
    throw new CommandError("arguments-conflict", { problem: "--release and --rate-bps go together" });
  const operator = await ownOperator(session, args.operator);
  const contracts = await session.contracts();
  const { operators } = contracts;
  const lines: string[] = [];
  const transactions: string[] = [];
  for (const name of ["pipe", "requests"] as const) {
    const text = args[name];
    if (text === undefined) continue;
    const percent = integerArgument(`--${name}`, text, 0, MAX_PERCENT);
    const receipt = await send(() => operators.setCoverPercent(operator, contracts[name], percent));
    lines.push(`Operator ${operator} sets ${percent} % of its stake aside for covers of ${name}`);
    transactions.push(receipt.hash);
  }
  if (args.release !== undefined && args.rateBps !== undefined) {
    const rate = integerArgument("--rate-bps", args.rateBps, 0, MAX_RATE_BPS);
    const release = await readRelease(session, await resolveRelease(session, args.release));
    const receipt = await send(() => operators.setCoverRate(operator, release.id, rate));
    lines.push(`Insuring ${titleOf(release)} costs ${rate / 100} % of the cover`);
    transactions.push(receipt.hash);
  }
  if (lines.length === 0)
    throw new CommandError("argument-missing", { name: "--pipe", why: "or --requests, or --release" });
  return { lines, value: { operator, transactions } };
}

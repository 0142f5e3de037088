import { integerArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { readRelease, resolveRelease, titleOf } from "../release.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";
import { ownOperator } from "./ownOperator.ts";

const MAX_PERCENT = 50;
const MAX_RATE_BPS = 10_000;
const COVERERS = ["pipe", "requests"] as const;

export interface CoverArguments {
  pipe: string | undefined;
  requests: string | undefined;
  freeze: string | undefined;
  release: string | undefined;
  rateBps: string | undefined;
  operator: string | undefined;
}

/** Sets stake aside for covers, stops that at once, and says what insuring a release costs. */
export async function cover(args: CoverArguments, session: Session): Promise<Report> {
  // All that can be refused is refused before anything is sent.
  const shares = COVERERS.flatMap((name) => {
    const text = args[name];
    return text === undefined ? [] : [{ name, percent: integerArgument(`--${name}`, text, 0, MAX_PERCENT) }];
  });
  const frozen = frozenArgument(args);
  const rate = rateArgument(args);
  if (shares.length === 0 && frozen === undefined && rate === undefined)
    throw new CommandError("argument-missing", {
      name: "--pipe",
      why: "or --requests, --freeze, or --release",
    });
  const operator = await ownOperator(session, args.operator);
  const release =
    rate === undefined ? undefined : await readRelease(session, await resolveRelease(session, rate.release));

  const contracts = await session.contracts();
  const { operators } = contracts;
  const lines: string[] = [];
  const transactions: string[] = [];
  const done = (line: string, { hash }: { hash: string }) => {
    lines.push(line);
    transactions.push(hash);
  };
  if (frozen !== undefined) {
    const receipt = await send(() => operators.freezeCoverer(operator, contracts[frozen]));
    done(`Operator ${operator} insures nothing more by ${frozen}; what is reserved stays`, receipt);
  }
  for (const { name, percent } of shares) {
    const receipt = await send(() => operators.setCoverPercent(operator, contracts[name], percent));
    done(`Operator ${operator} sets ${percent} % of its stake aside for covers of ${name}`, receipt);
  }
  if (release !== undefined && rate !== undefined) {
    const receipt = await send(() => operators.setCoverRate(operator, release.id, rate.bps));
    done(`Insuring ${titleOf(release)} costs ${rate.bps / 100} % of the cover`, receipt);
  }
  return { lines, value: { operator, transactions } };
}

function frozenArgument(args: CoverArguments): (typeof COVERERS)[number] | undefined {
  if (args.freeze === undefined) return undefined;
  const name = COVERERS.find((coverer) => coverer === args.freeze);
  if (name === undefined)
    throw new CommandError("argument-invalid", {
      name: "--freeze",
      value: args.freeze,
      expected: "pipe or requests",
    });
  if (args[name] !== undefined)
    throw new CommandError("arguments-conflict", {
      problem: `--freeze ${name} stops what --${name} would allow`,
    });
  return name;
}

function rateArgument({ release, rateBps }: CoverArguments): { release: string; bps: number } | undefined {
  if ((release === undefined) !== (rateBps === undefined))
    throw new CommandError("arguments-conflict", { problem: "--release and --rate-bps go together" });
  if (release === undefined || rateBps === undefined) return undefined;
  return { release, bps: integerArgument("--rate-bps", rateBps, 0, MAX_RATE_BPS) };
}

import { formatOpg } from "@opg-network/sdk/opg";
import { grainsArgument, modeNames, modesArgument } from "../arguments.ts";
import { assuranceOf } from "../assurance.ts";
import { CommandError } from "../commandError.ts";
import { readRelease, resolveRelease, titleOf } from "../release.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";
import { ownOperator } from "./ownOperator.ts";

export interface ServeArguments {
  release: string;
  price: string | undefined;
  modes: string | undefined;
  stop: boolean;
  operator: string | undefined;
}

export async function serve(args: ServeArguments, session: Session): Promise<Report> {
  if (args.stop && (args.price !== undefined || args.modes !== undefined)) {
    throw new CommandError("arguments-conflict", { problem: "--stop goes with neither --price nor --modes" });
  }
  if (!args.stop && args.price === undefined) {
    throw new CommandError("argument-missing", {
      name: "--price",
      why: "callers look for it; or say --stop",
    });
  }
  const price = grainsArgument("--price", args.price ?? "0");
  const modes = args.stop ? 0 : modesArgument("--modes", args.modes ?? "VANILLA");
  const release = await readRelease(session, await resolveRelease(session, args.release));
  const operator = await ownOperator(session, args.operator);
  const { operators } = await session.contracts();
  const what = args.stop
    ? `no longer serves ${titleOf(release)}`
    : `serves ${titleOf(release)} in ${modeNames(modes).join(", ")} for ${formatOpg(price)} OPG`;
  session.say(`Setting: operator ${operator} ${what}`);
  if (!args.stop) session.say(`The release is ${assuranceOf(release)}`);
  const idle = modeNames(modes & ~Number(release.modes));
  if (idle.length !== 0) session.say(`Warning: the release offers no results in ${idle.join(", ")}`);
  const receipt = await send(() => operators.setOffer(operator, release.id, price, modes));
  return {
    lines: [`Operator ${operator} ${what} (transaction ${receipt.hash}, gas ${receipt.gasUsed})`],
    value: {
      operator,
      release: release.id,
      price: formatOpg(price),
      modes: modeNames(modes),
      transaction: receipt.hash,
      gas: Number(receipt.gasUsed),
    },
  };
}

import { formatOpg } from "@opg-network/sdk/opg";
import { addressArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";

export interface CollectAwardArguments {
  account: string | undefined;
}

export async function collectAward(args: CollectAwardArguments, session: Session): Promise<Report> {
  const account =
    args.account === undefined
      ? (await session.account()).address
      : addressArgument("--account", args.account);
  const { operators } = await session.contracts();
  if ((await operators.awardOf(account)) === 0n) throw new CommandError("nothing-awarded", { account });
  session.say(`Paying out what slashes awarded to ${account}`);
  const receipt = await send(() => operators.collectAward(account));
  const amount = formatOpg(eventOf(receipt, operators, "AwardCollected").args.amount);
  return {
    lines: [`Paid ${amount} OPG to ${account} (transaction ${receipt.hash}, gas ${receipt.gasUsed})`],
    value: { account, amount, transaction: receipt.hash, gas: Number(receipt.gasUsed) },
  };
}

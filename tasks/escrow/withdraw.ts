import { formatOpg } from "@opg-network/sdk/opg";
import { addressArgument, amountArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";

export interface WithdrawArguments {
  amount: string;
  to: string | undefined;
}

export async function withdraw(args: WithdrawArguments, session: Session): Promise<Report> {
  const asked = args.amount === "all" ? undefined : amountArgument("amount", args.amount);
  const account = (await session.account()).address;
  const to = args.to === undefined ? account : addressArgument("--to", args.to);
  const { requests } = await session.contracts();
  const balance = await requests.balanceOf(account);
  const amount = asked ?? balance;
  if (balance < amount || balance === 0n) {
    throw new CommandError("balance-low", {
      account,
      what: "in the escrow",
      balance: formatOpg(balance),
      required: formatOpg(amount),
    });
  }
  session.say(`Withdrawing ${formatOpg(amount)} OPG to ${to}`);
  const receipt = await send(() => requests.withdraw(to, amount));
  const left = formatOpg(await requests.balanceOf(account));
  return {
    lines: [
      `Withdrew ${formatOpg(amount)} OPG to ${to}; ${left} OPG are left (transaction ${receipt.hash}, gas ${receipt.gasUsed})`,
    ],
    value: {
      account,
      to,
      withdrawn: formatOpg(amount),
      balance: left,
      transaction: receipt.hash,
      gas: Number(receipt.gasUsed),
    },
  };
}

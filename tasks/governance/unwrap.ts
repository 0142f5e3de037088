import { formatOpg } from "@opg-network/sdk/opg";
import { addressArgument, amountOrAll } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";
import { wrapperOf } from "./wrap.ts";

export interface UnwrapArguments {
  amount: string;
  to: string | undefined;
}

export async function unwrap(args: UnwrapArguments, session: Session): Promise<Report> {
  const wrapper = await wrapperOf(session);
  const { address } = await session.account();
  const to = args.to === undefined ? address : addressArgument("--to", args.to);
  const balance = await wrapper.balanceOf(address);
  const amount = amountOrAll("amount", args.amount, balance);
  if (balance < amount || balance === 0n) {
    throw new CommandError("balance-low", {
      account: address,
      what: "wrapped",
      balance: formatOpg(balance),
      required: formatOpg(amount),
    });
  }
  session.say(`Unwrapping ${formatOpg(amount)} OPG to ${to}`);
  const receipt = await send(() => wrapper.withdrawTo(to, amount));
  const wrapped = formatOpg(balance - amount);
  return {
    lines: [
      `${to} received ${formatOpg(amount)} OPG; ${wrapped} are left wrapped (transaction ${receipt.hash}, gas ${receipt.gasUsed})`,
    ],
    value: {
      ...{ account: address, to, amount: formatOpg(amount), wrapped },
      ...{ transaction: receipt.hash, gas: Number(receipt.gasUsed) },
    },
  };
}

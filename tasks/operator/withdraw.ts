import { formatOpg } from "@opg-network/sdk/opg";
import { addressArgument } from "../arguments.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";
import { ownOperator } from "./ownOperator.ts";

export interface WithdrawArguments {
  to: string | undefined;
  operator: string | undefined;
}

export async function withdraw(args: WithdrawArguments, session: Session): Promise<Report> {
  const to = args.to === undefined ? (await session.account()).address : addressArgument("--to", args.to);
  const operator = await ownOperator(session, args.operator);
  const { operators } = await session.contracts();
  session.say(`Withdrawing what operator ${operator} has unbonded to ${to}`);
  const receipt = await send(() => operators.withdrawUnbonded(operator, to));
  const amount = formatOpg(eventOf(receipt, operators, "UnbondingWithdrawn").args.amount);
  return {
    lines: [`Withdrew ${amount} OPG to ${to} (transaction ${receipt.hash}, gas ${receipt.gasUsed})`],
    value: { operator, to, amount, transaction: receipt.hash, gas: Number(receipt.gasUsed) },
  };
}

import { formatOpg } from "@opg-network/sdk/opg";
import { grainsArgument } from "../arguments.ts";
import { permitFor } from "../permit.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";
import { ownOperator } from "./ownOperator.ts";

export interface StakeArguments {
  amount: string;
  operator: string | undefined;
}

export async function stake(args: StakeArguments, session: Session): Promise<Report> {
  const amount = grainsArgument("amount", args.amount);
  const operator = await ownOperator(session, args.operator);
  const { operators } = await session.contracts();
  session.say(`Staking ${formatOpg(amount)} OPG on operator ${operator}`);
  const permit = await permitFor(session, (await session.deployment()).contracts.Operators.address, amount);
  const receipt = await send(() => operators.stakeWithPermit(operator, amount, permit));
  const total = formatOpg(eventOf(receipt, operators, "Staked").args.stake);
  return {
    lines: [
      `Operator ${operator} has ${total} OPG at stake (transaction ${receipt.hash}, gas ${receipt.gasUsed})`,
    ],
    value: {
      operator,
      staked: formatOpg(amount),
      stake: total,
      transaction: receipt.hash,
      gas: Number(receipt.gasUsed),
    },
  };
}

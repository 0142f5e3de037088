import { formatOpg } from "@opg-network/sdk/opg";
import { GRAIN } from "@opg-network/sdk/request";
import { grainsArgument } from "../arguments.ts";
import { isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";
import { ownOperator } from "./ownOperator.ts";

export interface UnbondArguments {
  amount: string;
  operator: string | undefined;
}

export async function unbond(args: UnbondArguments, session: Session): Promise<Report> {
  const asked = args.amount === "all" ? undefined : grainsArgument("amount", args.amount);
  const operator = await ownOperator(session, args.operator);
  const { operators } = await session.contracts();
  const { stake, slots } = await operators.standingById(operator);
  const amount = asked ?? stake * GRAIN;
  session.say(`Unbonding ${formatOpg(amount)} of operator ${operator}'s ${formatOpg(stake * GRAIN)} OPG`);
  const receipt = await send(() => operators.unbond(operator, amount));
  const { args: event } = eventOf(receipt, operators, "UnbondingStarted");
  const after = await operators.standingById(operator);
  const [unbonding, releaseAt] = [formatOpg(event.unbonding), isoTime(event.releaseAt)];
  return {
    lines: [
      `${unbonding} OPG of operator ${operator} can be withdrawn from ${releaseAt}; until then they can be slashed`,
      ...(after.slots === slots
        ? []
        : [`The remaining stake carries ${after.slots} slot(s) instead of ${slots}`]),
    ],
    value: {
      operator,
      unbonding,
      releaseAt,
      stake: formatOpg(after.stake * GRAIN),
      slots: Number(after.slots),
      transaction: receipt.hash,
      gas: Number(receipt.gasUsed),
    },
  };
}

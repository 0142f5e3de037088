import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";
import { ownOperator } from "./ownOperator.ts";

export interface LeaveJailArguments {
  operator: string | undefined;
}

export async function leaveJail(args: LeaveJailArguments, session: Session): Promise<Report> {
  const operator = await ownOperator(session, args.operator);
  const { operators } = await session.contracts();
  session.say(`Returning operator ${operator} from jail`);
  const receipt = await send(() => operators.leaveJail(operator));
  return {
    lines: [`Operator ${operator} is free (transaction ${receipt.hash}, gas ${receipt.gasUsed})`],
    value: { operator, transaction: receipt.hash, gas: Number(receipt.gasUsed) },
  };
}

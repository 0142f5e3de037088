import type { ContractTransactionResponse } from "ethers";
import { integerArgument, rolesArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";
import { ownOperator } from "./ownOperator.ts";

const MOST_SLOTS = 65_535;

export interface UpdateArguments {
  endpoint: string | undefined;
  gateway: string | undefined;
  roles: string | undefined;
  slots: string | undefined;
  operator: string | undefined;
}

export async function update(
  { endpoint, gateway, roles, slots, operator: named }: UpdateArguments,
  session: Session,
): Promise<Report> {
  const newRoles = roles === undefined ? undefined : rolesArgument("--roles", roles);
  const newSlots = slots === undefined ? undefined : integerArgument("--slots", slots, 0, MOST_SLOTS);
  if ([endpoint, gateway, newRoles, newSlots].every((change) => change === undefined)) {
    throw new CommandError("argument-missing", {
      name: "--endpoint, --gateway, --roles or --slots",
      why: "there is nothing to change",
    });
  }
  const operator = await ownOperator(session, named);
  const { operators, gateways } = await session.contracts();
  const changes: [string, () => Promise<ContractTransactionResponse>][] = [];
  if (endpoint !== undefined)
    changes.push([`endpoint to ${endpoint}`, () => operators.setEndpoint(operator, endpoint)]);
  if (gateway !== undefined)
    changes.push([`gateway to ${gateway}`, () => gateways.setGateway(operator, gateway)]);
  if (newRoles !== undefined)
    changes.push([`roles to ${roles}`, () => operators.setRoles(operator, newRoles)]);
  if (newSlots !== undefined)
    changes.push([`slots to ${newSlots}`, () => operators.setSlots(operator, newSlots)]);

  const transactions: string[] = [];
  for (const [what, change] of changes) {
    session.say(`Setting operator ${operator}'s ${what}`);
    transactions.push((await send(change)).hash);
  }
  return {
    lines: [`Operator ${operator}: ${changes.map(([what]) => what).join(", ")}`],
    value: { operator, changed: changes.map(([what]) => what.split(" ")[0]), transactions },
  };
}

import { formatOpg } from "@opg-network/sdk/opg";
import { addressArgument } from "../arguments.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";
import { actingGovernance } from "./governanceOf.ts";

export interface DelegateArguments {
  account: string | undefined;
}

export async function delegate(args: DelegateArguments, session: Session): Promise<Report> {
  const { votes, wrapper } = await actingGovernance(session);
  const { address } = await session.account();
  const to = args.account === undefined ? address : addressArgument("account", args.account);
  const weight = formatOpg(await votes.balanceOf(address));
  const value = { account: address, delegate: to, weight };
  if ((await votes.delegates(address)) === to)
    return {
      lines: [`${to} has the votes of ${address} already: ${weight}`],
      value: { ...value, transaction: null },
    };
  session.say(`Delegating ${weight} votes to ${to}`);
  const receipt = await send(() => votes.delegate(to));
  return {
    lines: [
      `${to} votes with the ${weight} of ${address} (gas ${receipt.gasUsed}), on proposals whose voting has not begun`,
      ...(weight === "0" && wrapper !== undefined
        ? ["OPG itself has no votes here: `governance wrap <amount>`"]
        : []),
    ],
    value: { ...value, transaction: receipt.hash, gas: Number(receipt.gasUsed) },
  };
}

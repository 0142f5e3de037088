import { formatOpg } from "@opg-network/sdk/opg";
import { addressArgument } from "../arguments.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";

export interface ShowArguments {
  account: string | undefined;
}

export async function show(args: ShowArguments, session: Session): Promise<Report> {
  const account =
    args.account === undefined
      ? (await session.account()).address
      : addressArgument("--account", args.account);
  const { requests, opg } = await session.readOnly();
  const { balance, reserved, reservations } = await requests.accountOf(account);
  const value = {
    account,
    balance: formatOpg(balance),
    reserved: formatOpg(reserved),
    reservations: Number(reservations),
    wallet: formatOpg(await opg.balanceOf(account)),
  };
  return {
    lines: fields([
      ["account", account],
      ["in the escrow", `${value.balance} OPG`],
      ["held", `${value.reserved} OPG for ${value.reservations} accepted request(s)`],
      ["in the wallet", `${value.wallet} OPG`],
    ]),
    value,
  };
}

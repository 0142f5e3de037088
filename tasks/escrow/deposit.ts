import { formatOpg } from "@opg-network/sdk/opg";
import { addressArgument, amountArgument } from "../arguments.ts";
import { permitFor } from "../permit.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";

export interface DepositArguments {
  amount: string;
  account: string | undefined;
}

export async function deposit(args: DepositArguments, session: Session): Promise<Report> {
  const amount = amountArgument("amount", args.amount);
  const account =
    args.account === undefined
      ? (await session.account()).address
      : addressArgument("--account", args.account);
  const { transaction, gas, balance } = await depositFor(session, account, amount);
  return {
    lines: [`${account} has ${balance} OPG in the escrow (transaction ${transaction}, gas ${gas})`],
    value: { account, deposited: formatOpg(amount), balance, transaction, gas },
  };
}

/** Deposits from the session's account by permit. */
export async function depositFor(session: Session, account: string, amount: bigint) {
  const { requests } = await session.contracts();
  session.say(`Depositing ${formatOpg(amount)} OPG for ${account}`);
  const permit = await permitFor(
    session,
    (await session.deployment()).contracts.InferenceRequests.address,
    amount,
  );
  const receipt = await send(() => requests.depositWithPermit(account, amount, permit));
  return {
    transaction: receipt.hash,
    gas: Number(receipt.gasUsed),
    balance: formatOpg(await requests.balanceOf(account)),
  };
}

import { formatOpg } from "@opg-network/sdk/opg";
import { ZeroAddress } from "ethers";
import { addressArgument } from "../arguments.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { governanceOf } from "./governanceOf.ts";

export interface VotesArguments {
  account: string | undefined;
}

export async function votes(args: VotesArguments, session: Session): Promise<Report> {
  const governance = await governanceOf(session);
  const account =
    args.account === undefined ? (await session.account()).address : addressArgument("account", args.account);
  const { opg } = await session.readOnly();
  const { governor, wrapper } = governance;
  const now = await governor.clock();
  const [wallet, wrapped, held, delegate, threshold, quorum] = await Promise.all([
    opg.balanceOf(account),
    wrapper?.balanceOf(account),
    governance.votes.getVotes(account),
    governance.votes.delegates(account),
    governor.proposalThreshold(),
    governor.quorum(now - 1n),
  ]);
  const value = {
    account,
    wallet: formatOpg(wallet),
    wrapped: wrapped === undefined ? null : formatOpg(wrapped),
    delegate: delegate === ZeroAddress ? null : delegate,
    votes: formatOpg(held),
    proposalThreshold: formatOpg(threshold),
    mayPropose: held >= threshold,
    quorum: formatOpg(quorum),
  };
  return {
    lines: fields([
      ["account", account],
      ["in the wallet", `${value.wallet} OPG`],
      ["wrapped", wrapped === undefined ? undefined : `${value.wrapped} OPG`],
      ["delegated to", value.delegate ?? "nobody: its own OPG votes for nobody (`governance delegate`)"],
      ["votes", value.votes],
      ["to propose", `${value.proposalThreshold} votes, which it has${value.mayPropose ? "" : " not"}`],
      ["quorum", `${value.quorum} votes now`],
    ]),
    value,
  };
}

import { formatOpg } from "@opg-network/sdk/opg";
import { ZeroAddress } from "ethers";
import { amountArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { requireBalance } from "../permit.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";
import { actingGovernance } from "./governanceOf.ts";

export interface WrapArguments {
  amount: string;
}

export async function wrap(args: WrapArguments, session: Session): Promise<Report> {
  const amount = amountArgument("amount", args.amount);
  const wrapper = await wrapperOf(session);
  const { opg } = await session.contracts();
  const { address } = await session.account();
  await requireBalance(session, amount);
  session.say(`Wrapping ${formatOpg(amount)} OPG of ${address}, one for one`);
  if ((await opg.allowance(address, wrapper)) < amount) await send(() => opg.approve(wrapper, amount));
  const receipt = await send(() => wrapper.depositFor(address, amount));
  if ((await wrapper.delegates(address)) === ZeroAddress) {
    session.say("Delegating to itself: what is delegated to nobody votes for nobody");
    await send(() => wrapper.delegate(address));
  }
  const [wrapped, delegate] = [formatOpg(await wrapper.balanceOf(address)), await wrapper.delegates(address)];
  return {
    lines: [`${address} has ${wrapped} OPG that votes, delegated to ${delegate} (gas ${receipt.gasUsed})`],
    value: {
      ...{ account: address, amount: formatOpg(amount), wrapped, delegate },
      ...{ transaction: receipt.hash, gas: Number(receipt.gasUsed) },
    },
  };
}

/** Throws `wrapper-missing` where OPG itself counts votes. */
export async function wrapperOf(session: Session) {
  const { wrapper } = await actingGovernance(session);
  if (wrapper === undefined)
    throw new CommandError("wrapper-missing", { network: (await session.deployment()).network });
  return wrapper;
}

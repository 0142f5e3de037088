import { firstBlockOf } from "@opg-network/sdk/deployment";
import { ZeroAddress } from "ethers";
import { integerArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { allEvents } from "../eventLogs.ts";
import type { Session } from "../session.ts";

const LARGEST_ID = 4_294_967_295;

/** The operator that is named, else the only one that the account owns. */
export async function ownOperator(session: Session, named: string | undefined): Promise<number> {
  const { operators } = await session.readOnly();
  if (named !== undefined) {
    const id = integerArgument("--operator", named, 1, LARGEST_ID);
    if ((await operators.ownerOf(id)) === ZeroAddress)
      throw new CommandError("operator-unknown", { operator: named });
    return id;
  }
  const owner = (await session.account()).address;
  const from = firstBlockOf(await session.deployment());
  const registered = await allEvents(operators, operators.filters.OperatorRegistered(undefined, owner), from);
  const [only, ...others] = registered.map(({ args }) => Number(args.operatorId));
  if (only === undefined) throw new CommandError("operator-missing", { owner });
  if (others.length !== 0)
    throw new CommandError("operator-ambiguous", { owner, operators: [only, ...others] });
  return only;
}

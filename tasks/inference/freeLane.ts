import { REQUEST_STATES } from "@opg-network/sdk/request";
import { integerArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import type { Session } from "../session.ts";

const LARGEST = 4_294_967_295;
const LOOKED_AT = 64;
const LIVE: ReadonlySet<string | undefined> = new Set(["open", "accepted", "undelivered"]);

/** The lane that is named, else the first that carries no live request; a used one is cheaper than a fresh one. */
export async function freeLane(
  session: Session,
  requester: string,
  named: string | undefined,
): Promise<number> {
  if (named !== undefined) return integerArgument("--lane", named, 0, LARGEST);
  const { requests } = await session.readOnly();
  for (let lane = 0; lane < LOOKED_AT; ++lane) {
    const { state } = await requests.laneOf(requester, lane);
    if (!LIVE.has(REQUEST_STATES[Number(state)])) return lane;
  }
  throw new CommandError("lanes-busy", { account: requester });
}

import { setTimeout as sleep } from "node:timers/promises";
import { integerArgument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { endOf, findRequest } from "./requestLog.ts";
import { reportOn } from "./show.ts";

const POLL_MS = 500;
const DAY_SEC = 86_400;

export interface WaitArguments {
  request: string;
  timeout: string | undefined;
}

export async function wait(args: WaitArguments, session: Session): Promise<Report> {
  const seconds = integerArgument("--timeout", args.timeout ?? "120", 0, DAY_SEC);
  const logged = await findRequest(session, args.request);
  const until = Date.now() + seconds * 1_000;
  for (let told = ""; ; ) {
    const end = await endOf(session, logged);
    if (end.fulfilment !== undefined) return await reportOn(session, logged, end);
    if (end.state !== "open" && end.state !== "accepted") {
      throw new CommandError("request-ended", { request: logged.id, state: end.state });
    }
    const block = await session.connection.ethers.provider.getBlock("latest");
    if (block !== null && block.timestamp > logged.request.deadline) {
      throw new CommandError("request-ended", {
        request: logged.id,
        state: "past its deadline without an answer; `inference expire` refunds it",
      });
    }
    if (Date.now() >= until)
      throw new CommandError("wait-timeout", { request: logged.id, seconds, state: end.state });
    if (told !== end.state) session.say(`Request ${logged.id} is ${end.state}; waiting`);
    told = end.state;
    await sleep(Math.min(POLL_MS, Math.max(0, until - Date.now())));
  }
}

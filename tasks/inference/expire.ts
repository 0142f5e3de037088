import { formatOpg } from "@opg-network/sdk/opg";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";
import { endOf, findRequest } from "./requestLog.ts";

export interface ExpireArguments {
  request: string;
}

export async function expire(args: ExpireArguments, session: Session): Promise<Report> {
  const logged = await findRequest(session, args.request);
  const { state, acceptance } = await endOf(session, logged);
  const { requests } = await session.contracts();
  session.say(
    `Ending request ${logged.id}; ${formatOpg(logged.request.fee)} OPG go back to ${logged.request.requester}`,
  );
  const accepted = state === "accepted" ? acceptance : { signer: `0x${"0".repeat(40)}`, deadline: 0 };
  const receipt = await send(() => requests.expire(logged.packed, accepted));
  const refund = formatOpg(eventOf(receipt, requests, "RequestExpired").args.refund);
  return {
    lines: [
      `Refunded ${refund} OPG to ${logged.request.requester}'s escrow (transaction ${receipt.hash}, gas ${receipt.gasUsed})`,
    ],
    value: { request: logged.id, refund, transaction: receipt.hash, gas: Number(receipt.gasUsed) },
  };
}

import { formatOpg } from "@opg-network/sdk/opg";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { eventOf, send } from "../transaction.ts";
import { findRequest } from "./requestLog.ts";

export interface CancelArguments {
  request: string;
}

export async function cancel(args: CancelArguments, session: Session): Promise<Report> {
  const { id, packed, request } = await findRequest(session, args.request);
  const { requests } = await session.contracts();
  session.say(`Cancelling request ${id}; ${formatOpg(request.fee)} OPG go back to ${request.requester}`);
  const receipt = await send(() => requests.cancel(packed));
  const refund = formatOpg(eventOf(receipt, requests, "RequestCancelled").args.refund);
  return {
    lines: [
      `Cancelled; ${refund} OPG are back in the escrow (transaction ${receipt.hash}, gas ${receipt.gasUsed})`,
    ],
    value: {
      request: id,
      state: "cancelled",
      refund,
      transaction: receipt.hash,
      gas: Number(receipt.gasUsed),
    },
  };
}

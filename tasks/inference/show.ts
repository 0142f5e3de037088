import { formatOpg } from "@opg-network/sdk/opg";
import { MODES } from "@opg-network/sdk/request";
import { arithmeticOf, assuranceOf } from "../assurance.ts";
import { readRelease, titleOf } from "../release.ts";
import { fields, isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { decodeOutput, describeOutput } from "./decodedOutput.ts";
import { endOf, findRequest, type LoggedRequest, type RequestEnd } from "./requestLog.ts";

export interface ShowArguments {
  request: string;
}

export async function show(args: ShowArguments, session: Session): Promise<Report> {
  const logged = await findRequest(session, args.request);
  return await reportOn(session, logged, await endOf(session, logged));
}

/** What a request asked for and what came of it. */
export async function reportOn(
  session: Session,
  { id, request, block, transaction }: LoggedRequest,
  end: RequestEnd,
): Promise<Report> {
  const release = await readRelease(session, request.release);
  const { fulfilment, refund, state, acceptance } = end;
  const output = fulfilment && decodeOutput(fulfilment.output, release.outputs);
  const isAccepted = state === "accepted";
  return {
    lines: fields([
      ["request", id],
      ["state", state],
      ["release", `${titleOf(release)} (${request.release})`],
      ["arithmetic", assuranceOf(release)],
      ["mode", MODES[request.mode] ?? ""],
      ["requester", request.requester],
      [
        "fee",
        `${formatOpg(request.fee)} OPG until ${isoTime(request.fullFeeUntil)}, nothing at ${isoTime(request.deadline)}`,
      ],
      ["opened", `${isoTime(request.openedAt)}, block ${block}`],
      ["accepted by", isAccepted ? `${acceptance.signer} until ${isoTime(acceptance.deadline)}` : undefined],
      [
        "answered by",
        fulfilment &&
          `operator ${fulfilment.operatorId}, block ${fulfilment.block}, transaction ${fulfilment.transaction}`,
      ],
      ["paid", fulfilment && `${formatOpg(fulfilment.paid)} OPG`],
      ["refunded", refund === undefined ? undefined : `${formatOpg(refund)} OPG`],
      ...(output === undefined ? [] : describeOutput(output).map((line) => ["output", line] as const)),
    ]),
    value: {
      request: id,
      state,
      release: request.release,
      arithmetic: arithmeticOf(release),
      mode: MODES[request.mode],
      requester: request.requester,
      lane: request.lane,
      nonce: request.nonce,
      fee: formatOpg(request.fee),
      openedAt: isoTime(request.openedAt),
      fullFeeUntil: isoTime(request.fullFeeUntil),
      deadline: isoTime(request.deadline),
      opened: { block, transaction },
      acceptance: isAccepted ? { signer: acceptance.signer, deadline: isoTime(acceptance.deadline) } : null,
      fulfilment: fulfilment === undefined ? null : { ...fulfilment, paid: formatOpg(fulfilment.paid) },
      refund: refund === undefined ? null : formatOpg(refund),
      output: output ?? null,
    },
  };
}

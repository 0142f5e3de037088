import { firstBlockOf } from "@opg-network/sdk/deployment";
import {
  type InferenceRequest,
  NO_ACCEPTANCE,
  type PackedRequest,
  REQUEST_STATES,
  type RequestState,
  requestIdOf,
  unpackRequest,
} from "@opg-network/sdk/request";
import { bytes32Argument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { allEvents, latestEvent } from "../eventLogs.ts";
import type { Session } from "../session.ts";

/** A request as its logs tell it. */
export interface LoggedRequest {
  id: string;
  packed: PackedRequest;
  request: InferenceRequest;
  /** Canonical encoding. */
  input: string;
  block: number;
  transaction: string;
}

/** What became of it. */
export interface RequestEnd {
  state: RequestState;
  acceptance: { signer: string; deadline: number };
  fulfilment?: { operatorId: number; paid: bigint; output: string; block: number; transaction: string };
  refund?: bigint;
}

export async function findRequest(session: Session, text: string): Promise<LoggedRequest> {
  const id = bytes32Argument("request", text);
  const { requests } = await session.readOnly();
  const log = await latestEvent(
    requests,
    requests.filters.RequestOpened(id),
    firstBlockOf(await session.deployment()),
  );
  if (log === undefined) throw new CommandError("request-unknown", { request: id });
  const { origin, price, times, release, cover, inputHash } = log.args.request;
  const packed = { origin, price, times, release, cover, inputHash };
  if (requestIdOf(String(requests.target), packed) !== id)
    throw new CommandError("request-unknown", { request: id });
  return {
    id,
    packed,
    request: unpackRequest(packed),
    input: log.args.input,
    block: log.blockNumber,
    transaction: log.transactionHash,
  };
}

/** State from the contract while its lane remembers it, else from how it ended in the logs. */
export async function endOf(session: Session, { id, request, block }: LoggedRequest): Promise<RequestEnd> {
  const { requests } = await session.readOnly();
  const stateNow = async () =>
    REQUEST_STATES[Number(await requests.stateOf(request.requester, request.lane, request.nonce))] ?? "none";
  const before = await stateNow();
  const [fulfilled, cancelled, expired, accepted, reopened] = await Promise.all([
    allEvents(requests, requests.filters.RequestFulfilled(id), block),
    allEvents(requests, requests.filters.RequestCancelled(id), block),
    allEvents(requests, requests.filters.RequestExpired(id), block),
    allEvents(requests, requests.filters.RequestAccepted(id), block),
    allEvents(requests, requests.filters.RequestReopened(id), block),
  ]);
  const answer = fulfilled.at(-1);
  // It may have been answered between the two questions.
  const recorded = answer === undefined ? before : await stateNow();
  const refund = (cancelled.at(-1) ?? expired.at(-1))?.args.refund;
  const acceptance = accepted.length > reopened.length ? accepted.at(-1)?.args : undefined;
  const ended = answer
    ? "fulfilled"
    : cancelled.length
      ? "cancelled"
      : expired.length
        ? acceptance
          ? "faulted"
          : "expired"
        : "none";
  return {
    state: recorded === "none" ? ended : recorded,
    acceptance:
      acceptance === undefined
        ? NO_ACCEPTANCE
        : { signer: acceptance.signer, deadline: Number(acceptance.deadline) },
    ...(answer && {
      fulfilment: {
        operatorId: Number(answer.args.operatorId),
        paid: answer.args.paid,
        output: answer.args.output,
        block: answer.blockNumber,
        transaction: answer.transactionHash,
      },
    }),
    ...(refund !== undefined && { refund }),
  };
}

import type { InferenceRequest, PackedRequest } from "@opg-network/sdk/request";
import { requestIdOf, unpackRequest } from "@opg-network/sdk/request";
import { getBytes, keccak256 } from "ethers";
import type { ChainLog } from "./chainReader.ts";
import { requestsInterface } from "./contracts.ts";

interface EventBase {
  id: string;
  blockNumber: number;
  transactionHash: string;
}

/** What happens to requests, as far as a node acts on it. */
export type RequestEvent = EventBase &
  (
    | { kind: "opened"; request: InferenceRequest; input: Uint8Array }
    | { kind: "accepted"; signer: string; deadline: number }
    | { kind: "fulfilled"; operatorId: number; paid: bigint }
    | { kind: "delivery-scheduled"; deliverableAt: number }
    | { kind: "delivered" }
    | { kind: "cancelled" }
    | { kind: "expired" }
    | { kind: "reopened" }
  );

/** The event behind a log of `InferenceRequests`; undefined for those of no interest here. */
export function toRequestEvent(log: ChainLog): RequestEvent | undefined {
  const parsed = requestsInterface.parseLog(log);
  if (parsed === null) return undefined;
  const { args } = parsed;
  const base = { id: args.id as string, blockNumber: log.blockNumber, transactionHash: log.transactionHash };
  switch (parsed.name) {
    case "RequestOpened": {
      const packed = args.request as PackedRequest;
      const input = args.input as string;
      // An endpoint cannot make the node work on, or sign for, anything but what the id commits to.
      const isGenuine = requestIdOf(log.address, packed) === base.id && keccak256(input) === packed.inputHash;
      return isGenuine
        ? { ...base, kind: "opened", request: unpackRequest(packed), input: getBytes(input) }
        : undefined;
    }
    case "RequestAccepted":
      return {
        ...base,
        kind: "accepted",
        signer: args.signer as string,
        deadline: Number(args.deadline),
      };
    case "RequestFulfilled":
      return { ...base, kind: "fulfilled", operatorId: Number(args.operatorId), paid: args.paid as bigint };
    case "DeliveryScheduled":
      return { ...base, kind: "delivery-scheduled", deliverableAt: Number(args.deliverableAt) };
    case "RequestDelivered":
      return { ...base, kind: "delivered" };
    case "RequestCancelled":
      return { ...base, kind: "cancelled" };
    case "RequestExpired":
      return { ...base, kind: "expired" };
    case "RequestReopened":
      return { ...base, kind: "reopened" };
    default:
      return undefined;
  }
}

import { AbiCoder, keccak256 } from "ethers";

/** The accounting unit on chain: 10^-6 OPG in token wei. Fees, royalties, stakes and prices are multiples of it. */
export const GRAIN = 10n ** 12n;

/** States of a request, by the number that `InferenceRequests.stateOf` gives. */
export const REQUEST_STATES = [
  "none",
  "open",
  "accepted",
  "fulfilled",
  "undelivered",
  "cancelled",
  "expired",
  "faulted",
] as const;

export type RequestState = (typeof REQUEST_STATES)[number];

/** How a result is backed, by the number that is signed. */
export const MODES = ["VANILLA", "ZK", "TEE"] as const;

export type ModeName = (typeof MODES)[number];

/** `Delivery.AtFulfilment` and `Delivery.AfterWindow`. */
export const DELIVERY = { atFulfilment: 0, afterWindow: 1 } as const;

/**
 * A request as it stands in `RequestOpened` and as whoever acts on it brings it back. Amounts are token wei, times are
 * timestamps or periods in seconds; field by field as `Request` in `IInferenceRequests.sol`.
 */
export interface InferenceRequest {
  requester: string;
  lane: number;
  nonce: number;
  release: string;
  mode: number;
  codec: number;
  inputHash: string;
  fee: bigint;
  royalty: bigint;
  minStake: bigint;
  operatorId: number;
  openedAt: number;
  fullFeeUntil: number;
  deadline: number;
  acceptPeriod: number;
  callbackGas: number;
  delivery: number;
}

/** Who accepted a request and until when it is theirs alone. */
export interface Acceptance {
  signer: string;
  deadline: number;
}

/** A request that nobody accepted. */
export const NO_ACCEPTANCE: Acceptance = { signer: `0x${"0".repeat(40)}`, deadline: 0 };

type Numeric = bigint | number;

/** A request as ethers decodes it: every integer a bigint. */
export type RequestStruct = {
  readonly [Field in keyof InferenceRequest]: InferenceRequest[Field] extends string ? string : Numeric;
};

const REQUEST_TYPE =
  "tuple(address requester, uint32 lane, uint40 nonce, bytes32 release, uint8 mode, uint8 codec, bytes32 inputHash, " +
  "uint256 fee, uint256 royalty, uint256 minStake, uint32 operatorId, uint40 openedAt, uint40 fullFeeUntil, " +
  "uint40 deadline, uint32 acceptPeriod, uint32 callbackGas, uint8 delivery)";

/** Plain request from a decoded event or struct. */
export function toRequest(struct: RequestStruct): InferenceRequest {
  return {
    requester: struct.requester,
    lane: Number(struct.lane),
    nonce: Number(struct.nonce),
    release: struct.release,
    mode: Number(struct.mode),
    codec: Number(struct.codec),
    inputHash: struct.inputHash,
    fee: BigInt(struct.fee),
    royalty: BigInt(struct.royalty),
    minStake: BigInt(struct.minStake),
    operatorId: Number(struct.operatorId),
    openedAt: Number(struct.openedAt),
    fullFeeUntil: Number(struct.fullFeeUntil),
    deadline: Number(struct.deadline),
    acceptPeriod: Number(struct.acceptPeriod),
    callbackGas: Number(struct.callbackGas),
    delivery: Number(struct.delivery),
  };
}

/** ABI encoding of a request: how it is kept outside the chain. */
export function encodeRequest(request: InferenceRequest): string {
  return AbiCoder.defaultAbiCoder().encode([REQUEST_TYPE], [request]);
}

/** Inverse of `encodeRequest`; throws on other bytes. */
export function decodeRequest(encoded: string): InferenceRequest {
  const [struct] = AbiCoder.defaultAbiCoder().decode([REQUEST_TYPE], encoded) as unknown as [RequestStruct];
  return toRequest(struct);
}

/** The id of a request at an `InferenceRequests` contract: the hash of both. */
export function requestIdOf(contract: string, request: InferenceRequest): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["address", REQUEST_TYPE], [contract, request]));
}

/**
 * Token wei that an answer mined at `timestamp` earns: all of the fee until `fullFeeUntil`, then linear down to zero at
 * `deadline`, in whole grains rounded down.
 */
export function feeAt(
  request: Pick<InferenceRequest, "fee" | "fullFeeUntil" | "deadline">,
  timestamp: number,
): bigint {
  return scaled(request.fee, request, timestamp);
}

/** The part of `feeAt` that belongs to publisher and contributors. */
export function royaltyAt(
  request: Pick<InferenceRequest, "royalty" | "fullFeeUntil" | "deadline">,
  timestamp: number,
): bigint {
  return scaled(request.royalty, request, timestamp);
}

function scaled(
  amount: bigint,
  { fullFeeUntil, deadline }: Pick<InferenceRequest, "fullFeeUntil" | "deadline">,
  timestamp: number,
): bigint {
  if (timestamp <= fullFeeUntil) return amount;
  if (timestamp >= deadline) return 0n;
  const grains = ((amount / GRAIN) * BigInt(deadline - timestamp)) / BigInt(deadline - fullFeeUntil);
  return grains * GRAIN;
}

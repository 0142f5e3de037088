import { AbiCoder, getAddress, ParamType, toBeHex } from "ethers";
import { type Cover, packCover, unpackCover } from "./cover.ts";
import { addressWord, bytes32Word, hashWords, uintWord } from "./words.ts";

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

/**
 * How a result is backed, by the number that is signed. `VANILLA` is the operator's signature alone: of an exact release a
 * wrong output is proved on chain and costs its stake; of an approximate one it is attributable, not provable.
 */
export const MODES = ["VANILLA", "ZK", "TEE"] as const;

export type ModeName = (typeof MODES)[number];

/** `Delivery.AtFulfilment` and `Delivery.AfterWindow`. */
export const DELIVERY = { atFulfilment: 0, afterWindow: 1 } as const;

/**
 * A request, spelled out: field by field as `RequestDescription` in `IInferenceRequests.sol`. Amounts are token wei in
 * whole grains, times are timestamps or periods in seconds.
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
  /** What the answer insures, and for whom; absent = nothing. */
  cover?: Cover;
}

/** Who accepted a request and until when it is theirs alone. */
export interface Acceptance {
  signer: string;
  deadline: number;
}

/** A request that nobody accepted. */
export const NO_ACCEPTANCE: Acceptance = { signer: `0x${"0".repeat(40)}`, deadline: 0 };

/** A request as the contract takes and emits it: `contracts/types/Request.sol`. */
export interface PackedRequest {
  /** requester 160 | lane 32 | nonce 40 | mode 8 | codec 8 | delivery 8, from the high end. */
  origin: bigint;
  /** fee 56 | royalty 56 | minStake 56 (grains) | operatorId 32 | callbackGas 32 | 24 unused. */
  price: bigint;
  /** openedAt 40 | fullFeeUntil 40 | deadline 40 | acceptPeriod 32 | 104 unused. */
  times: bigint;
  release: string;
  /** Amount 96 (grains) | beneficiary 160. */
  cover: bigint;
  inputHash: string;
}

const PACKED_TYPE = ParamType.from(
  "tuple(uint256 origin, uint256 price, uint256 times, bytes32 release, uint256 cover, bytes32 inputHash)",
);
/** `FeeCurve.ONE`: shares are rounded down to this. */
const SHARE_ONE = 10n ** 18n;

/** Spells a packed request out. */
export function unpackRequest(packed: PackedRequest): InferenceRequest {
  const { release, origin, price, times, inputHash } = packed;
  const cover = unpackCover(packed.cover);
  return {
    requester: getAddress(toBeHex(bits(origin, 96, 160), 20)),
    lane: Number(bits(origin, 64, 32)),
    nonce: Number(bits(origin, 24, 40)),
    release,
    mode: Number(bits(origin, 16, 8)),
    codec: Number(bits(origin, 8, 8)),
    inputHash,
    fee: bits(price, 200, 56) * GRAIN,
    royalty: bits(price, 144, 56) * GRAIN,
    minStake: bits(price, 88, 56) * GRAIN,
    operatorId: Number(bits(price, 56, 32)),
    openedAt: Number(bits(times, 216, 40)),
    fullFeeUntil: Number(bits(times, 176, 40)),
    deadline: Number(bits(times, 136, 40)),
    acceptPeriod: Number(bits(times, 104, 32)),
    callbackGas: Number(bits(price, 24, 32)),
    delivery: Number(bits(origin, 0, 8)),
    ...(cover === undefined ? {} : { cover }),
  };
}

/** Inverse of `unpackRequest`. */
export function packRequest(request: InferenceRequest): PackedRequest {
  return {
    origin: word([
      [BigInt(request.requester), 96],
      [request.lane, 64],
      [request.nonce, 24],
      [request.mode, 16],
      [request.codec, 8],
      [request.delivery, 0],
    ]),
    price: word([
      [request.fee / GRAIN, 200],
      [request.royalty / GRAIN, 144],
      [request.minStake / GRAIN, 88],
      [request.operatorId, 56],
      [request.callbackGas, 24],
    ]),
    times: word([
      [request.openedAt, 216],
      [request.fullFeeUntil, 176],
      [request.deadline, 136],
      [request.acceptPeriod, 104],
    ]),
    release: request.release,
    cover: packCover(request.cover),
    inputHash: request.inputHash,
  };
}

/** ABI encoding of a packed request: how it is kept outside the chain. */
export function encodeRequest(request: InferenceRequest): string {
  return `0x${wordsOf(packRequest(request)).join("")}`;
}

/** Inverse of `encodeRequest`; throws on other bytes. */
export function decodeRequest(encoded: string): InferenceRequest {
  const [packed] = AbiCoder.defaultAbiCoder().decode([PACKED_TYPE], encoded) as unknown as [PackedRequest];
  return unpackRequest(packed);
}

/** The id of a request at an `InferenceRequests` contract: the hash of both. */
export function requestIdOf(contract: string, request: PackedRequest): string {
  return hashWords([addressWord(contract), ...wordsOf(request)]);
}

function wordsOf({ origin, price, times, release, cover, inputHash }: PackedRequest): string[] {
  return [
    ...[origin, price, times].map((word) => uintWord(word)),
    bytes32Word(release),
    uintWord(cover),
    bytes32Word(inputHash),
  ];
}

/**
 * Token wei that an answer mined at `timestamp` earns: all of the fee until `fullFeeUntil`, then linear down to zero at
 * `deadline`, in whole grains rounded down.
 */
export function feeAt(
  request: Pick<InferenceRequest, "fee" | "fullFeeUntil" | "deadline">,
  timestamp: number,
): bigint {
  return scaled(request.fee, shareAt(request, timestamp));
}

/** The part of `feeAt` that belongs to publisher and contributors. */
export function royaltyAt(
  request: Pick<InferenceRequest, "royalty" | "fullFeeUntil" | "deadline">,
  timestamp: number,
): bigint {
  return scaled(request.royalty, shareAt(request, timestamp));
}

function shareAt(
  { fullFeeUntil, deadline }: Pick<InferenceRequest, "fullFeeUntil" | "deadline">,
  timestamp: number,
): bigint {
  if (timestamp <= fullFeeUntil) return SHARE_ONE;
  if (timestamp >= deadline) return 0n;
  return (SHARE_ONE * BigInt(deadline - timestamp)) / BigInt(deadline - fullFeeUntil);
}

function scaled(amount: bigint, share: bigint): bigint {
  return (((amount / GRAIN) * share) / SHARE_ONE) * GRAIN;
}

function bits(packed: bigint, from: number, width: number): bigint {
  return (packed >> BigInt(from)) & ((1n << BigInt(width)) - 1n);
}

function word(fields: readonly (readonly [bigint | number, number])[]): bigint {
  return fields.reduce((packed, [value, from]) => packed | (BigInt(value) << BigInt(from)), 0n);
}

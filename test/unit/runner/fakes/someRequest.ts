import type { InferenceRequest } from "@opg-network/sdk/request";
import { packRequest, requestIdOf } from "@opg-network/sdk/request";
import { hexlify, keccak256, parseEther } from "ethers";

export const REQUESTS_ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
export const RELEASE = `0x${"01".repeat(32)}`;
export const INPUT = Uint8Array.of(1, 2, 3);

/** A request as a node meets them; `overrides` say what is special. */
export function someRequest(overrides: Partial<InferenceRequest> = {}): InferenceRequest {
  return {
    requester: "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
    lane: 0,
    nonce: 0,
    release: RELEASE,
    mode: 0,
    codec: 1,
    inputHash: keccak256(hexlify(INPUT)),
    fee: parseEther("1"),
    royalty: parseEther("0.01"),
    minStake: parseEther("1000"),
    operatorId: 0,
    openedAt: 1_000,
    fullFeeUntil: 2_000,
    deadline: 3_000,
    acceptPeriod: 0,
    callbackGas: 100_000,
    delivery: 0,
    ...overrides,
  };
}

export function idOf(request: InferenceRequest): string {
  return requestIdOf(REQUESTS_ADDRESS, packRequest(request));
}

import type { Evidence } from "@opg-network/sdk/evidence/evidence";
import { type InferenceResult, resultHash, typedDataDigest } from "@opg-network/sdk/inferenceResult";
import { hexlify, id, keccak256, Wallet, ZeroHash } from "ethers";

export const DOMAIN = id("domain");
export const RELEASE = id("release");
export const NOW_SEC = 1_000_000;
export const SIGNER: Wallet = new Wallet(`0x${"21".repeat(32)}`);
export const INPUT: Uint8Array = Uint8Array.of(1, 2, 3);
export const RIGHT: Uint8Array = Uint8Array.of(7);
export const WRONG: Uint8Array = Uint8Array.of(8);

/** A signed result, alone under its signature, as the logs would give it. */
export function someEvidence(
  output: Uint8Array,
  {
    input = INPUT,
    isUsed = true,
    signer = SIGNER,
    ...overrides
  }: Partial<InferenceResult> & { input?: Uint8Array; isUsed?: boolean; signer?: Wallet } = {},
): Evidence {
  const result: InferenceResult = {
    context: ZeroHash,
    release: RELEASE,
    mode: 0,
    codec: 1,
    inputHash: keccak256(input),
    outputHash: keccak256(output),
    fee: 10n ** 18n,
    maxCover: 0n,
    validUntil: NOW_SEC + 600,
    ...overrides,
  };
  const { serialized: signature } = signer.signingKey.sign(typedDataDigest(DOMAIN, resultHash(result)));
  return {
    signed: { result, path: [], signature },
    signer: signer.address,
    output: hexlify(output),
    input: isUsed ? hexlify(input) : undefined,
    blockNumber: 1,
    transactionHash: ZeroHash,
  };
}

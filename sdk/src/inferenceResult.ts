import { concat, keccak256, TypedDataEncoder, toUtf8Bytes } from "ethers";
import { bytes32Word, hashWords, uintWord } from "./words.ts";

/**
 * What an operator signs: which model gave which output for which input, at what price, and what it may be used for.
 * EIP-712 struct in the domain of the `Operators` contract; `contracts/types/InferenceResult.sol` is the same in
 * Solidity. Hashes and ids are 32 bytes in hex; amounts are token wei; `validUntil` is a timestamp in seconds.
 */
export interface InferenceResult {
  /** Request id for a request; 32 zero bytes = usable by anyone. */
  context: string;
  release: string;
  mode: number;
  codec: number;
  inputHash: string;
  outputHash: string;
  fee: bigint;
  maxCover: bigint;
  validUntil: number;
}

/** EIP-712 types of a single result, for `signTypedData` and for tools that show what is signed. */
export const INFERENCE_RESULT_TYPES = {
  InferenceResult: [
    { name: "context", type: "bytes32" },
    { name: "release", type: "bytes32" },
    { name: "mode", type: "uint8" },
    { name: "codec", type: "uint8" },
    { name: "inputHash", type: "bytes32" },
    { name: "outputHash", type: "bytes32" },
    { name: "fee", type: "uint256" },
    { name: "maxCover", type: "uint256" },
    { name: "validUntil", type: "uint40" },
  ],
};

/** EIP-712 types of several results under one signature; see `resultBundle.ts`. */
export const INFERENCE_BUNDLE_TYPES = {
  InferenceBundle: [{ name: "root", type: "bytes32" }],
};

/** EIP-712 types by which a signer's key agrees to an operator's owner. */
export const SIGNER_CONSENT_TYPES = {
  SignerConsent: [{ name: "owner", type: "address" }],
};

/** The EIP-712 domain of everything that operators sign. */
export interface OperatorsDomain {
  name: string;
  version: string;
  chainId: bigint;
  verifyingContract: string;
}

/** @param operators address of the `Operators` contract */
export function operatorsDomain(chainId: bigint, operators: string): OperatorsDomain {
  return { name: "OPG Inference", version: "1", chainId, verifyingContract: operators };
}

export function domainSeparatorOf(domain: OperatorsDomain): string {
  return TypedDataEncoder.hashDomain(domain);
}

const RESULT_TYPEHASH = keccak256(
  toUtf8Bytes(
    `InferenceResult(${INFERENCE_RESULT_TYPES.InferenceResult.map(({ type, name }) => `${type} ${name}`).join(",")})`,
  ),
);
/** EIP-712 struct hash of a result: the leaf of a bundle. */
export function resultHash(result: InferenceResult): string {
  return hashWords([
    bytes32Word(RESULT_TYPEHASH),
    bytes32Word(result.context),
    bytes32Word(result.release),
    uintWord(result.mode, 8),
    uintWord(result.codec, 8),
    bytes32Word(result.inputHash),
    bytes32Word(result.outputHash),
    uintWord(result.fee),
    uintWord(result.maxCover),
    uintWord(result.validUntil, 40),
  ]);
}

/** The digest that is signed for a struct hash under a domain separator (EIP-712). */
export function typedDataDigest(domainSeparator: string, structHash: string): string {
  return keccak256(concat(["0x1901", domainSeparator, structHash]));
}

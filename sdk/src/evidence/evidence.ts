import { recoverAddress } from "ethers";
import { type InferenceResult, resultHash } from "../inferenceResult.ts";
import { bundlePaths, memberDigest } from "../resultBundle.ts";

/** A log as evidence is read from it; those of ethers and of a receipt are. */
export interface EvidenceLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: number;
  readonly transactionHash: string;
}

/** What `Disputes` takes: `SignedResult` in `IProofSettlement.sol`. */
export interface SignedResult {
  readonly result: InferenceResult;
  /** Siblings inside the signed bundle; empty when the result was signed alone. */
  readonly path: string[];
  /** 65 bytes, r ‖ s ‖ v. */
  readonly signature: string;
}

/** One signed result with what it answers for, as the logs give it. Bytes are hex. */
export interface Evidence {
  readonly signed: SignedResult;
  /** As the contract said; `evidenceSigner` says it from the signature. */
  readonly signer: string;
  /** Canonical encoding, unless the operator lied about that too. */
  readonly output: string;
  /** What `inputHash` is of. Undefined where a result was paid for and never used: its input is in no log. */
  readonly input: string | undefined;
  readonly blockNumber: number;
  readonly transactionHash: string;
}

/** Who signed it. Throws when the signature is none. */
export function evidenceSigner({ result, path, signature }: SignedResult, domainSeparator: string): string {
  return recoverAddress(memberDigest(domainSeparator, resultHash(result), path), signature);
}

/** What a member of a bundle brings to its evidence. */
export interface BundleMember {
  readonly result: InferenceResult;
  readonly output: string;
  readonly input: string | undefined;
}

/**
 * The evidence in one signed bundle.
 * @param leaves struct hashes of all that was signed, in order
 * @param members those of which more than the hash is known, by their place
 */
export function evidenceOfBundle(
  { signer, signature }: { signer: string; signature: string },
  leaves: readonly string[],
  members: readonly (BundleMember | undefined)[],
  { blockNumber, transactionHash }: Pick<EvidenceLog, "blockNumber" | "transactionHash">,
): Evidence[] {
  if (members.every((member) => member === undefined)) return [];
  const paths = bundlePaths(leaves);
  return members.flatMap((member, place) => {
    if (member === undefined) return [];
    const { result, output, input } = member;
    const signed = { result, path: paths[place] ?? [], signature };
    return [{ signed, signer, output, input, blockNumber, transactionHash }];
  });
}

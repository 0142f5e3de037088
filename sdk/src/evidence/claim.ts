import { AbiCoder, keccak256 } from "ethers";
import type { InferenceResult } from "../inferenceResult.ts";

/** What an operator answers for: `contracts/types/Claim.sol`. Hashes and ids are 32 bytes in hex. */
export interface Claim {
  readonly operatorId: number;
  /** The operator's when it was accused. */
  readonly era: number;
  readonly release: string;
  readonly codec: number;
  readonly inputHash: string;
  readonly outputHash: string;
}

/** Who answers for what a signer signed, as `Operators.slashableOperatorOf` says. */
export type Accountable = Pick<Claim, "operatorId" | "era">;

/** The one place where a claim is put together. */
export function claimOf({ operatorId, era }: Accountable, result: InferenceResult): Claim {
  const { release, codec, inputHash, outputHash } = result;
  return { operatorId, era, release, codec, inputHash, outputHash };
}

/** A claim as ethers decodes it, out of an event or a call. */
export function decodedClaim(
  claim: Record<"operatorId" | "era" | "codec", bigint> &
    Record<"release" | "inputHash" | "outputHash", string>,
): Claim {
  const { release, inputHash, outputHash } = claim;
  const [operatorId, era, codec] = [claim.operatorId, claim.era, claim.codec].map(Number);
  return {
    operatorId: operatorId as number,
    era: era as number,
    release,
    codec: codec as number,
    inputHash,
    outputHash,
  };
}

const ANSWER_BITS = 104n;
const QUESTION_WORDS = ["uint32", "uint16", "bytes32", "uint8", "bytes32"];

/** Under which a claim is punished once an era, however often it was signed: `Claim.keyOf`. */
export function claimKey({ operatorId, era, release, codec, inputHash, outputHash }: Claim): string {
  const question = encoded(QUESTION_WORDS, [operatorId, era, release, codec, inputHash]);
  const answer = BigInt(encoded(["bytes32", "bytes32"], [question, outputHash]));
  const upper = (BigInt(question) >> ANSWER_BITS) << ANSWER_BITS;
  return `0x${(upper | (answer & ((1n << ANSWER_BITS) - 1n))).toString(16).padStart(64, "0")}`;
}

/** What `challenger` commits to before it accuses: `Claim.commitmentOf`. */
export function claimCommitment(claim: Claim, challenger: string, salt: string): string {
  return encoded(["bytes32", "address", "bytes32"], [claimKey(claim), challenger, salt]);
}

/** Of two outputs for one input the claim that a contradiction punishes: mostly that with the higher output hash. */
export function equivocationClaim(a: Claim, b: Claim): Claim {
  return BigInt(a.outputHash) > BigInt(b.outputHash) ? a : b;
}

function encoded(types: readonly string[], values: readonly unknown[]): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, values));
}

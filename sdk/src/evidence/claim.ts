import { AbiCoder, keccak256 } from "ethers";
import type { InferenceResult } from "../inferenceResult.ts";

/** What an operator answers for: `contracts/types/Claim.sol`. Hashes and ids are 32 bytes in hex. */
export interface Claim {
  readonly operatorId: number;
  readonly release: string;
  readonly codec: number;
  readonly inputHash: string;
  readonly outputHash: string;
}

/** Who answers for what a signer signed, as `Operators.slashableOperatorOf` says. */
export type Accountable = Pick<Claim, "operatorId">;

/** The one place where a claim is put together. */
export function claimOf(accountable: Accountable, result: InferenceResult): Claim {
  const { release, codec, inputHash, outputHash } = result;
  const { operatorId } = accountable;
  return { operatorId, release, codec, inputHash, outputHash };
}

/** Under which a claim is punished once, however often it was signed: `Claim.keyOf`. */
export function claimKey({ operatorId, release, codec, inputHash, outputHash }: Claim): string {
  return encoded(
    ["uint32", "bytes32", "uint8", "bytes32", "bytes32"],
    [operatorId, release, codec, inputHash, outputHash],
  );
}

/** What `challenger` commits to before it accuses: `Claim.commitmentOf`. */
export function claimCommitment(
  { operatorId, release, codec, inputHash }: Claim,
  challenger: string,
  salt: string,
): string {
  return encoded(
    ["uint32", "bytes32", "uint8", "bytes32", "address", "bytes32"],
    [operatorId, release, codec, inputHash, challenger, salt],
  );
}

/** Of two outputs for one input the claim that `proveEquivocation` marks: that with the higher output hash. */
export function equivocationClaim(a: Claim, b: Claim): Claim {
  return BigInt(a.outputHash) > BigInt(b.outputHash) ? a : b;
}

function encoded(types: readonly string[], values: readonly unknown[]): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, values));
}

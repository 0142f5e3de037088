import { AbiCoder, keccak256, recoverAddress, ZeroAddress, ZeroHash } from "ethers";
import { CarriedResultsError, type ResultBundle } from "./carriedResults.ts";
import { type InferenceResult, resultHash } from "./inferenceResult.ts";
import { bundleDigest } from "./resultBundle.ts";
import { hashHex } from "./words.ts";

/** Context of a result that `consumer` uses and `payer` pays: `IPipe.contextOf`. */
export function contextOf(payer: string, consumer: string): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["address", "address"], [payer, consumer]));
}

/** The results that a bundle stands for when `payer` pays: what its operator signed. */
export function signedResultsOf(bundle: Omit<ResultBundle, "signature">, payer: string): InferenceResult[] {
  const context = bundle.consumer === ZeroAddress ? ZeroHash : contextOf(payer, bundle.consumer);
  return bundle.results.map(({ output, proof: _, ...result }) => ({
    ...result,
    context,
    outputHash: hashHex(output),
    validUntil: bundle.validUntil,
  }));
}

/** The digest that the operator signs for a bundle. */
export function carriedDigest(
  bundle: Omit<ResultBundle, "signature">,
  payer: string,
  domainSeparator: string,
): string {
  return bundleDigest(domainSeparator, signedResultsOf(bundle, payer).map(resultHash));
}

/** Who signed a bundle for `payer`. Throws `CarriedResultsError` when the signature is none that the chain takes. */
export function bundleSigner(bundle: ResultBundle, payer: string, domainSeparator: string): string {
  // Only the canonical form: `ethers` would also take what OpenZeppelin's ECDSA refuses.
  const [s, v] = [BigInt(`0x${bundle.signature.slice(66, 130)}`), Number(`0x${bundle.signature.slice(130)}`)];
  if (s > HALF_ORDER || (v !== 27 && v !== 28))
    throw CarriedResultsError.field("signature", bundle.signature, "not canonical");
  try {
    return recoverAddress(carriedDigest(bundle, payer, domainSeparator), bundle.signature);
  } catch {
    throw CarriedResultsError.field("signature", bundle.signature, "no signature");
  }
}

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

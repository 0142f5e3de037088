import type { SignedResult } from "@opg-network/sdk/evidence/evidence";
import type { InferenceResult } from "@opg-network/sdk/inferenceResult";

type JsonResult = Omit<InferenceResult, "fee" | "maxCover"> & { fee: string; maxCover: string };

/** A signed result as the store keeps it. */
export function signedToJson({ result, path, signature }: SignedResult): string {
  const { fee, maxCover } = result;
  return JSON.stringify({
    result: { ...result, fee: fee.toString(), maxCover: maxCover.toString() },
    path,
    signature,
  });
}

/** Inverse of `signedToJson`. */
export function signedFromJson(json: string): SignedResult {
  const { result, path, signature } = JSON.parse(json) as {
    result: JsonResult;
    path: string[];
    signature: string;
  };
  return {
    result: { ...result, fee: BigInt(result.fee), maxCover: BigInt(result.maxCover) },
    path,
    signature,
  };
}

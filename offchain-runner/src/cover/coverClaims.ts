import { claimKey, claimOf } from "@opg-network/sdk/evidence/claim";
import type { InferenceResult } from "@opg-network/sdk/inferenceResult";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import type { BytesLike } from "ethers";

/** A result that insures somebody, and where that was reserved. */
export interface InsuredResult {
  operatorId: number;
  /** `Pipe` or `InferenceRequests`. */
  coverer: string;
  result: InferenceResult;
}

/** A cover that is reserved, for whom, and until when it can be claimed. */
export interface CoverClaim extends InsuredResult {
  beneficiary: string;
  /** Token wei. */
  amount: bigint;
  /** Timestamp from which it is too late. */
  endsAt: number;
  /** What must be proved wrong for it. */
  claimKey: string;
}

interface Reserved {
  beneficiary: string;
  amount: bigint;
  endsAt: bigint;
  era: bigint;
}

/** What is asked of the contracts; those that `typechain` generates will do. */
export interface CoverContracts {
  operators: {
    coverOf(operatorId: number, coverer: string, resultHash: BytesLike): Promise<Reserved>;
  };
  disputes: { isProvedWrong(key: BytesLike): Promise<boolean> };
}

/** What a result insures and nobody claimed, be it too late or not; undefined when there is nothing. */
export async function reservedCover(
  insured: InsuredResult,
  { operators }: Pick<CoverContracts, "operators">,
): Promise<CoverClaim | undefined> {
  const { operatorId, coverer, result } = insured;
  const { beneficiary, amount, endsAt, era } = await operators.coverOf(
    operatorId,
    coverer,
    resultHash(result),
  );
  if (amount === 0n) return undefined;
  // Evidence of an era is dead in the next: the verdict is of the one in which the result was used.
  const key = claimKey(claimOf({ operatorId, era: Number(era) }, result));
  return { ...insured, beneficiary, amount, endsAt: Number(endsAt), claimKey: key };
}

/** The same while it can still be claimed. */
export async function liveCover(
  insured: InsuredResult,
  contracts: Pick<CoverContracts, "operators">,
  nowSec: number,
): Promise<CoverClaim | undefined> {
  const cover = await reservedCover(insured, contracts);
  return cover !== undefined && nowSec < cover.endsAt ? cover : undefined;
}

/**
 * Of results that were used, those whose cover `Disputes.claimCover` pays now, since they were proved wrong. For
 * whoever proved it, or the beneficiary: anyone may send the claims.
 */
export async function coverClaims(
  insured: readonly InsuredResult[],
  contracts: CoverContracts,
  nowSec: number,
): Promise<CoverClaim[]> {
  const claims: CoverClaim[] = [];
  for (const each of insured) {
    const cover = await liveCover(each, contracts, nowSec);
    if (cover !== undefined && (await contracts.disputes.isProvedWrong(cover.claimKey))) claims.push(cover);
  }
  return claims;
}

import type { InferenceResult } from "@opg-network/sdk/inferenceResult";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import { type BytesLike, isCallException } from "ethers";

/** A result that insures somebody, and where that was reserved. */
export interface InsuredResult {
  operatorId: number;
  /** `Pipe` or `InferenceRequests`. */
  coverer: string;
  result: InferenceResult;
}

/** A cover that can be claimed now, for whom, and by what call of `Disputes`. */
export interface CoverClaim extends InsuredResult {
  beneficiary: string;
  /** Token wei. */
  amount: bigint;
  /** Timestamp from which it is too late. */
  endsAt: number;
}

interface Reserved {
  beneficiary: string;
  amount: bigint;
  endsAt: bigint;
}

/** What is asked of the contracts; those that `typechain` generates will do. */
export interface CoverContracts {
  operators: {
    coverOf(operatorId: number, coverer: string, resultHash: BytesLike): Promise<Reserved>;
  };
  disputes: {
    claimCover: {
      staticCall(operatorId: number, coverer: string, result: InferenceResult): Promise<unknown>;
    };
  };
}

/** What a result insures that has not been claimed; nothing when there is none, or it is too late. */
export async function reservedCover(
  insured: InsuredResult,
  { operators }: Pick<CoverContracts, "operators">,
  nowSec: number,
): Promise<CoverClaim | undefined> {
  const { operatorId, coverer, result } = insured;
  const { beneficiary, amount, endsAt } = await operators.coverOf(operatorId, coverer, resultHash(result));
  if (amount === 0n || Number(endsAt) <= nowSec) return undefined;
  return { ...insured, beneficiary, amount, endsAt: Number(endsAt) };
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
    const reserved = await reservedCover(each, contracts, nowSec);
    if (reserved !== undefined && (await passes(reserved, contracts))) claims.push(reserved);
  }
  return claims;
}

async function passes(
  { operatorId, coverer, result }: CoverClaim,
  { disputes }: CoverContracts,
): Promise<boolean> {
  try {
    await disputes.claimCover.staticCall(operatorId, coverer, result);
    return true;
  } catch (error) {
    if (isCallException(error as Error)) return false;
    throw error;
  }
}

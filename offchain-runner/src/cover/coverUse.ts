import { GRAIN } from "@opg-network/sdk/request";
import type { CoverConfig } from "../config.ts";

/** Cover that a node is bound to and the chain does not show yet, token wei. */
export interface CoverUse {
  /** Of one payer. */
  ofPayer: bigint;
  total: bigint;
  /** What the total leaves less to reserve: the chain locks 10/3 of each cover, rounded up. */
  lockable: bigint;
}

export const NO_COVER_USE: CoverUse = { ofPayer: 0n, total: 0n, lockable: 0n };

const GRAINS_OF_WHOLE_LOCKS = 3n;

/** A cover with what rounding its lock may cost. */
export function lockableOf(amount: bigint): bigint {
  const step = GRAINS_OF_WHOLE_LOCKS * GRAIN;
  return ((amount + step - 1n) / step) * step;
}

/** Limits are of the node, what can be reserved is of one coverer: `others` counts for the first alone. */
export function beside(own: CoverUse, others: CoverUse): CoverUse {
  return {
    ofPayer: own.ofPayer + others.ofPayer,
    total: own.total + others.total,
    lockable: own.lockable,
  };
}

/** Whether one cover alone is more than the node ever insures. */
export function isAboveLimits(amount: bigint, { perResult, perPayer, total }: CoverConfig): boolean {
  return amount > perResult || amount > perPayer || amount > total;
}

/** Which limit a further cover would break, for the time being. @param coverable token wei that the chain would reserve */
export function exhaustedBy(
  amount: bigint,
  use: CoverUse,
  { perPayer, total }: CoverConfig,
  coverable: bigint,
): "payer" | "all" | undefined {
  if (use.ofPayer + amount > perPayer) return "payer";
  return use.total + amount > total || use.lockable + amount > coverable ? "all" : undefined;
}

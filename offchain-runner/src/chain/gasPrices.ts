/** What a transaction bids, wei per gas (EIP-1559). */
export interface GasPrice {
  maxFee: bigint;
  tip: bigint;
}

export interface GasPriceLimits {
  maxFee: bigint;
  maxTip: bigint;
}

/** Mempools take a replacement from 10 % more on; some ask 12.5 %. */
const BUMP_NUMERATOR = 9n;
const BUMP_DENOMINATOR = 8n;

/** A first bid that survives the base fee doubling; undefined when the base fee alone is beyond the limit. */
export function firstBid(
  baseFee: bigint,
  suggestedTip: bigint,
  limits: GasPriceLimits,
): GasPrice | undefined {
  const tip = suggestedTip < limits.maxTip ? suggestedTip : limits.maxTip;
  if (baseFee + tip > limits.maxFee) return undefined;
  return { maxFee: least(2n * baseFee + tip, limits.maxFee), tip };
}

/** The next bid for the same nonce; undefined when the limit leaves no room for a bump that mempools take. */
export function nextBid(last: GasPrice, baseFee: bigint, limits: GasPriceLimits): GasPrice | undefined {
  const bumped = { maxFee: bump(last.maxFee), tip: bump(last.tip) };
  if (bumped.maxFee > limits.maxFee) return undefined;
  const wanted = 2n * baseFee + bumped.tip;
  const maxFee = least(wanted > bumped.maxFee ? wanted : bumped.maxFee, limits.maxFee);
  return { maxFee, tip: least(bumped.tip, maxFee) };
}

function bump(wei: bigint): bigint {
  return (wei * BUMP_NUMERATOR) / BUMP_DENOMINATOR + 1n;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

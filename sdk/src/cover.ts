import { getAddress, toBeHex } from "ethers";
import { GRAIN } from "./request.ts";

/** What an answer insures, and for whom: `contracts/types/Cover.sol`. */
export interface Cover {
  /** Token wei, whole grains. */
  amount: bigint;
  beneficiary: string;
}

const ADDRESS_BITS = 160n;
const BPS = 10_000n;

/** The word that contracts take; none is zero. Throws `RangeError` when the amount is not whole grains. */
export function packCover(cover: Cover | undefined): bigint {
  if (cover === undefined) return 0n;
  if (cover.amount < 0n || cover.amount % GRAIN !== 0n)
    throw new RangeError(`a cover of ${cover.amount} wei is not a whole number of grains`);
  return ((cover.amount / GRAIN) << ADDRESS_BITS) | BigInt(cover.beneficiary);
}

/** Inverse of `packCover`; half a cover is one too, which contracts refuse. */
export function unpackCover(word: bigint): Cover | undefined {
  if (word === 0n) return undefined;
  const beneficiary = word & ((1n << ADDRESS_BITS) - 1n);
  return { amount: (word >> ADDRESS_BITS) * GRAIN, beneficiary: getAddress(toBeHex(beneficiary, 20)) };
}

/** What insuring adds to a price at an operator's rate, token wei; rounded up to whole grains. */
export function coverPrice(amount: bigint, coverRateBps: number): bigint {
  return ((amount * BigInt(coverRateBps) + BPS * GRAIN - 1n) / (BPS * GRAIN)) * GRAIN;
}

import type { FloatDtype } from "./dtype.ts";
import { TensorError } from "./tensorError.ts";

/** Up to here both codecs convert exactly: 10^60 < 2^200 leaves the Solidity one 56 bits of quotient in a word. */
export const MAX_DECIMALS = 60;

const INT256_MAX = 2n ** 255n - 1n;

type FloatFormat = {
  /** Bits of the fraction field. */
  fraction: number;
  /** Exponent of the smallest normal number. */
  minExponent: number;
  /** Bits of +infinity. */
  infinity: bigint;
  sign: bigint;
};

const FORMATS: Readonly<Record<FloatDtype, FloatFormat>> = {
  float32: { fraction: 23, minExponent: -126, infinity: 0xffn << 23n, sign: 1n << 31n },
  float64: { fraction: 52, minExponent: -1022, infinity: 0x7ffn << 52n, sign: 1n << 63n },
};

/** The format of a float dtype. @throws TensorError for any other dtype. */
function formatOf(dtype: string): FloatFormat {
  if (dtype !== "float32" && dtype !== "float64") throw new TensorError("tensor-dtype-not-float", { dtype });
  return FORMATS[dtype];
}

/**
 * Bits of the IEEE 754 float nearest to `value / 10^decimals`, ties to even. Zero becomes +0; a negative number too
 * small for the format becomes −0.
 * @param value fixed-point number, within int256
 * @throws TensorError when the float would be infinite, or an argument is out of range
 */
export function floatFromFixed(value: bigint, decimals: number, dtype: FloatDtype): bigint {
  const { fraction, minExponent, infinity, sign } = formatOf(dtype);
  const unit = unitOf(decimals);
  if (!fitsInt256(value)) throw new TensorError("fixed-out-of-range", { value });
  if (value === 0n) return 0n;
  const magnitude = value < 0n ? -value : value;
  const exponent = Math.max(exponentOf(magnitude, unit), minExponent);
  const significand = divideRounding(magnitude, unit, exponent - fraction);
  // The implicit bit adds one to the exponent field, and so does a carry out of the rounding.
  const bits = (BigInt(exponent - minExponent) << BigInt(fraction)) + significand;
  if (bits >= infinity) throw new TensorError("fixed-exceeds-float", { value, decimals, dtype });
  return value < 0n ? bits | sign : bits;
}

/**
 * The fixed-point number nearest to the float with these bits, ties to even; −0 becomes 0.
 * @throws TensorError when the float is NaN or infinite, the result leaves int256, or `decimals` is out of range
 */
export function fixedFromFloat(bits: bigint, decimals: number, dtype: FloatDtype): bigint {
  const { fraction, minExponent, infinity, sign } = formatOf(dtype);
  const unit = unitOf(decimals);
  const magnitude = bits & (sign - 1n);
  if (magnitude >= infinity) throw new TensorError("float-not-finite", { bits, dtype });
  const field = magnitude >> BigInt(fraction);
  const implicit = field === 0n ? 0n : 1n << BigInt(fraction);
  const significand = (magnitude & ((1n << BigInt(fraction)) - 1n)) | implicit;
  const exponent = Math.max(Number(field), 1) - 1 + minExponent - fraction;
  const rounded = divideRounding(significand * unit, 1n, -exponent);
  const value = (bits & sign) === 0n ? rounded : -rounded;
  if (!fitsInt256(value)) throw new TensorError("float-exceeds-fixed", { bits, decimals, dtype });
  return value;
}

/** @throws TensorError when `decimals` is not an integer from 0 to 60 */
export function checkDecimals(decimals: number): void {
  if (Number.isInteger(decimals) && decimals >= 0 && decimals <= MAX_DECIMALS) return;
  throw new TensorError("fixed-decimals-too-high", { decimals, max: MAX_DECIMALS });
}

function fitsInt256(value: bigint): boolean {
  return value <= INT256_MAX && value >= -INT256_MAX - 1n;
}

function unitOf(decimals: number): bigint {
  checkDecimals(decimals);
  return 10n ** BigInt(decimals);
}

/** The largest e with 2^e ≤ n / d. */
function exponentOf(n: bigint, d: bigint): number {
  const guess = n.toString(2).length - d.toString(2).length;
  const reached = guess < 0 ? n << BigInt(-guess) >= d : n >= d << BigInt(guess);
  return reached ? guess : guess - 1;
}

/** n / (d · 2^shift) to nearest, ties to even. */
function divideRounding(n: bigint, d: bigint, shift: number): bigint {
  const dividend = shift < 0 ? n << BigInt(-shift) : n;
  const divisor = shift > 0 ? d << BigInt(shift) : d;
  const quotient = dividend / divisor;
  const twice = 2n * (dividend % divisor);
  const up = twice > divisor || (twice === divisor && (quotient & 1n) === 1n);
  return up ? quotient + 1n : quotient;
}

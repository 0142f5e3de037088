import type { Dtype } from "@opg-network/sdk/dtype";
import { dtypeInfo } from "@opg-network/sdk/dtype";
import type { Pending } from "./pending.ts";
import type { Buffer } from "./plannedOp.ts";
import type { View } from "./view.ts";

/** Where a value lies: in a buffer, or in what is still to be computed, whose elements the view then counts. */
export interface Place {
  readonly source: Buffer | Pending;
  readonly view: View;
}

/** A tensor as the lowering knows it: each element's bounds, and where it lies unless it is the same in every run. */
export interface Value {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly lo: BigInt64Array;
  readonly hi: BigInt64Array;
  readonly place: Place | undefined;
}

export interface Bounds {
  readonly lo: bigint;
  readonly hi: bigint;
}

export const INT64: Bounds = { lo: -(1n << 63n), hi: (1n << 63n) - 1n };

/** Every value that an element of the type can have. */
export function boundsOf(dtype: Dtype): Bounds {
  const { bytes, kind } = dtypeInfo(dtype);
  if (kind === "bool") return { lo: 0n, hi: 1n };
  const bits = BigInt(8 * bytes);
  return kind === "signed"
    ? { lo: -(1n << (bits - 1n)), hi: (1n << (bits - 1n)) - 1n }
    : { lo: 0n, hi: (1n << bits) - 1n };
}

export function constant(dtype: Dtype, shape: readonly number[], elements: BigInt64Array): Value {
  return { dtype, shape, lo: elements, hi: elements, place: undefined };
}

export function hull({ lo, hi }: { lo: BigInt64Array; hi: BigInt64Array }): Bounds {
  let low = lo[0] ?? 0n;
  let high = hi[0] ?? 0n;
  for (const value of lo) if (value < low) low = value;
  for (const value of hi) if (value > high) high = value;
  return { lo: low, hi: high };
}

/** Both bounds of every element, taken from elsewhere: what a permutation, a slice or a copy does to them. */
export function pickedRanges(
  { lo, hi }: Pick<Value, "lo" | "hi">,
  indices: Int32Array,
): { lo: BigInt64Array; hi: BigInt64Array } {
  const low = pick(lo, indices);
  return { lo: low, hi: lo === hi ? low : pick(hi, indices) };
}

function pick(elements: BigInt64Array, indices: Int32Array): BigInt64Array {
  const result = new BigInt64Array(indices.length);
  for (let i = 0; i < indices.length; i++) result[i] = elements[indices[i] ?? 0] ?? 0n;
  return result;
}

/** The one element of a constant that is the same throughout. */
export function uniform(elements: BigInt64Array): bigint | undefined {
  const first = elements[0];
  return elements.every((element) => element === first) ? first : undefined;
}

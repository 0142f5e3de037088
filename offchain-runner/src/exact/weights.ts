import type { Call } from "./call.ts";
import type { Weights } from "./plannedOp.ts";
import type { Value } from "./value.ts";
import { uniform } from "./value.ts";

/** Largest |w| of signed weights whose pairs of products with unsigned bytes stay within 16 bits: 2 · 255 · 64 < 2^15. */
const MAX_SIGNED_WEIGHT = 64n;

/** Weights of an 8-bit product with their zero point taken off, if ONNX Runtime multiplies them alike on every CPU. */
export function byteWeights(call: Call, zeroPointInput: number): { values: Int16Array; offset: number } {
  const weights = call.input(1);
  if (weights.place !== undefined) call.refuse("exact-constant-needed", "the weights are not constant");
  const zero = zeroPoint(call, zeroPointInput, weights, "the weights' zero point");
  if (weights.dtype === "int8") {
    const large = weights.lo.find((weight) => weight > MAX_SIGNED_WEIGHT || weight < -MAX_SIGNED_WEIGHT);
    if (large !== undefined) {
      const reason = `an int8 weight of ${large}: beyond ±64, CPUs without VNNI saturate; store the weights as uint8`;
      call.refuse("exact-operand-refused", reason);
    }
  } else if (weights.dtype !== "uint8") call.refuse("exact-type-unsupported", `weights of ${weights.dtype}`);
  const values = narrowedWeights(call, weights.lo, zero);
  return { values, offset: Number(zero) + (weights.dtype === "int8" ? 128 : 0) };
}

function narrowedWeights(call: Call, elements: BigInt64Array, zero: bigint): Int16Array<ArrayBuffer> {
  call.spend(elements.length);
  const values = new Int16Array(elements.length);
  for (let i = 0; i < values.length; i++) values[i] = Number((elements[i] ?? 0n) - zero);
  return values;
}

/** A zero point: one constant for the whole tensor. */
export function zeroPoint(call: Call, index: number, of: Value, what: string): bigint {
  const given = call.inputs[index];
  if (given === undefined) return 0n;
  const elements = call.constant(index, what);
  if (given.dtype !== of.dtype)
    call.refuse("exact-type-unsupported", `${what} is ${given.dtype}, not ${of.dtype}`);
  const value = uniform(elements);
  if (value === undefined || given.shape.length > 1)
    call.refuse("exact-attribute-unsupported", `${what} differs by row or column`);
  return value;
}

/** Weights of any integer type, if a byte each is enough. */
export function narrowWeights(call: Call, elements: BigInt64Array): { values: Int16Array; offset: number } {
  let lo = 0n;
  let hi = 0n;
  for (const element of elements) {
    if (element < lo) lo = element;
    if (element > hi) hi = element;
  }
  if (hi - lo > 255n)
    call.refuse(
      "exact-operand-refused",
      `weights from ${lo} to ${hi}: more than the 8 bits that a product takes`,
    );
  return { values: narrowedWeights(call, elements, 0n), offset: Number(-lo) };
}

/** Σ over the rows, by column. */
export function columnSums({ K, N, values }: Weights): BigInt64Array {
  const sums = new Float64Array(N);
  for (let k = 0; k < K; k++) for (let j = 0; j < N; j++) sums[j] = (sums[j] ?? 0) + (values[k * N + j] ?? 0);
  return BigInt64Array.from(sums, BigInt);
}

import { NetworkError } from "./errors.ts";

type Size = number | bigint;

/** Codes and their values; those that the Solidity codec has too are its error names in kebab case. */
export type TensorErrorData = {
  "tensor-strings-refused": Record<never, never>;
  "tensor-dtype-unsupported": { dtype: number | string };
  "tensor-dtype-not-float": { dtype: string };
  "tensor-dtype-not-integer": { dtype: string };
  "tensor-dtype-wrong": { dtype: string; expected: string };
  "tensor-rank-too-high": { rank: Size; max: number };
  "tensor-rank-wrong": { rank: number; expected: number };
  "tensor-dimension-invalid": { axis: number; dimension: unknown };
  "tensor-dimension-wrong": { axis: number; dimension: number; expected: number };
  "tensor-too-large": { elements: Size; max: number };
  "tensor-length-wrong": { length: Size; expected: number };
  "tensor-bool-invalid": { index: number; value: number };
  "tensor-count-too-high": { count: Size; max: number };
  "tensor-count-wrong": { count: number; expected: number };
  "tensor-value-count-wrong": { count: number; expected: number };
  "tensor-integer-out-of-range": { value: bigint; dtype: string };
  "tensor-integer-unsafe": { value: bigint; dtype: string };
  "tensor-number-not-integer": { value: number; dtype: string };
  "tensor-number-too-large": { value: number; dtype: string };
  "tensor-schema-invalid": { path: string; problem: string };
  "tensor-encoding-not-bytes": { type: string };
  "tensor-encoding-truncated": { length: number; needed: number };
  "tensor-encoding-too-long": { length: number; end: number };
  "tensor-encoding-not-canonical": { position: number };
  "fixed-decimals-too-high": { decimals: number; max: number };
  "fixed-out-of-range": { value: bigint };
  "fixed-exceeds-float": { value: bigint; decimals: number; dtype: string };
  "float-not-finite": { bits: bigint; dtype: string };
  "float-exceeds-fixed": { bits: bigint; decimals: number; dtype: string };
};

export type TensorErrorCode = keyof TensorErrorData;

const MESSAGES: { [C in TensorErrorCode]: (data: TensorErrorData[C]) => string } = {
  "tensor-strings-refused": () =>
    "string tensors have no fixed-width form and are not carried by this encoding",
  "tensor-dtype-unsupported": (d) => `dtype ${d.dtype} is not carried by this encoding`,
  "tensor-dtype-not-float": (d) => `a float tensor is needed, not ${d.dtype}`,
  "tensor-dtype-not-integer": (d) => `an integer or bool tensor is needed, not ${d.dtype}`,
  "tensor-dtype-wrong": (d) => `dtype is ${d.dtype}, expected ${d.expected}`,
  "tensor-rank-too-high": (d) => `rank ${d.rank} is above the limit of ${d.max}`,
  "tensor-rank-wrong": (d) => `rank is ${d.rank}, expected ${d.expected}`,
  "tensor-dimension-invalid": (d) =>
    `dimension ${d.axis} is ${d.dimension}, not an integer from 0 to 2^32 - 1`,
  "tensor-dimension-wrong": (d) => `dimension ${d.axis} is ${d.dimension}, expected ${d.expected}`,
  "tensor-too-large": (d) => `${d.elements} elements are above the limit of ${d.max}`,
  "tensor-length-wrong": (d) => `data has ${d.length} bytes, dtype and shape need ${d.expected}`,
  "tensor-bool-invalid": (d) => `element ${d.index} of a bool tensor is ${d.value}, neither 0 nor 1`,
  "tensor-count-too-high": (d) => `${d.count} tensors are above the limit of ${d.max}`,
  "tensor-count-wrong": (d) => `${d.count} tensors, expected ${d.expected}`,
  "tensor-value-count-wrong": (d) => `${d.count} values, the shape needs ${d.expected}`,
  "tensor-integer-out-of-range": (d) => `${d.value} does not fit ${d.dtype}`,
  "tensor-integer-unsafe": (d) =>
    `${d.value} of a ${d.dtype} tensor is too large for a number; read it as a bigint`,
  "tensor-number-not-integer": (d) => `${d.value} is not an integer, as ${d.dtype} needs`,
  "tensor-number-too-large": (d) => `${d.value} is beyond the largest finite ${d.dtype}`,
  "tensor-schema-invalid": (d) => `schema is invalid at ${d.path}: ${d.problem}`,
  "tensor-encoding-not-bytes": (d) => `an encoding is bytes or a hex string, not ${d.type}`,
  "tensor-encoding-truncated": (d) => `encoding has ${d.length} bytes and needs ${d.needed}`,
  "tensor-encoding-too-long": (d) => `encoding has ${d.length} bytes and ends after ${d.end}`,
  "tensor-encoding-not-canonical": (d) =>
    `the word at byte ${d.position} is not what the canonical encoding has there`,
  "fixed-decimals-too-high": (d) => `${d.decimals} decimals: not an integer from 0 to ${d.max}`,
  "fixed-out-of-range": (d) => `${d.value} does not fit int256`,
  "fixed-exceeds-float": (d) =>
    `${d.value} with ${d.decimals} decimals is beyond the largest finite ${d.dtype}`,
  "float-not-finite": (d) => `${d.dtype} 0x${d.bits.toString(16)} is NaN or infinite`,
  "float-exceeds-fixed": (d) =>
    `${d.dtype} 0x${d.bits.toString(16)} does not fit int256 with ${d.decimals} decimals`,
};

/** Bad tensors, encodings, schemas and numbers. `data.tensor` names the one at fault where a schema gives it a name. */
export class TensorError<C extends TensorErrorCode = TensorErrorCode> extends NetworkError {
  override readonly name = "TensorError";
  declare readonly code: C;
  declare readonly data: TensorErrorData[C] & { tensor?: string } & Record<string, unknown>;

  constructor(code: C, data: TensorErrorData[C], tensor?: string) {
    const where = tensor === undefined ? "" : `tensor "${tensor}": `;
    super(code, where + MESSAGES[code](data), { data: tensor === undefined ? data : { ...data, tensor } });
  }
}

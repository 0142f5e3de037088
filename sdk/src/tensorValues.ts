import { type Dtype, dtypeInfo, type FloatDtype } from "./dtype.ts";
import { checkDecimals, fixedFromFloat, floatFromFixed } from "./float.ts";
import { checkTensor, elementsOf, type Tensor } from "./tensor.ts";
import { TensorError } from "./tensorError.ts";

/**
 * A tensor of the given values, in row-major order. Integers must fit the dtype (bool: 0 or 1). Floats are rounded to
 * nearest; NaN and infinities are kept.
 * @throws TensorError when a value does not fit, or there are not as many as the shape has elements
 */
export function tensorFromNumbers(
  dtype: Dtype,
  shape: readonly number[],
  values: readonly (number | bigint)[],
): Tensor {
  const toBits = isFloat(dtype)
    ? (value: number | bigint) => floatBits(value, dtype)
    : (value: number | bigint) => integerBits(value, dtype);
  return pack(dtype, shape, values.map(toBits));
}

/**
 * The elements of a tensor as numbers; bool as 0 and 1.
 * @throws TensorError when a 64-bit integer is beyond 2^53 − 1: read those with `integersFromTensor`
 */
export function numbersFromTensor(tensor: Tensor): number[] {
  const { dtype } = tensor;
  if (isFloat(dtype)) return unpack(tensor).map((bits) => floatOf(bits, dtype));
  return integersFromTensor(tensor).map((value) => {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw new TensorError("tensor-integer-unsafe", { value, dtype });
    return number;
  });
}

/** The elements of an integer or bool tensor. @throws TensorError for a float tensor */
export function integersFromTensor(tensor: Tensor): bigint[] {
  const { dtype } = tensor;
  const { bytes, kind } = dtypeInfo(dtype);
  const elements = unpack(tensor);
  if (kind === "float") throw new TensorError("tensor-dtype-not-integer", { dtype });
  return kind === "signed" ? elements.map((element) => BigInt.asIntN(8 * bytes, element)) : elements;
}

/**
 * A float tensor of `values / 10^decimals`, each rounded to nearest, ties to even; the same bits as in Solidity.
 * @throws TensorError when a value does not fit, or there are not as many as the shape has elements
 */
export function tensorFromFixed(
  dtype: FloatDtype,
  shape: readonly number[],
  values: readonly bigint[],
  decimals: number,
): Tensor {
  requireFloat(dtype);
  checkDecimals(decimals);
  return pack(
    dtype,
    shape,
    values.map((value) => floatFromFixed(value, decimals, dtype)),
  );
}

/**
 * The elements of a float tensor times `10^decimals`, each rounded to nearest, ties to even; as in Solidity.
 * @throws TensorError for NaN, infinities, and what leaves int256
 */
export function fixedFromTensor(tensor: Tensor, decimals: number): bigint[] {
  const elements = unpack(tensor);
  const dtype = requireFloat(tensor.dtype);
  checkDecimals(decimals);
  return elements.map((bits) => fixedFromFloat(bits, decimals, dtype));
}

function isFloat(dtype: Dtype): dtype is FloatDtype {
  return dtypeInfo(dtype).kind === "float";
}

function requireFloat(dtype: Dtype): FloatDtype {
  if (!isFloat(dtype)) throw new TensorError("tensor-dtype-not-float", { dtype });
  return dtype;
}

function floatBits(value: number | bigint, dtype: FloatDtype): bigint {
  if (typeof value === "bigint") return floatFromFixed(value, 0, dtype);
  const view = new DataView(new ArrayBuffer(8));
  if (dtype === "float64") view.setFloat64(0, value);
  else view.setFloat32(4, value);
  if (Number.isFinite(value) && dtype === "float32" && !Number.isFinite(Math.fround(value))) {
    throw new TensorError("tensor-number-too-large", { value, dtype });
  }
  return view.getBigUint64(0);
}

function floatOf(bits: bigint, dtype: FloatDtype): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return dtype === "float64" ? view.getFloat64(0) : view.getFloat32(4);
}

function integerBits(value: number | bigint, dtype: Dtype): bigint {
  if (typeof value === "number" && !Number.isInteger(value)) {
    throw new TensorError("tensor-number-not-integer", { value, dtype });
  }
  const { bytes, kind } = dtypeInfo(dtype);
  const integer = BigInt(value);
  const range = kind === "bool" ? 2n : 1n << BigInt(8 * bytes);
  const min = kind === "signed" ? -range / 2n : 0n;
  if (integer < min || integer >= min + range) {
    throw new TensorError("tensor-integer-out-of-range", { value: integer, dtype });
  }
  return BigInt.asUintN(8 * bytes, integer);
}

function pack(dtype: Dtype, shape: readonly number[], elements: readonly bigint[]): Tensor {
  const { bytes } = dtypeInfo(dtype);
  const expected = elementsOf(shape);
  if (elements.length !== expected) {
    throw new TensorError("tensor-value-count-wrong", { count: elements.length, expected });
  }
  const data = new Uint8Array(expected * bytes);
  const view = new DataView(data.buffer);
  for (const [i, element] of elements.entries()) writeElement(view, i * bytes, bytes, element);
  return { dtype, shape: [...shape], data };
}

/** Bits of all elements. */
function unpack(tensor: Tensor): bigint[] {
  checkTensor(tensor);
  const { buffer, byteOffset, byteLength } = tensor.data;
  const view = new DataView(buffer, byteOffset, byteLength);
  const { bytes } = dtypeInfo(tensor.dtype);
  return Array.from({ length: byteLength / bytes }, (_, i) => readElement(view, i * bytes, bytes));
}

function readElement(view: DataView, offset: number, bytes: 1 | 2 | 4 | 8): bigint {
  if (bytes === 1) return BigInt(view.getUint8(offset));
  if (bytes === 2) return BigInt(view.getUint16(offset, true));
  if (bytes === 4) return BigInt(view.getUint32(offset, true));
  return view.getBigUint64(offset, true);
}

function writeElement(view: DataView, offset: number, bytes: 1 | 2 | 4 | 8, element: bigint): void {
  if (bytes === 1) view.setUint8(offset, Number(element));
  else if (bytes === 2) view.setUint16(offset, Number(element), true);
  else if (bytes === 4) view.setUint32(offset, Number(element), true);
  else view.setBigUint64(offset, element, true);
}

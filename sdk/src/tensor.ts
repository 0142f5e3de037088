import { type Dtype, dtypeInfo } from "./dtype.ts";
import { TensorError } from "./tensorError.ts";

/** One tensor, in the form that ONNX Runtime takes. */
export type Tensor = {
  dtype: Dtype;
  /** Dimensions, outermost first. None for a scalar, which has one element; one of zero makes the tensor empty. */
  shape: readonly number[];
  /** Elements in row-major order, little-endian, without gaps: ONNX `raw_data`. */
  data: Uint8Array;
};

export const MAX_TENSORS = 64;
export const MAX_RANK = 8;
export const MAX_DIMENSION = 2 ** 32 - 1;
export const MAX_ELEMENTS = 2 ** 32 - 1;

/** Number of elements of a shape. @throws TensorError when a dimension, the rank or the product is out of bounds. */
export function elementsOf(shape: readonly number[], name?: string): number {
  if (shape.length > MAX_RANK) {
    throw new TensorError("tensor-rank-too-high", { rank: shape.length, max: MAX_RANK }, name);
  }
  // Zero dimensions are left out of the bound, so that it does not depend on their place.
  let product = 1n;
  for (const [axis, dimension] of shape.entries()) {
    if (!Number.isInteger(dimension) || dimension < 0 || dimension > MAX_DIMENSION) {
      throw new TensorError("tensor-dimension-invalid", { axis, dimension }, name);
    }
    if (dimension === 0) continue;
    product *= BigInt(dimension);
    if (product > MAX_ELEMENTS) {
      throw new TensorError("tensor-too-large", { elements: product, max: MAX_ELEMENTS }, name);
    }
  }
  return shape.includes(0) ? 0 : Number(product);
}

/** @throws TensorError when the tensor breaks a rule of the encoding; `name` is what the error calls it. */
export function checkTensor(tensor: Tensor, name?: string): void {
  const { bytes, kind } = dtypeInfo(tensor.dtype);
  const expected = elementsOf(tensor.shape, name) * bytes;
  const length = tensor.data.length;
  if (length !== expected) throw new TensorError("tensor-length-wrong", { length, expected }, name);
  if (kind !== "bool") return;
  const index = tensor.data.findIndex((byte) => byte > 1);
  if (index >= 0) {
    throw new TensorError("tensor-bool-invalid", { index, value: tensor.data[index] as number }, name);
  }
}

import type { OnnxNode } from "../../../hub/onnxSchema.ts";
import { DATA } from "../../../hub/onnxTensors.ts";
import type { Conversion } from "../conversion.ts";
import { at } from "../grid.ts";
import { unsupported } from "../quantizeError.ts";

/** Weights in rows of inputs and columns of outputs, each column with a scale of its own. */
export interface QuantizedWeights {
  /** Integers of -127 to 127. */
  readonly integers: Float64Array;
  /** Real size of one step, by column. */
  readonly scale: Float64Array;
}

/** Weights are stored as uint8 around 128: uint8 times uint8 is exact on every CPU, uint8 times int8 is not. */
export const WEIGHT_ZERO = 128;
const TOP = 127;
/** A step for weights that are all zero. */
const NOTHING = 2 ** -16;
const MAX_ACCUMULATOR = 2 ** 31;

/** `real[row · columns + column]`. */
export function quantizedWeights(real: Float64Array, columns: number): QuantizedWeights {
  const scale = new Float64Array(columns);
  real.forEach((weight, index) => {
    const column = index % columns;
    scale[column] = Math.max(at(scale, column), Math.abs(weight) / TOP);
  });
  const widest = scale.reduce((most, step) => Math.max(most, step), 0) || NOTHING;
  // A column of zeros takes a scale that fits beside the others.
  const usable = scale.map((step) => step || widest);
  return {
    integers: real.map((weight, index) => Math.round(weight / at(usable, index % columns))),
    scale: usable,
  };
}

export interface WeightTensors {
  readonly tensor: string;
  readonly zero: string;
}

export function weightConstants(
  { exact }: Conversion,
  hint: string,
  dims: readonly number[],
  integers: Float64Array,
): WeightTensors {
  const shifted = integers.map((weight) => weight + WEIGHT_ZERO);
  return {
    tensor: exact.constant(`${hint}/weights`, DATA.uint8, dims, shifted),
    zero: exact.constant(`${hint}/weightZero`, DATA.uint8, [], [WEIGHT_ZERO]),
  };
}

/** Least and largest sum of bytes times integers that any column can give. */
export function sumBounds(
  node: OnnxNode,
  { integers, scale }: QuantizedWeights,
  low: number,
  high: number,
): { low: number; high: number } {
  const columns = scale.length;
  const rows = integers.length / columns;
  if (rows * 255 * 255 >= MAX_ACCUMULATOR)
    throw unsupported(node, `a sum of ${rows} products can leave 32 bits`);
  let least = 0;
  let most = 0;
  for (let column = 0; column < columns; column += 1) {
    let positive = 0;
    let negative = 0;
    for (let row = 0; row < rows; row += 1) {
      const weight = at(integers, row * columns + column);
      if (weight > 0) positive += weight;
      else negative += weight;
    }
    least = Math.min(least, positive * low + negative * high);
    most = Math.max(most, positive * high + negative * low);
  }
  return { low: least, high: most };
}

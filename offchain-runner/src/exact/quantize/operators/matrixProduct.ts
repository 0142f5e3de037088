import type { OnnxNode } from "../../../hub/onnxSchema.ts";
import { DATA } from "../../../hub/onnxTensors.ts";
import { floatOf, intOf } from "../attributes.ts";
import { type Conversion, constantAt, outputName, requiredAt, valueAt } from "../conversion.ts";
import { toBytes } from "../forms.ts";
import { at, broadcastIndices, elementCount, type Grid } from "../grid.ts";
import type { Affine } from "../quantizedValue.ts";
import { unsupported } from "../quantizeError.ts";
import { quantizedWeights, sumBounds, weightConstants } from "./weights.ts";

interface Linear {
  /** `[inputs, outputs]`. */
  readonly matrix: Grid;
  readonly bias: Float64Array;
}

export function gemm(conversion: Conversion, node: OnnxNode): void {
  if (intOf(node, "transA", 0) !== 0) throw unsupported(node, "transA");
  const weights = matrixOf(node, requiredAt(conversion, node, 1));
  const matrix = intOf(node, "transB", 0) === 0 ? weights : transposed(weights);
  const outputs = at(matrix.dims, 1);
  const bias = constantAt(conversion, node, 2);
  const indices = bias && broadcastIndices(bias.dims, [1, outputs]);
  if (bias !== undefined && indices === undefined)
    throw unsupported(node, "a bias that differs between rows");
  const [alpha, beta] = [floatOf(node, "alpha", 1), floatOf(node, "beta", 1)];
  product(conversion, node, {
    matrix: { dims: matrix.dims, values: matrix.values.map((weight) => weight * alpha) },
    bias: Float64Array.from({ length: outputs }, (_, column) =>
      bias === undefined || indices === undefined ? 0 : beta * at(bias.values, at(indices, column)),
    ),
  });
}

export function matMul(conversion: Conversion, node: OnnxNode): void {
  const matrix = matrixOf(node, requiredAt(conversion, node, 1));
  product(conversion, node, { matrix, bias: new Float64Array(at(matrix.dims, 1)) });
}

/** Each feature of the input may have a scale and an offset of its own: both go into weights and bias. */
function product(conversion: Conversion, node: OnnxNode, { matrix, bias }: Linear): void {
  const input = valueAt(conversion, node, 0);
  const [rows, columns] = [at(matrix.dims, 0), at(matrix.dims, 1)];
  const last = input.dims.length - 1;
  if (last < 1 || input.dims[last] !== rows) throw unsupported(node, `input of shape [${input.dims}]`);
  const bytes = toBytes(conversion, input, { kept: [last] });
  const source = outputName(node);
  const weights = quantizedWeights(
    matrix.values.map((weight, index) => weight * at(bytes.scale, Math.floor(index / columns))),
    columns,
  );
  const { tensor, zero } = weightConstants(conversion, source, matrix.dims, weights.integers);
  const { exact } = conversion;
  // MatMulInteger demands the zero point of the input when that of the weights is given.
  const none = exact.constant(`${source}/inputZero`, DATA.uint8, [], [0]);
  const sums = exact.node("MatMulInteger", [bytes.tensor, tensor, none, zero], `${source}/sums`);
  const means = meansOf(conversion, bytes, rows);
  const dims = [...input.dims.slice(0, last), columns];
  const offset = Float64Array.from({ length: columns }, (_, column) => {
    let sum = at(bias, column);
    for (let row = 0; row < rows; row += 1) {
      const index = row * columns + column;
      const stored = (at(weights.integers, index) * at(weights.scale, column)) / at(bytes.scale, row);
      // On average over the calibration, rounding the weights shifts nothing.
      sum += stored * at(bytes.offset, row) + (at(matrix.values, index) - stored) * at(means, row);
    }
    return sum;
  });
  const count = elementCount(dims);
  conversion.costs.push({
    source,
    operator: node.opType ?? "",
    macs: (count / columns) * matrix.values.length,
    weights: matrix.values.length,
  });
  conversion.values.set(source, {
    kind: "affine",
    source,
    dims,
    tensor: sums,
    type: DATA.int32,
    ...sumBounds(node, weights, bytes.low, bytes.high),
    scale: repeated(weights.scale, count),
    offset: repeated(offset, count),
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
    axis: dims.length - 1,
  });
}

function meansOf({ calibration }: Conversion, { source }: Affine, features: number): Float64Array {
  const all = calibration.mean(source);
  const means = new Float64Array(features);
  all.forEach((mean, index) => {
    means[index % features] = at(means, index % features) + (mean * features) / all.length;
  });
  return means;
}

export function repeated(values: Float64Array, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => at(values, index % values.length));
}

function matrixOf(node: OnnxNode, grid: Grid): Grid {
  if (grid.dims.length !== 2) throw unsupported(node, `weights of rank ${grid.dims.length}`);
  return grid;
}

function transposed({ dims, values }: Grid): Grid {
  const [rows, columns] = [at(dims, 0), at(dims, 1)];
  return {
    dims: [columns, rows],
    values: values.map((_, index) => at(values, (index % rows) * columns + Math.floor(index / rows))),
  };
}

import type { OnnxNode } from "../../../hub/onnxSchema.ts";
import { DATA } from "../../../hub/onnxTensors.ts";
import { intOf, type Window, windowOf } from "../attributes.ts";
import { type Conversion, constantAt, outputName, requiredAt, valueAt } from "../conversion.ts";
import { toBytes, zeroOf } from "../forms.ts";
import { at, elementCount, type Grid, groupsOf } from "../grid.ts";
import type { Affine } from "../quantizedValue.ts";
import { unsupported } from "../quantizeError.ts";
import { quantizedWeights, sumBounds, weightConstants } from "./weights.ts";

/** One and two dimensions; one is computed as two, the first of which has length 1. */
export function convolution(conversion: Conversion, node: OnnxNode): void {
  const input = valueAt(conversion, node, 0);
  const weights = requiredAt(conversion, node, 1);
  const bias = constantAt(conversion, node, 2);
  if (intOf(node, "group", 1) !== 1) throw unsupported(node, "channels in groups");
  const [columns = 0, channels = 0, ...kernel] = weights.dims;
  if (kernel.length < 1 || kernel.length > 2) throw unsupported(node, `${kernel.length} dimensions`);
  const window = windowOf(node, kernel, input.dims);
  if (window.pads.some((pad) => pad < 0)) throw unsupported(node, "negative padding");
  const padded = window.pads.some((pad) => pad !== 0);
  const bytes = toBytes(conversion, input, { kept: [1], padded });
  const perChannel = elementCount(input.dims.slice(2));
  const scales = Float64Array.from({ length: channels }, (_, channel) =>
    at(bytes.scale, channel * perChannel),
  );
  const rows = channels * elementCount(kernel);
  const area = elementCount(kernel);
  // ONNX stores [outputs][inputs], the columns here are the outputs.
  const turned = (values: Float64Array) =>
    values.map((_, index) => at(values, (index % columns) * rows + Math.floor(index / columns)));
  const scaled = weights.values.map(
    (weight, index) => weight * at(scales, Math.floor(index / area) % channels),
  );
  const quantized = quantizedWeights(turned(scaled), columns);
  const zero = padded ? zeroOf(bytes) : 0;
  const source = outputName(node);
  const dims = conversion.calibration.dims(source);
  const offset = Float64Array.from({ length: columns }, (_, column) => {
    let sum = bias === undefined ? 0 : at(bias.values, column);
    if (padded) return sum;
    for (let row = 0; row < rows; row += 1) {
      const channel = Math.floor(row / area);
      const stored =
        (at(quantized.integers, row * columns + column) * at(quantized.scale, column)) / at(scales, channel);
      sum += stored * at(bytes.offset, channel * perChannel);
    }
    return sum;
  });
  const stored: Grid = {
    dims: weights.dims,
    values: weights.values.map((_, index) =>
      at(quantized.integers, (index % rows) * columns + Math.floor(index / rows)),
    ),
  };
  const channelOf = groupsOf(dims, [1]);
  conversion.costs.push({
    source,
    operator: "Conv",
    macs: elementCount(dims.slice(2)) * weights.values.length,
    weights: weights.values.length,
  });
  conversion.values.set(source, {
    kind: "affine",
    source,
    dims,
    tensor: emit(conversion, source, bytes, zero, stored, window, dims),
    type: DATA.int32,
    ...sumBounds(node, quantized, Math.min(bytes.low - zero, 0), Math.max(bytes.high - zero, 0)),
    scale: Float64Array.from(channelOf, (column) => at(quantized.scale, column)),
    offset: Float64Array.from(channelOf, (column) => at(offset, column)),
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
    axis: 1,
  });
}

function emit(
  conversion: Conversion,
  source: string,
  bytes: Affine,
  zero: number,
  weights: Grid,
  { strides, dilations, pads }: Window,
  dims: readonly number[],
): string {
  const { exact } = conversion;
  const isLine = strides.length === 1;
  const plane = (shape: readonly number[]) => [...shape.slice(0, 2), 1, ...shape.slice(2)];
  const { tensor, zero: weightZero } = weightConstants(
    conversion,
    source,
    isLine ? plane(weights.dims) : weights.dims,
    weights.values,
  );
  const inputZero = exact.constant(`${source}/inputZero`, DATA.uint8, [], [zero]);
  const image = isLine
    ? reshaped(conversion, bytes.tensor, plane(bytes.dims), `${source}/plane`)
    : bytes.tensor;
  const [first = 0, last = 0] = pads;
  const sums = exact.node("ConvInteger", [image, tensor, inputZero, weightZero], `${source}/sums`, {
    kernel_shape: isLine ? [1, ...weights.dims.slice(2)] : weights.dims.slice(2),
    strides: isLine ? [1, ...strides] : strides,
    dilations: isLine ? [1, ...dilations] : dilations,
    pads: isLine ? [0, first, 0, last] : pads,
  });
  return isLine ? reshaped(conversion, sums, dims, `${source}/line`) : sums;
}

export function reshaped(
  { exact }: Conversion,
  tensor: string,
  dims: readonly number[],
  hint: string,
): string {
  return exact.node(
    "Reshape",
    [tensor, exact.constant(`${hint}/shape`, DATA.int64, [dims.length], dims)],
    hint,
  );
}

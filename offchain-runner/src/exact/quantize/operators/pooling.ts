import type { OnnxNode } from "../../../hub/onnxSchema.ts";
import { axisOf, intOf, intsOf, windowOf } from "../attributes.ts";
import { type Conversion, constantAt, outputName, valueAt } from "../conversion.ts";
import { toBytes } from "../forms.ts";
import { at, broadcastIndices } from "../grid.ts";
import { type Affine, type QuantizedValue, rearranged } from "../quantizedValue.ts";
import { unsupported } from "../quantizeError.ts";
import { summed } from "./arithmetic.ts";
import { reshaped } from "./convolution.ts";

/** Of bytes: a greater byte is a greater number, so the largest byte is the largest number. */
export function maxPool(conversion: Conversion, node: OnnxNode): void {
  const value = valueAt(conversion, node, 0);
  const kernel = intsOf(node, "kernel_shape") ?? [];
  if (kernel.length < 1 || kernel.length > 2) throw unsupported(node, `${kernel.length} dimensions`);
  if (node.outputs.length > 1) throw unsupported(node, "indices");
  const { strides, dilations, pads } = windowOf(node, kernel, value.dims);
  if (dilations.some((dilation) => dilation !== 1)) throw unsupported(node, "dilations");
  const bytes = toBytes(conversion, value, { kept: [1] });
  const source = outputName(node);
  const dims = conversion.calibration.dims(source);
  const attributes = { kernel_shape: kernel, strides, pads };
  const tensor = conversion.exact.node("MaxPool", [bytes.tensor], source, attributes);
  conversion.values.set(source, perChannel(bytes, source, tensor, dims));
}

export function globalMaxPool(conversion: Conversion, node: OnnxNode): void {
  const value = valueAt(conversion, node, 0);
  const bytes = toBytes(conversion, value, { kept: [1] });
  const source = outputName(node);
  const attributes = { kernel_shape: value.dims.slice(2), strides: value.dims.slice(2).map(() => 1) };
  const tensor = conversion.exact.node("MaxPool", [bytes.tensor], source, attributes);
  conversion.values.set(source, perChannel(bytes, source, tensor, conversion.calibration.dims(source)));
}

function perChannel(bytes: Affine, source: string, tensor: string, dims: readonly number[]): Affine {
  const heads = bytes.dims.map((dim, axis) => (axis < 2 ? dim : 1));
  const first = Int32Array.from({ length: at(heads, 0) * at(heads, 1) }, (_, channel) =>
    Math.floor((channel * bytes.scale.length) / (at(heads, 0) * at(heads, 1))),
  );
  const spread = broadcastIndices(heads, dims);
  if (spread === undefined) throw new RangeError(`[${heads}] to [${dims}]`);
  const indices = Int32Array.from(spread, (channel) => at(first, channel));
  return rearranged(bytes, source, tensor, dims, indices, 1);
}

/** Whole windows side by side, which a reshape turns into axes of their own. */
export function averagePool(conversion: Conversion, node: OnnxNode): void {
  const value = valueAt(conversion, node, 0);
  const kernel = intsOf(node, "kernel_shape") ?? [];
  const { strides, pads } = windowOf(node, kernel, value.dims);
  if (pads.some((pad) => pad !== 0)) throw unsupported(node, "padding");
  if (kernel.some((size, axis) => size !== strides[axis]))
    throw unsupported(node, "windows that overlap or leave gaps");
  const space = value.dims.slice(2);
  if (space.some((dim, axis) => dim % at(kernel, axis) !== 0))
    throw unsupported(node, "a part of a window at the end");
  const bytes = toBytes(conversion, value, { kept: [1] });
  const source = outputName(node);
  const split = [
    ...value.dims.slice(0, 2),
    ...space.flatMap((dim, axis) => [dim / at(kernel, axis), at(kernel, axis)]),
  ];
  const windows: Affine = {
    ...bytes,
    dims: split,
    tensor: reshaped(conversion, bytes.tensor, split, `${source}/windows`),
    axis: 1,
  };
  const axes = kernel.map((_, axis) => 3 + 2 * axis);
  const count = kernel.reduce((product, size) => product * size, 1);
  conversion.values.set(source, summed(conversion, source, windows, axes, 1 / count));
}

export function globalAveragePool(conversion: Conversion, node: OnnxNode): void {
  const value = valueAt(conversion, node, 0);
  mean(conversion, node, value, value.dims.map((_, axis) => axis).slice(2));
}

/** ReduceMean and ReduceSum. */
export function reduce(conversion: Conversion, node: OnnxNode): void {
  const value = valueAt(conversion, node, 0);
  const given =
    intsOf(node, "axes") ?? (node.inputs[1] ? Array.from(constantAt(conversion, node, 1)?.values ?? []) : []);
  const axes = given.map((axis) => axisOf(node, axis, value.dims.length));
  if (axes.length === 0 && intOf(node, "noop_with_empty_axes", 0) !== 0)
    throw unsupported(node, "noop_with_empty_axes");
  mean(conversion, node, value, axes.length === 0 ? value.dims.map((_, axis) => axis) : axes);
}

function mean(conversion: Conversion, node: OnnxNode, value: QuantizedValue, axes: readonly number[]): void {
  const count = axes.reduce((product, axis) => product * at(value.dims, axis), 1);
  const source = outputName(node);
  const factor = node.opType === "ReduceSum" ? 1 : 1 / count;
  conversion.values.set(source, summed(conversion, source, value, [...axes], factor));
}

import type { OnnxNode } from "../../../hub/onnxSchema.ts";
import { DATA } from "../../../hub/onnxTensors.ts";
import { axisOf, intOf, intsOf } from "../attributes.ts";
import { type Conversion, constantAt, outputName, valueAt } from "../conversion.ts";
import { settled, toBytes, wideOf } from "../forms.ts";
import { at, elementCount, stridesOf, walk } from "../grid.ts";
import { type Affine, isClamped, type QuantizedValue, rearranged } from "../quantizedValue.ts";
import { unsupported } from "../quantizeError.ts";
import { reshaped } from "./convolution.ts";

/** Flatten, Reshape, Squeeze, Unsqueeze: the float run has said which shape comes out. */
export function reshape(conversion: Conversion, node: OnnxNode): void {
  const source = outputName(node);
  const dims = conversion.calibration.dims(source);
  const count = elementCount(dims);
  rearrange(conversion, node, (value) => ({
    tensor:
      value.dims.join() === dims.join() ? value.tensor : reshaped(conversion, value.tensor, dims, source),
    dims,
    indices: walk([count], [1], 0),
    axis: undefined,
  }));
}

/** Identity, inference-time Dropout, Cast between floats. */
export function passed(conversion: Conversion, node: OnnxNode): void {
  const value = valueAt(conversion, node, 0);
  const source = outputName(node);
  conversion.values.set(source, { ...value, source });
}

export function transpose(conversion: Conversion, node: OnnxNode): void {
  rearrange(conversion, node, ({ tensor, dims, axis }) => {
    const order = intsOf(node, "perm") ?? dims.map((_, index) => dims.length - 1 - index);
    const strides = stridesOf(dims);
    const moved = order.map((from) => at(dims, from));
    return {
      tensor: conversion.exact.node("Transpose", [tensor], outputName(node), { perm: order }),
      dims: moved,
      indices: walk(
        moved,
        order.map((from) => at(strides, from)),
        0,
      ),
      axis: axis === undefined ? undefined : order.indexOf(axis),
    };
  });
}

export function slice(conversion: Conversion, node: OnnxNode): void {
  const source = outputName(node);
  const list = (index: number, attribute: string) =>
    conversion.opset >= 10
      ? constantAt(conversion, node, index)?.values
      : intsOf(node, attribute) && Float64Array.from(intsOf(node, attribute) ?? []);
  rearrange(conversion, node, ({ tensor, dims, axis }) => {
    const starts = list(1, "starts") ?? new Float64Array();
    const axes = Array.from(list(3, "axes") ?? starts.map((_, index) => index), (each) =>
      axisOf(node, each, dims.length),
    );
    const steps = conversion.opset >= 10 ? constantAt(conversion, node, 4)?.values : undefined;
    const result = conversion.calibration.dims(source);
    const strides = stridesOf(dims);
    let first = 0;
    const strideOf = [...strides];
    const [from, to, by] = [[] as number[], [] as number[], [] as number[]];
    axes.forEach((each, index) => {
      const step = steps === undefined ? 1 : at(steps, index);
      const size = at(dims, each);
      if (step < 1) throw unsupported(node, "a step that is not positive");
      const start = Math.min(
        Math.max(at(starts, index) < 0 ? at(starts, index) + size : at(starts, index), 0),
        size,
      );
      const end = start + (at(result, each) - 1) * step + 1;
      first += start * at(strides, each);
      strideOf[each] = step * at(strides, each);
      from.push(start);
      to.push(end);
      by.push(step);
    });
    const constants = [from, to, axes, by].map((values, index) =>
      conversion.exact.constant(`${source}/slice${index}`, DATA.int64, [values.length], values),
    );
    return {
      tensor: conversion.exact.node("Slice", [tensor, ...constants], source),
      dims: result,
      indices: walk(result, strideOf, first),
      axis,
    };
  });
}

interface Rearrangement {
  readonly tensor: string;
  readonly dims: readonly number[];
  readonly indices: Int32Array;
  readonly axis: number | undefined;
}

function rearrange(conversion: Conversion, node: OnnxNode, move: (value: Affine) => Rearrangement): void {
  const source = outputName(node);
  const value = valueAt(conversion, node, 0);
  const from = settled(conversion, value, source);
  const { tensor, dims, indices, axis } = move(from);
  conversion.values.set(source, rearranged(from, source, tensor, dims, indices, axis));
}

/** Integers of one kind are joined as they are, others as bytes; each element keeps its scale. */
export function concat(conversion: Conversion, node: OnnxNode): void {
  const values = node.inputs.map((_, index) => valueAt(conversion, node, index));
  const rank = values[0]?.dims.length ?? 0;
  const axis = axisOf(node, intOf(node, "axis", 0), rank);
  const source = outputName(node);
  const parts = joinable(conversion, values);
  const dims = conversion.calibration.dims(source);
  const outer = elementCount(dims.slice(0, axis));
  const join = (pick: (part: Affine) => Float64Array) => {
    const rows: number[] = [];
    for (let row = 0; row < outer; row += 1) {
      for (const part of parts) {
        const length = part.scale.length / outer;
        rows.push(...pick(part).subarray(row * length, (row + 1) * length));
      }
    }
    return Float64Array.from(rows);
  };
  const [first] = parts;
  if (first === undefined) throw unsupported(node, "no input");
  conversion.values.set(source, {
    ...first,
    source,
    dims,
    tensor: conversion.exact.node(
      "Concat",
      parts.map(({ tensor }) => tensor),
      source,
      { axis },
    ),
    low: Math.min(...parts.map(({ low }) => low)),
    high: Math.max(...parts.map(({ high }) => high)),
    scale: join(({ scale }) => scale),
    offset: join(({ offset }) => offset),
    axis: first.axis,
  });
}

function joinable(conversion: Conversion, values: readonly QuantizedValue[]): Affine[] {
  const plain = values.filter(
    (value): value is Affine => value.kind === "affine" && !isClamped(value) && value.type === DATA.int64,
  );
  if (plain.length === values.length)
    return plain.map((value) => ({ ...value, tensor: wideOf(conversion, value) }));
  return values.map((value) =>
    toBytes(conversion, value, { kept: value.axis === undefined ? [] : [value.axis] }),
  );
}

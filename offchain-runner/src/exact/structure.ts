import type { Dtype } from "@opg-network/sdk/dtype";
import { dtypeInfo, dtypeOf } from "@opg-network/sdk/dtype";
import { attributeOf } from "../hub/onnxFile.ts";
import { integersOf } from "../hub/onnxIntegers.ts";
import type { OnnxTensor } from "../hub/onnxSchema.ts";
import { MAX_LIST } from "../hub/onnxSchema.ts";
import type { Call } from "./call.ts";
import { MAX_CONSTANT_ELEMENTS } from "./call.ts";
import { spread } from "./elementwise.ts";
import { packedLike, placed } from "./emitter.ts";
import { broadcastShape, sameShape, sourceIndices, stridesOf } from "./tensorShape.ts";
import type { Place, Value } from "./value.ts";
import { boundsOf, constant, hull, pickedRanges } from "./value.ts";
import type { Loop } from "./view.ts";
import { product } from "./view.ts";

/** Types of positions, where an operator takes both. */
const INDICES: readonly Dtype[] = ["int32", "int64"];

function reshaped(call: Call, value: Value, shape: readonly number[]): Value {
  if (product(shape) !== product(value.shape) || shape.some((size) => size < 1))
    call.refuse("exact-shape-invalid", `[${value.shape}] cannot become [${shape}]`);
  return { ...value, shape };
}

export function identity(call: Call): Value[] {
  return [call.input(0)];
}

export function reshape(call: Call): Value[] {
  const value = call.input(0);
  const wanted = call.numbers(1, "the shape");
  const keepsZero = call.flag("allowzero", false);
  const shape = wanted.map((size, axis) => (size === 0 && !keepsZero ? (value.shape[axis] ?? 0) : size));
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = product(value.shape) / product(shape.filter((_, axis) => axis !== open));
  return [reshaped(call, value, shape)];
}

export function flatten(call: Call): Value[] {
  const value = call.input(0);
  const rank = value.shape.length;
  const given = call.int("axis", 1);
  const axis = given === rank ? rank : call.axis(given, Math.max(rank, 1));
  return [reshaped(call, value, [product(value.shape.slice(0, axis)), product(value.shape.slice(axis))])];
}

export function squeeze(call: Call): Value[] {
  const value = call.input(0);
  const rank = value.shape.length;
  const axes = call.inputs[1] === undefined ? undefined : call.numbers(1, "the axes");
  const dropped = new Set(
    (axes && call.axes(axes, rank)) ?? [...value.shape.keys()].filter((axis) => value.shape[axis] === 1),
  );
  for (const axis of dropped)
    if (value.shape[axis] !== 1)
      call.refuse("exact-shape-invalid", `dimension ${axis} is ${value.shape[axis]}`);
  return [
    reshaped(
      call,
      value,
      value.shape.filter((_, axis) => !dropped.has(axis)),
    ),
  ];
}

export function unsqueeze(call: Call): Value[] {
  const value = call.input(0);
  const axes = call.numbers(1, "the axes");
  const rank = value.shape.length + axes.length;
  const added = new Set(call.axes(axes, rank));
  const old = [...value.shape];
  const shape = Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (old.shift() ?? 1)));
  return [reshaped(call, value, shape)];
}

export function transpose(call: Call): Value[] {
  const value = call.input(0);
  const rank = value.shape.length;
  const order = call.ints("perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  if (
    order.length !== rank ||
    new Set(order).size !== rank ||
    order.some((axis) => !(axis >= 0 && axis < rank))
  )
    call.refuse("exact-shape-invalid", `perm [${order}] of rank ${rank}`);
  return [permuted(call, value, order)];
}

/** The dimensions of `value` in another order; no data move. */
export function permuted(call: Call, value: Value, order: readonly number[]): Value {
  const shape = order.map((axis) => value.shape[axis] ?? 1);
  const strides = stridesOf(value.shape);
  const ranges = pickedRanges(
    value,
    sourceIndices(
      shape,
      order.map((axis) => strides[axis] ?? 0),
    ),
  );
  let place: Place | undefined;
  if (value.place !== undefined) {
    const { source, offset, dims } = call.emitter.dims(value);
    place = placed(source, { offset, loops: order.flatMap((axis) => dims[axis] ?? []) });
  }
  return { dtype: value.dtype, shape, ...ranges, place };
}

export function slice(call: Call): Value[] {
  const value = call.input(0);
  const rank = value.shape.length;
  const starts = call.numbers(1, "the starts", INDICES);
  const ends = call.numbers(2, "the ends", INDICES);
  const axes = call.inputs[3] === undefined ? [...starts.keys()] : call.numbers(3, "the axes", INDICES);
  const steps = call.inputs[4] === undefined ? starts.map(() => 1) : call.numbers(4, "the steps", INDICES);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length)
    call.refuse("exact-shape-invalid", "starts, ends, axes and steps differ in length");
  const ranges: AxisRange[] = value.shape.map((count) => ({ start: 0, step: 1, count }));
  call.axes(axes, rank).forEach((axis, i) => {
    ranges[axis] = axisRange(call, value.shape[axis] ?? 1, starts[i] ?? 0, ends[i] ?? 0, steps[i] ?? 1);
  });
  return [sliced(call, value, ranges)];
}

interface AxisRange {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

function axisRange(call: Call, size: number, start: number, end: number, step: number): AxisRange {
  if (step === 0) call.refuse("exact-shape-invalid", "a step of 0");
  const within = (position: number, lowest: number, highest: number) =>
    Math.min(Math.max(position < 0 ? position + size : position, lowest), highest);
  const from = step > 0 ? within(start, 0, size) : within(start, 0, size - 1);
  const to = step > 0 ? within(end, 0, size) : within(end, -1, size - 1);
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (count === 0) call.refuse("exact-shape-invalid", "a slice without elements");
  return { start: from, step: count === 1 ? 1 : step, count };
}

function sliced(call: Call, value: Value, ranges: readonly AxisRange[]): Value {
  const shape = ranges.map(({ count }) => count);
  if (sameShape(shape, value.shape) && ranges.every(({ step }) => step === 1)) return value;
  const strides = stridesOf(value.shape);
  const offset = ranges.reduce((sum, { start }, axis) => sum + start * (strides[axis] ?? 0), 0);
  const bounds = pickedRanges(
    value,
    sourceIndices(
      shape,
      strides.map((stride, axis) => stride * (ranges[axis]?.step ?? 1)),
      offset,
    ),
  );
  return { dtype: value.dtype, shape, ...bounds, place: slicedPlace(call, value, ranges) };
}

function slicedPlace(call: Call, value: Value, ranges: readonly AxisRange[]): Place | undefined {
  if (value.place === undefined) return undefined;
  const { source, offset, loops } = call.emitter.plainDims(value);
  let at = offset;
  const cut = ranges.map(({ start, step, count }, axis): Loop => {
    const stride = loops[axis]?.stride ?? 0;
    at += start * stride;
    return { count, stride: stride * step };
  });
  return placed(source, { offset: at, loops: cut });
}

export function split(call: Call): Value[] {
  const value = call.input(0);
  const axis = call.axis(call.int("axis", 0), value.shape.length);
  const size = value.shape[axis] ?? 1;
  const sizes = splitSizes(call, size);
  if (
    sizes.length !== call.node.outputs.length ||
    sizes.reduce((a, b) => a + b, 0) !== size ||
    sizes.some((part) => part < 1)
  )
    call.refuse(
      "exact-shape-invalid",
      `parts of ${sizes} for a dimension of ${size} and ${call.node.outputs.length} outputs`,
    );
  let start = 0;
  return sizes.map((count) => {
    const ranges = value.shape.map((whole, at) =>
      at === axis ? { start, step: 1, count } : { start: 0, step: 1, count: whole },
    );
    start += count;
    return sliced(call, value, ranges);
  });
}

function splitSizes(call: Call, size: number): number[] {
  if (call.inputs[1] !== undefined) return call.numbers(1, "the sizes");
  const parts = call.node.outputs.length;
  if (call.opset >= 18 && call.int("num_outputs", parts) !== parts)
    call.refuse("exact-shape-invalid", `num_outputs ${call.int("num_outputs", parts)} for ${parts} outputs`);
  const each = Math.ceil(size / parts);
  if (call.opset < 18 && size % parts !== 0)
    call.refuse("exact-shape-invalid", `${size} in ${parts} equal parts`);
  return Array.from({ length: parts }, (_, i) => (i < parts - 1 ? each : size - each * (parts - 1)));
}

export function expand(call: Call): Value[] {
  const value = call.input(0);
  const wanted = call.numbers(1, "the shape");
  call.checkShape(wanted);
  const shape = broadcastShape([value.shape, wanted]);
  if (shape === undefined) call.refuse("exact-shape-invalid", "the shapes do not broadcast");
  return [spread(call, value, shape)];
}

export function concat(call: Call): Value[] {
  const values = call.inputs.map((_, index) => call.input(index));
  const [first] = values;
  if (first === undefined) call.refuse("exact-shape-invalid", "nothing to join");
  const axis = call.axis(call.int("axis", Number.NaN), first.shape.length);
  for (const { dtype, shape } of values) {
    if (dtype !== first.dtype) call.refuse("exact-type-unsupported", `${first.dtype} beside ${dtype}`);
    if (shape.length !== first.shape.length || !sameShape(shape.with(axis, 1), first.shape.with(axis, 1)))
      call.refuse("exact-shape-invalid", `[${first.shape}] beside [${shape}]`);
  }
  const [only] = values;
  if (values.length === 1 && only !== undefined) return [only];
  const total = values.reduce((sum, { shape }) => sum + (shape[axis] ?? 1), 0);
  const shape = first.shape.with(axis, total);
  return [
    call.value(
      first.dtype,
      shape,
      joinedRanges(values, shape, axis),
      call.folds ? undefined : joinedPlace(call, values, shape, axis),
    ),
  ];
}

function joinedRanges(values: readonly Value[], shape: readonly number[], axis: number) {
  const lo = new BigInt64Array(product(shape));
  const hi = new BigInt64Array(product(shape));
  const strides = stridesOf(shape);
  let start = 0;
  for (const value of values) {
    const targets = sourceIndices(value.shape, strides, start * (strides[axis] ?? 0));
    for (let i = 0; i < targets.length; i++) {
      lo[targets[i] ?? 0] = value.lo[i] ?? 0n;
      hi[targets[i] ?? 0] = value.hi[i] ?? 0n;
    }
    start += value.shape[axis] ?? 1;
  }
  return { lo, hi };
}

function joinedPlace(call: Call, values: readonly Value[], shape: readonly number[], axis: number): Place {
  const { emitter } = call;
  call.checkCount(product(shape), true);
  const model = values.find(({ place }) => place !== undefined) ?? call.input(0);
  const layout = layoutLike(call, model, shape);
  const buffer = emitter.buffer(product(shape), hull(joinedRanges(values, shape, axis)));
  let start = 0;
  for (const value of values) {
    const offset = start * (layout[axis]?.stride ?? 0);
    const loops = layout.map(({ stride }, at): Loop => ({ count: value.shape[at] ?? 1, stride }));
    const { source, offset: from, dims } = emitter.dims(value);
    const laid = emitter.laidAt(source, { offset: from, loops: dims.flat() });
    emitter.copy(laid, { buffer, view: { offset, loops } });
    start += value.shape[axis] ?? 1;
  }
  return placed(buffer, { offset: 0, loops: layout });
}

/** Loops of a new buffer of `shape` whose dimensions lie in memory in the order in which those of `model` do. */
export function layoutLike(call: Call, model: Value, shape: readonly number[]): Loop[] {
  const { loops } = call.emitter.plainDims(model);
  const keyed = shape.map((count, axis): Loop => ({ count, stride: loops[axis]?.stride ?? 0 }));
  const order = [...keyed.keys()].sort(
    (a, b) => Math.abs(keyed[b]?.stride ?? 0) - Math.abs(keyed[a]?.stride ?? 0),
  );
  const strides = new Array<number>(shape.length).fill(0);
  let stride = 1;
  for (const axis of order.reverse()) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return shape.map((count, axis) => ({ count, stride: strides[axis] ?? 0 }));
}

export function pad(call: Call): Value[] {
  const value = call.input(0);
  const rank = value.shape.length;
  const mode = call.text("mode", "constant");
  if (mode !== "constant") call.refuse("exact-attribute-unsupported", `mode ${mode}`);
  const given = call.numbers(1, "the pads");
  const fill = call.scalar(2, "the padding value", value.dtype) ?? 0n;
  const axes =
    call.inputs[3] === undefined
      ? [...value.shape.keys()]
      : call.axes(call.numbers(3, "the axes", INDICES), rank);
  if (given.length !== 2 * axes.length)
    call.refuse("exact-shape-invalid", `${given.length} pads for ${axes.length} axes`);
  if (given.some((size) => size < 0)) call.refuse("exact-attribute-unsupported", "a negative pad");
  const before = new Array<number>(rank).fill(0);
  const after = new Array<number>(rank).fill(0);
  axes.forEach((axis, i) => {
    before[axis] = given[i] ?? 0;
    after[axis] = given[axes.length + i] ?? 0;
  });
  return [padded(call, value, before, after, fill)];
}

/** @param order axes from the outermost in memory to the innermost; as the value lies where left out */
export function padded(
  call: Call,
  value: Value,
  before: readonly number[],
  after: readonly number[],
  fill: bigint,
  order?: readonly number[],
): Value {
  if ([...before, ...after].every((size) => size === 0)) return value;
  call.checkCount(
    product(value.shape.map((size, axis) => size + (before[axis] ?? 0) + (after[axis] ?? 0))),
    !call.folds,
  );
  const { shape, lo, hi } = paddedRanges(value, before, after, fill);
  const count = product(shape);
  if (call.folds) return constant(value.dtype, shape, lo);
  const layout = order === undefined ? layoutLike(call, value, shape) : layoutInOrder(shape, order);
  const { emitter } = call;
  const { source, offset, dims } = emitter.dims(value);
  const from = emitter.laidAt(source, { offset, loops: dims.flat() });
  const buffer = emitter.buffer(count, hull({ lo, hi }));
  emitter.push({ kind: "fill", dst: { buffer, offset: 0 }, count, value: fill });
  const inside = layout.map(({ stride }, axis): Loop => ({ count: value.shape[axis] ?? 1, stride }));
  emitter.copy(from, {
    buffer,
    view: {
      offset: offsetOf(
        before,
        layout.map(({ stride }) => stride),
      ),
      loops: inside,
    },
  });
  return { dtype: value.dtype, shape, lo, hi, place: placed(buffer, { offset: 0, loops: layout }) };
}

/** Shape and bounds of a tensor with constant margins. */
export function paddedRanges(
  value: Value,
  before: readonly number[],
  after: readonly number[],
  fill: bigint,
): Pick<Value, "shape" | "lo" | "hi"> {
  const shape = value.shape.map((size, axis) => size + (before[axis] ?? 0) + (after[axis] ?? 0));
  const strides = stridesOf(shape);
  const targets = sourceIndices(value.shape, strides, offsetOf(before, strides));
  const lo = new BigInt64Array(product(shape)).fill(fill);
  const hi = value.lo === value.hi ? lo : lo.slice();
  for (let i = 0; i < targets.length; i++) {
    lo[targets[i] ?? 0] = value.lo[i] ?? 0n;
    hi[targets[i] ?? 0] = value.hi[i] ?? 0n;
  }
  return { shape, lo, hi };
}

function layoutInOrder(shape: readonly number[], order: readonly number[]): Loop[] {
  const ranked = shape.map((count, axis): Loop => ({ count, stride: order.length - order.indexOf(axis) }));
  return packedLike(ranked).map(({ stride }, axis) => ({ count: shape[axis] ?? 1, stride }));
}

function offsetOf(positions: readonly number[], strides: readonly number[]): number {
  return positions.reduce((sum, position, axis) => sum + position * (strides[axis] ?? 0), 0);
}

export function shapeOf(call: Call): Value[] {
  const { shape } = call.input(0);
  const rank = shape.length;
  const clamp = (axis: number) => Math.min(Math.max(axis < 0 ? axis + rank : axis, 0), rank);
  const part = shape.slice(clamp(call.int("start", 0)), clamp(call.int("end", rank)));
  if (part.length === 0) call.refuse("exact-shape-invalid", "a shape without dimensions");
  return [constant("int64", [part.length], BigInt64Array.from(part.map(BigInt)))];
}

export function constantNode(call: Call): Value[] {
  const tensor = call.tensor("value");
  if (tensor !== undefined) return [constantOfTensor(call, tensor)];
  const one = attributeOf(call.node, "value_int")?.i;
  if (one !== undefined) return [constant("int64", [], BigInt64Array.of(one))];
  const list = attributeOf(call.node, "value_ints")?.ints;
  if (list === undefined || list.length === 0 || list.length > MAX_LIST)
    call.refuse("exact-type-unsupported", "a constant that is not made of integers, or too long a list");
  return [constant("int64", [list.length], BigInt64Array.from(list))];
}

export function constantOfShape(call: Call): Value[] {
  const shape = call.numbers(0, "the shape");
  call.checkShape(shape);
  const tensor = call.tensor("value");
  if (tensor === undefined) call.refuse("exact-type-unsupported", "floating zeros");
  const { dtype, lo } = constantOfTensor(call, tensor);
  if (lo.length !== 1) call.refuse("exact-shape-invalid", `filled with ${lo.length} values`);
  call.checkCount(product(shape), false);
  return [constant(dtype, shape, new BigInt64Array(product(shape)).fill(lo[0] ?? 0n))];
}

function constantOfTensor(call: Call, tensor: OnnxTensor): Value {
  const value = integerTensor(tensor);
  if (typeof value === "string") call.refuse("exact-type-unsupported", value);
  return value;
}

const INTEGER_NUMBERS = new Set([2, 3, 4, 5, 6, 7, 9, 12]);

/** A tensor stored in the model; a string says why it cannot be used. */
export function integerTensor(tensor: OnnxTensor): Value | string {
  if (!INTEGER_NUMBERS.has(tensor.dataType ?? 0)) return `a constant of data type ${tensor.dataType ?? 0}`;
  const elements = integersOf(tensor);
  if (elements === undefined) return "a constant whose data lie outside the model file";
  const dtype = dtypeOf(tensor.dataType ?? 0);
  const shape = tensor.dims.map(Number);
  const count = product(shape);
  if (count > MAX_CONSTANT_ELEMENTS)
    return `a constant of ${count} elements, at most ${MAX_CONSTANT_ELEMENTS}`;
  const values = BigInt64Array.from(elements);
  const isWhole = (tensor.rawData?.length ?? 0) % dtypeInfo(dtype).bytes === 0;
  if (values.length !== count || !isWhole || shape.some((size) => size < 1))
    return "a constant without elements, or not as many as its shape has";
  const limits = boundsOf(dtype);
  if (values.some((value) => value < limits.lo || value > limits.hi)) return `a constant beyond ${dtype}`;
  return constant(dtype, shape, values);
}

import type { OnnxNode } from "../../../hub/onnxSchema.ts";
import { DATA } from "../../../hub/onnxTensors.ts";
import { type Conversion, outputName, requiredAt, valueAt } from "../conversion.ts";
import { toBytes, toFixedPoint, wideOf } from "../forms.ts";
import { at, broadcastIndices, broadcastShape, filled, type Grid, moved } from "../grid.ts";
import { type Affine, fixedPoint, isClamped, isUniform, type QuantizedValue } from "../quantizedValue.ts";
import { unsupported } from "../quantizeError.ts";
import { reshaped } from "./convolution.ts";

/** Steps of fixed point that the largest calibrated value of a sum takes. */
const STEPS = 2 ** 15;

export function arithmetic(conversion: Conversion, node: OnnxNode): void {
  const [left = "", right = ""] = node.inputs;
  if (conversion.values.has(left) && conversion.values.has(right)) {
    betweenValues(conversion, node);
    return;
  }
  const isLeft = conversion.values.has(left);
  const value = valueAt(conversion, node, isLeft ? 0 : 1);
  const constant = requiredAt(conversion, node, isLeft ? 1 : 0);
  conversion.values.set(outputName(node), withConstant(conversion, node, value, constant, isLeft));
}

/** `real · factor + addend`, which costs nothing: it goes into the next rescaling. */
function withConstant(
  conversion: Conversion,
  node: OnnxNode,
  value: QuantizedValue,
  constant: Grid,
  isLeft: boolean,
): QuantizedValue {
  const dims = conversion.calibration.dims(outputName(node));
  const indices = broadcastIndices(constant.dims, dims);
  if (indices === undefined || dims.join() !== value.dims.join())
    throw unsupported(node, `a constant of shape [${constant.dims}]`);
  const numbers = moved(constant.values, indices);
  const ones = filled(numbers.length, 1);
  const zeros = filled(numbers.length, 0);
  switch (node.opType) {
    case "Add":
      return transformed(conversion, node, value, ones, numbers);
    case "Sub":
      return isLeft
        ? transformed(
            conversion,
            node,
            value,
            ones,
            numbers.map((number) => -number),
          )
        : transformed(
            conversion,
            node,
            value,
            ones.map((one) => -one),
            numbers,
          );
    case "Mul":
      return transformed(conversion, node, value, numbers, zeros);
    default:
      if (!isLeft) throw unsupported(node, "a divisor that depends on data");
      if (numbers.includes(0)) throw unsupported(node, "a divisor of zero");
      return transformed(
        conversion,
        node,
        value,
        numbers.map((number) => 1 / number),
        zeros,
      );
  }
}

/** Element by element `real · factor + addend`. */
export function transformed(
  conversion: Conversion,
  node: OnnxNode,
  value: QuantizedValue,
  factor: Float64Array,
  addend: Float64Array,
): QuantizedValue {
  const source = outputName(node);
  const isScalar = isUniform(factor) && isUniform(addend);
  const [times, plus] = [at(factor, 0), at(addend, 0)];
  if (value.kind === "mapped" && isScalar) {
    const { apply } = value;
    return { ...value, source, apply: (real) => apply(real) * times + plus };
  }
  if (value.kind === "mapped" || (isClamped(value) && !isScalar)) {
    const kept = value.axis === undefined ? [] : [value.axis];
    return transformed(conversion, node, toBytes(conversion, value, { kept }), factor, addend);
  }
  const ends = isClamped(value)
    ? [value.min * times + plus, value.max * times + plus]
    : [value.min, value.max];
  return {
    ...value,
    source,
    scale: value.scale.map((scale, index) => scale * at(factor, index)),
    offset: value.offset.map((offset, index) => offset * at(factor, index) + at(addend, index)),
    min: Math.min(...ends),
    max: Math.max(...ends),
  };
}

function betweenValues(conversion: Conversion, node: OnnxNode): void {
  const pair = [valueAt(conversion, node, 0), valueAt(conversion, node, 1)] as const;
  const dims = broadcastShape(pair[0].dims, pair[1].dims);
  if (dims === undefined) throw unsupported(node, "shapes that do not go together");
  if (node.opType === "Div") throw unsupported(node, "a divisor that depends on data");
  const source = outputName(node);
  const made =
    node.opType === "Mul" ? productOf(conversion, node, pair, dims) : sumOf(conversion, node, pair, dims);
  conversion.values.set(source, made);
}

/** Integers of the same unit are added as they are; others become fixed point first. */
function sumOf(
  conversion: Conversion,
  node: OnnxNode,
  pair: readonly [QuantizedValue, QuantizedValue],
  dims: readonly number[],
): Affine {
  const source = outputName(node);
  const unit = commonUnit(pair) ?? unitOf(conversion, [source, pair[0].source, pair[1].source]);
  const [left, right] = [toFixedPoint(conversion, pair[0], unit), toFixedPoint(conversion, pair[1], unit)];
  const isSum = node.opType === "Add";
  const tensor = conversion.exact.node(isSum ? "Add" : "Sub", [left.tensor, right.tensor], `${source}/fixed`);
  const bounds = isSum
    ? ([left.low + right.low, left.high + right.high] as const)
    : ([left.low - right.high, left.high - right.low] as const);
  return fixedPoint(source, dims, tensor, unit, bounds, sameAxis(pair, dims));
}

function productOf(
  conversion: Conversion,
  node: OnnxNode,
  pair: readonly [QuantizedValue, QuantizedValue],
  dims: readonly number[],
): Affine {
  const source = outputName(node);
  const [left, right] = pair.map((value) =>
    toFixedPoint(conversion, value, unitOf(conversion, [value.source])),
  ) as [Affine, Affine];
  const tensor = conversion.exact.node("Mul", [left.tensor, right.tensor], `${source}/fixed`);
  const ends = [left.low, left.high].flatMap((a) => [a * right.low, a * right.high]);
  if (ends.some((end) => Math.abs(end) >= 2 ** 61))
    throw unsupported(node, "a product that can leave 64 bits");
  const unit = at(left.scale, 0) * at(right.scale, 0);
  return fixedPoint(source, dims, tensor, unit, [Math.min(...ends), Math.max(...ends)], sameAxis(pair, dims));
}

function sameAxis(
  pair: readonly [QuantizedValue, QuantizedValue],
  dims: readonly number[],
): number | undefined {
  return pair.find((value) => value.dims.length === dims.length && value.axis !== undefined)?.axis;
}

function commonUnit(pair: readonly [QuantizedValue, QuantizedValue]): number | undefined {
  const units = pair.map((value) =>
    value.kind === "affine" &&
    !isClamped(value) &&
    isUniform(value.scale) &&
    value.offset.every((offset) => offset === 0)
      ? at(value.scale, 0)
      : undefined,
  );
  return units[0] === units[1] ? units[0] : undefined;
}

export function unitOf({ calibration }: Conversion, sources: readonly string[]): number {
  const largest = sources.map((source) => {
    const { low, high } = calibration.range(source, []);
    return Math.max(Math.abs(at(low, 0)), Math.abs(at(high, 0)));
  });
  return (Math.max(...largest) || 1) / STEPS;
}

export function batchNormalization(conversion: Conversion, node: OnnxNode): void {
  const value = valueAt(conversion, node, 0);
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => requiredAt(conversion, node, index)) as [
    Grid,
    Grid,
    Grid,
    Grid,
  ];
  const epsilon = node.attributes.find(({ name }) => name === "epsilon")?.f ?? 1e-5;
  const slope = gamma.values.map(
    (factor, channel) => factor / Math.sqrt(at(variance.values, channel) + epsilon),
  );
  const start = beta.values.map((add, channel) => add - at(mean.values, channel) * at(slope, channel));
  const perChannel = value.dims.slice(2).reduce((product, dim) => product * dim, 1);
  const spread = (values: Float64Array) =>
    Float64Array.from(
      { length: perChannel * value.dims.slice(0, 2).reduce((a, b) => a * b, 1) },
      (_, index) => at(values, Math.floor(index / perChannel) % values.length),
    );
  conversion.values.set(outputName(node), transformed(conversion, node, value, spread(slope), spread(start)));
}

/** Sums over axes, in integers; `factor` makes a mean of them. */
export function summed(
  conversion: Conversion,
  source: string,
  value: QuantizedValue,
  axes: readonly number[],
  factor: number,
): Affine {
  const kept = value.dims.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const channel = value.axis !== undefined && kept.includes(value.axis) ? [value.axis] : [];
  const plain =
    value.kind === "affine" && !isClamped(value) && commonUnit([value, value]) !== undefined
      ? value
      : toBytes(conversion, value, { kept: channel });
  const { exact } = conversion;
  const list = exact.constant(`${source}/axes`, DATA.int64, [axes.length], axes);
  const sums = exact.node("ReduceSum", [wideOf(conversion, plain), list], `${source}/sums`, { keepdims: 1 });
  const count = axes.reduce((product, axis) => product * at(value.dims, axis), 1);
  const reduced = value.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const indices = firstOf(value.dims, reduced);
  const dims = conversion.calibration.dims(source);
  return {
    ...plain,
    source,
    dims,
    tensor: reduced.join() === dims.join() ? sums : reshaped(conversion, sums, dims, `${source}/reduced`),
    type: DATA.int64,
    low: plain.low * count,
    high: plain.high * count,
    scale: moved(plain.scale, indices).map((scale) => scale * factor),
    offset: moved(plain.offset, indices).map((offset) => offset * count * factor),
    axis: dims.length === value.dims.length ? value.axis : dims.length - 1,
  };
}

/** Where the first element of each sum is. */
function firstOf(dims: readonly number[], reduced: readonly number[]): Int32Array {
  const all = Int32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, index) => index);
  const groups = broadcastIndices(reduced, dims);
  if (groups === undefined) throw new RangeError(`[${reduced}] of [${dims}]`);
  const first = new Int32Array(reduced.reduce((a, b) => a * b, 1)).fill(-1);
  all.forEach((index) => {
    const group = at(groups, index);
    if (first[group] === -1) first[group] = index;
  });
  return first;
}

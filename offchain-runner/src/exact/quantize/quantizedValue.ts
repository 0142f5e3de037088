import { DATA } from "../../hub/onnxTensors.ts";
import type { IntegerType } from "./exactGraph.ts";
import { at, filled, moved } from "./grid.ts";

/**
 * A value of the float model as integers of the exact one: `real = clamp(scale · q + offset, min, max)`, element by element.
 * Scales, offsets and clamps are carried along and turned into instructions only when a consumer needs bytes or fixed
 * point, so that a bias, a normalisation and an activation cost one rescaling together.
 */
export interface Affine {
  readonly kind: "affine";
  /** The value of the float model that this one stands for. */
  readonly source: string;
  readonly dims: readonly number[];
  readonly tensor: string;
  readonly type: IntegerType;
  /** What the integers provably lie between. */
  readonly low: number;
  readonly high: number;
  readonly scale: Float64Array;
  readonly offset: Float64Array;
  readonly min: number;
  readonly max: number;
  /** The axis of channels or features, which may have ranges of their own. */
  readonly axis: number | undefined;
}

/** A function of a value, to be looked up in a table: `real = apply(inner)`. */
export interface Mapped {
  readonly kind: "mapped";
  readonly source: string;
  readonly dims: readonly number[];
  readonly inner: Affine;
  readonly apply: (real: number) => number;
  readonly axis: number | undefined;
}

export type QuantizedValue = Affine | Mapped;

export function isClamped({ min, max }: Affine): boolean {
  return min !== Number.NEGATIVE_INFINITY || max !== Number.POSITIVE_INFINITY;
}

export function isUniform(values: Float64Array): boolean {
  return values.every((value) => value === values[0]);
}

/** Integers of one unit, without an offset. */
export function fixedPoint(
  source: string,
  dims: readonly number[],
  tensor: string,
  unit: number,
  [low, high]: readonly [number, number],
  axis: number | undefined,
  type: IntegerType = DATA.int64,
): Affine {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return {
    kind: "affine",
    source,
    dims,
    tensor,
    type,
    low,
    high,
    scale: filled(count, unit),
    offset: filled(count, 0),
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
    axis,
  };
}

/** The same numbers at other places: what a reshape, a transposition or a slice does. */
export function rearranged(
  value: Affine,
  source: string,
  tensor: string,
  dims: readonly number[],
  indices: Int32Array,
  axis: number | undefined,
): Affine {
  return {
    ...value,
    source,
    tensor,
    dims,
    scale: moved(value.scale, indices),
    offset: moved(value.offset, indices),
    axis,
  };
}

/** The real numbers between which the value provably lies. */
export function realBounds(value: Affine): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  value.scale.forEach((scale, index) => {
    const ends = [scale * value.low + at(value.offset, index), scale * value.high + at(value.offset, index)];
    low = Math.min(low, ...ends);
    high = Math.max(high, ...ends);
  });
  const inside = (bound: number) => Math.min(Math.max(bound, value.min), value.max);
  return [inside(low), inside(high)];
}

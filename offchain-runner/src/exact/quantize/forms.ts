import { DATA } from "../../hub/onnxTensors.ts";
import type { Range } from "./calibration.ts";
import { type Conversion, once } from "./conversion.ts";
import { at, filled, groupsOf, variesOnlyAlong } from "./grid.ts";
import {
  type Affine,
  fixedPoint,
  isClamped,
  isUniform,
  type Mapped,
  type QuantizedValue,
  realBounds,
} from "./quantizedValue.ts";
import { QuantizeError } from "./quantizeError.ts";
import { rescale, scalarConstant } from "./rescale.ts";
import { tableOf } from "./table.ts";

/** What a consumer asks of bytes. */
export interface ByteNeeds {
  /** The axes along which scales may differ. */
  readonly kept: readonly number[];
  /** Zero must be a byte of its own, the same everywhere: what a convolution pads with. */
  readonly padded?: boolean;
}

const TOP = 255;
/** A step for what never changes. */
const NOTHING = 2 ** -16;
/** A channel's range is at least this share of the widest channel's, so that a quiet one does not saturate at once. */
const NARROWEST = 1 / 16;
const LARGEST_INTEGER = 2 ** 50;

/** The value as uint8: scales from the calibration, nothing left to clamp. */
export function toBytes(conversion: Conversion, value: QuantizedValue, needs: ByteNeeds): Affine {
  if (value.kind === "affine" && areBytes(value, needs)) return value;
  const form = `bytes ${needs.kept.join()} ${needs.padded === true}`;
  return once(conversion, value, form, () => {
    const bytes =
      value.kind === "mapped" ? mappedBytes(conversion, value, needs) : affineBytes(conversion, value, needs);
    conversion.probes.push({ source: value.source, form: "bytes", value: bytes, clip: [0, TOP] });
    return bytes;
  });
}

/** The integer that stands for zero. */
export function zeroOf({ scale, offset }: Affine): number {
  return Math.round(-at(offset, 0) / at(scale, 0)) || 0;
}

function areBytes(value: Affine, { kept, padded }: ByteNeeds): boolean {
  if (value.type !== DATA.uint8 || isClamped(value)) return false;
  if (!value.scale.every((scale) => scale > 0)) return false;
  if (![value.scale, value.offset].every((values) => variesOnlyAlong(values, value.dims, kept))) return false;
  if (padded !== true) return true;
  const zeros = value.offset.map((offset, index) => -offset / at(value.scale, index));
  const zero = Math.round(at(zeros, 0));
  return zero >= 0 && zero <= TOP && zeros.every((each) => Math.abs(each - zero) < 1e-6);
}

function affineBytes(conversion: Conversion, value: Affine, needs: ByteNeeds): Affine {
  const { low, high } = rangeFor(conversion, value, needs);
  const count = low.length;
  const unit = high.map((top, index) => (top - at(low, index)) / TOP || NOTHING);
  let base = low;
  const clip = { low: 0, high: TOP };
  if (needs.padded === true && at(low, 0) < 0) {
    const zero = Math.round(-at(low, 0) / at(unit, 0));
    base = filled(count, -zero * at(unit, 0));
  }
  if (isClamped(value) && isUniform(unit)) {
    const step = (real: number) => Math.round((real - at(base, 0)) / at(unit, 0));
    clip.low = Math.min(Math.max(step(value.min), 0), TOP);
    clip.high = Math.min(Math.max(step(value.max), clip.low), TOP);
  }
  const wide = rescale(conversion.exact, value, { unit, base, ...clip }, value.source);
  const tensor = conversion.exact.node("Cast", [wide], `${value.source}/bytes`, { to: DATA.uint8 });
  return { ...bytesOf(value, tensor, unit, base), low: clip.low, high: clip.high };
}

function mappedBytes(conversion: Conversion, value: Mapped, needs: ByteNeeds): Affine {
  const table = tableOf(conversion, value);
  const low = needs.padded === true ? Math.min(0, table.low) : table.low;
  const high = needs.padded === true ? Math.max(0, table.high) : table.high;
  const unit = (high - low) / TOP || 1;
  const base = needs.padded === true ? -Math.round(-low / unit) * unit || 0 : low;
  const entries = table.values.map((real) => Math.min(Math.max(Math.round((real - base) / unit), 0), TOP));
  const constant = conversion.exact.constant(`${value.source}/table`, DATA.uint8, [entries.length], entries);
  const tensor = conversion.exact.node("Gather", [constant, table.index], `${value.source}/bytes`, {
    axis: 0,
  });
  const count = table.count;
  return bytesOf(value, tensor, filled(count, unit), filled(count, base));
}

function bytesOf(value: QuantizedValue, tensor: string, scale: Float64Array, offset: Float64Array): Affine {
  return {
    kind: "affine",
    source: value.source,
    dims: value.dims,
    tensor,
    type: DATA.uint8,
    low: 0,
    high: TOP,
    scale,
    offset,
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
    axis: value.axis,
  };
}

function rangeFor(conversion: Conversion, value: Affine, needs: ByteNeeds): Range {
  const measured = clampedRange(conversion, value, needs.kept);
  if (needs.padded !== true) return widened(value, measured, needs.kept);
  if (measured.low.every((low) => low >= 0)) {
    return widened(value, { low: filled(measured.low.length, 0), high: measured.high }, needs.kept);
  }
  const whole = clampedRange(conversion, value, []);
  return { low: whole.low.map((low) => Math.min(low, 0)), high: whole.high.map((high) => Math.max(high, 0)) };
}

function clampedRange(
  { calibration }: Conversion,
  { source, min, max }: Affine,
  kept: readonly number[],
): Range {
  const { low, high } = calibration.range(source, kept);
  const inside = (bound: number) => Math.min(Math.max(bound, min), max);
  return { low: low.map(inside), high: high.map(inside) };
}

function widened({ dims, min, max }: Affine, { low, high }: Range, kept: readonly number[]): Range {
  if (kept.length === 0 || groupsOf(dims, kept).every((group) => group === 0)) return { low, high };
  const least = NARROWEST * high.reduce((most, top, index) => Math.max(most, top - at(low, index)), 0);
  const tops = high.map((top, index) => Math.min(Math.max(top, at(low, index) + least), max));
  const bottoms = low.map((bottom, index) => Math.max(Math.min(bottom, at(tops, index) - least), min));
  return { low: bottoms, high: tops };
}

/** The value as int64 in steps of `unit`, with no offset; it saturates only at clamps of its own. */
export function toFixedPoint(conversion: Conversion, value: QuantizedValue, unit: number): Affine {
  return once(conversion, value, `fixed ${unit}`, () => {
    const fixed =
      value.kind === "mapped" ? mappedFixed(conversion, value, unit) : affineFixed(conversion, value, unit);
    conversion.probes.push({ source: value.source, form: "fixed-point", value: fixed, clip: undefined });
    return fixed;
  });
}

function affineFixed(conversion: Conversion, value: Affine, unit: number): Affine {
  const { exact } = conversion;
  const { source, dims, axis } = value;
  if (
    !isClamped(value) &&
    value.scale.every((scale) => scale === unit) &&
    value.offset.every((o) => o === 0)
  ) {
    const tensor = wideOf(conversion, value);
    return fixedPoint(source, dims, tensor, unit, [value.low, value.high], axis);
  }
  const [least, most] = realBounds(value);
  // A clamp of the float model is kept to: the nearest steps inside it. Without one, nothing is ever clipped.
  const low = least === value.min ? Math.ceil(nudged(least / unit, -1)) : Math.floor(least / unit) - 1;
  const high = most === value.max ? Math.floor(nudged(most / unit, 1)) : Math.ceil(most / unit) + 1;
  if (!(Math.abs(low) < LARGEST_INTEGER && Math.abs(high) < LARGEST_INTEGER)) {
    throw new QuantizeError("quantize-range-too-wide", {
      reason: `it can reach ${low} to ${high}`,
      value: source,
    });
  }
  const shift = Math.min(low, 0);
  const base = filled(value.scale.length, shift * unit);
  const steps = { unit: filled(value.scale.length, unit), base, low: low - shift, high: high - shift };
  const raised = rescale(exact, value, steps, source);
  const tensor =
    shift === 0
      ? raised
      : exact.node("Add", [raised, scalarConstant(exact, source, shift)], `${source}/fixed`);
  return fixedPoint(source, dims, tensor, unit, [low, high], axis);
}

function mappedFixed(conversion: Conversion, value: Mapped, unit: number): Affine {
  const table = tableOf(conversion, value);
  const entries = table.values.map((real) => Math.round(real / unit));
  const constant = conversion.exact.constant(`${value.source}/table`, DATA.int64, [entries.length], entries);
  const tensor = conversion.exact.node("Gather", [constant, table.index], `${value.source}/fixed`, {
    axis: 0,
  });
  const bounds = [Math.min(...entries), Math.max(...entries)] as const;
  return fixedPoint(value.source, value.dims, tensor, unit, bounds, value.axis);
}

export function wideOf({ exact }: Conversion, value: Affine): string {
  if (value.type === DATA.int64) return value.tensor;
  return exact.node("Cast", [value.tensor], `${value.source}/wide`, { to: DATA.int64 });
}

/** Something that can be rearranged: raw sums become bytes where bytes are what is wanted further on. */
export function settled(conversion: Conversion, value: QuantizedValue, output: string): Affine {
  const isRaw = value.kind === "affine" && value.type !== DATA.uint8;
  if (value.kind === "affine" && !(isRaw && conversion.byteUses.has(output) && isProduct(value)))
    return value;
  return toBytes(conversion, value, { kept: value.axis === undefined ? [] : [value.axis] });
}

/** Sums of a product are int32; inputs and fixed point are int64. */
function isProduct({ type }: Affine): boolean {
  return type === DATA.int32;
}

/** A float32 bound such as 0.05 lies a hair beside the step that it means. */
function nudged(steps: number, side: -1 | 1): number {
  return steps + side * Math.abs(steps) * 1e-6;
}

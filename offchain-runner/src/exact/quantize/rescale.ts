import { DATA } from "../../hub/onnxTensors.ts";
import type { ExactGraph } from "./exactGraph.ts";
import { at, broadcastIndices, broadcastShape, compressed, type Grid } from "./grid.ts";
import type { Affine } from "./quantizedValue.ts";
import { QuantizeError } from "./quantizeError.ts";

export interface Rescaling {
  /** Real size of one step of the new integers, element by element. */
  readonly unit: Float64Array;
  /** What the new integer 0 stands for. */
  readonly base: Float64Array;
  /** The new integers are clipped to these; both are 0 or more. */
  readonly low: number;
  readonly high: number;
}

/** With room for the rounding of multipliers. */
const COMPARABLE = 2 ** 31 - 2 ** 10;
const MAX_SHIFT = 40;
/** Well inside 2^63: the products are estimated in doubles. */
const MAX_PRODUCT = 2 ** 61;
/** Above it, half an accumulator step is no longer small against half a step of the result. */
const COARSE = 0.25;

/**
 * Emits `clip(floor((real - base) / unit + 1/2), low, high)` as int64.
 *
 * ONNX divides integers towards zero, which is rounding down for what is not negative. Zero point and one half are added
 * before the division, and what is negative then is clipped to `low >= 0` in any case: rounding is to nearest wherever it
 * can be seen. The addition comes before the multiplication, as the exact machine fuses it. Its grain is one step of the
 * integers that come in: nothing to sums of products (int32), whose terms are rounded more than that; of others where a
 * step is small against `unit`; and where it is not, the addition comes after.
 *
 * ONNX Runtime 1.30 compares int64 right only inside int32 (`Clip`, `Min`, `Max`): a clip that never binds is left out,
 * and where the quotient could leave int32, what is certain to be clipped is clipped before.
 */
export function rescale(graph: ExactGraph, given: Affine, target: Rescaling, hint: string): string {
  if (target.low < 0) throw new RangeError("rounding is to nearest only where results are not negative");
  const { dims } = given;
  const line: Line = {
    slope: given.scale.map((scale, index) => scale / at(target.unit, index)),
    start: given.offset.map(
      (offset, index) => (offset - at(target.base, index)) / at(target.unit, index) + 0.5,
    ),
  };
  const isBinding = binds(line, given, target);
  const value =
    isBinding && !isComparable(line, given, target) ? preclipped(graph, given, line, target, hint) : given;
  const slope = compressed(line.slope, dims);
  const start = compressed(line.start, dims);
  const reach = Math.max(Math.abs(value.low), Math.abs(value.high));
  const before = addedBefore(value, slope, start, reach);
  const chosen = before ?? addedAfter(slope, start, reach);
  if (chosen === undefined || (isBinding && !isComparable(line, value, target))) throw tooWide(value, reach);
  const constant = (name: string, grid: Grid) =>
    graph.constant(`${hint}/${name}`, DATA.int64, grid.dims, grid.values);
  const wide =
    value.type === DATA.int64
      ? value.tensor
      : graph.node("Cast", [value.tensor], `${hint}/wide`, { to: DATA.int64 });
  const multiplier = constant("multiplier", chosen.multiplier);
  const addend = constant("addend", chosen.addend);
  const product =
    before === undefined
      ? graph.node("Add", [graph.node("Mul", [wide, multiplier], `${hint}/product`), addend], `${hint}/sum`)
      : graph.node("Mul", [graph.node("Add", [wide, addend], `${hint}/sum`), multiplier], `${hint}/product`);
  const quotient = graph.node(
    "Div",
    [product, scalarConstant(graph, hint, 2 ** chosen.shift)],
    `${hint}/quotient`,
  );
  return isBinding ? clipped(graph, quotient, [target.low, target.high], hint) : quotient;
}

/** The new integers before they are cut: `slope · q + start`, element by element. */
interface Line {
  readonly slope: Float64Array;
  readonly start: Float64Array;
}

function reachOf({ slope, start }: Line, { low, high }: Affine): [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  slope.forEach((step, index) => {
    const ends = [step * low + at(start, index), step * high + at(start, index)];
    least = Math.min(least, ...ends);
    most = Math.max(most, ...ends);
  });
  return [least, most];
}

function binds(line: Line, value: Affine, target: Rescaling): boolean {
  const [least, most] = reachOf(line, value);
  return least < target.low + 0.5 || most > target.high + 0.5;
}

function isComparable(line: Line, value: Affine, target: Rescaling): boolean {
  return [...reachOf(line, value), target.high].every((end) => Math.abs(end) < COMPARABLE);
}

/** Cuts off the integers that every element would clip to its ends anyway. */
function preclipped(graph: ExactGraph, value: Affine, line: Line, target: Rescaling, hint: string): Affine {
  if (Math.max(Math.abs(value.low), Math.abs(value.high)) > 2 ** 31) throw tooWide(value, value.high);
  let low = value.high;
  let high = value.low;
  line.slope.forEach((step, index) => {
    if (step === 0) return;
    const ends = [target.low - 2, target.high + 2].map((end) => (end - at(line.start, index)) / step);
    low = Math.min(low, ...ends);
    high = Math.max(high, ...ends);
  });
  const bounds = [Math.max(Math.floor(low), value.low), Math.min(Math.ceil(high), value.high)] as const;
  if (bounds[0] > bounds[1]) throw tooWide(value, value.high);
  const wide =
    value.type === DATA.int64
      ? value.tensor
      : graph.node("Cast", [value.tensor], `${hint}/whole`, { to: DATA.int64 });
  const tensor = clipped(graph, wide, bounds, `${hint}/source`);
  return { ...value, tensor, type: DATA.int64, low: bounds[0], high: bounds[1] };
}

function clipped(
  graph: ExactGraph,
  tensor: string,
  [low, high]: readonly [number, number],
  hint: string,
): string {
  const bounds = [scalarConstant(graph, hint, low), scalarConstant(graph, hint, high)];
  return graph.node("Clip", [tensor, ...bounds], `${hint}/clipped`);
}

function tooWide({ source }: Affine, reach: number): QuantizeError {
  return new QuantizeError("quantize-range-too-wide", {
    reason: `integers up to ${reach} cannot be rescaled; fewer steps for one in the inputs or outputs would help`,
    value: source,
  });
}

export function scalarConstant(graph: ExactGraph, hint: string, value: number): string {
  return graph.constant(`${hint}/${value}`, DATA.int64, [], [BigInt(value)]);
}

interface Chosen {
  readonly shift: number;
  readonly multiplier: Grid;
  readonly addend: Grid;
}

/** `(q + addend) · multiplier / 2^shift`; `undefined` where that is too coarse. */
function addedBefore({ dims, type }: Affine, slope: Grid, start: Grid, reach: number): Chosen | undefined {
  if (type !== DATA.int32 && slope.values.some((step) => Math.abs(step) > COARSE)) return undefined;
  const shape = broadcastShape(slope.dims, start.dims) ?? dims;
  const starts = spread(start, shape);
  const slopes = spread(slope, shape);
  return search(
    (shift) => {
      const multiplier = slope.values.map((step) => Math.round(step * 2 ** shift));
      if (multiplier.some((factor) => factor === 0)) return "too-coarse";
      const factors = slopes.map((step) => Math.round(step * 2 ** shift));
      const addend = starts.map((begin, index) => Math.round((begin * 2 ** shift) / at(factors, index)));
      const product = factors.reduce(
        (most, factor, index) => Math.max(most, (reach + Math.abs(at(addend, index))) * Math.abs(factor)),
        0,
      );
      return { product, multiplier, addend };
    },
    slope.dims,
    shape,
  );
}

/** `(q · multiplier + addend) / 2^shift`. */
function addedAfter(slope: Grid, start: Grid, reach: number): Chosen | undefined {
  return search(
    (shift) => {
      const multiplier = slope.values.map((step) => Math.round(step * 2 ** shift));
      const addend = start.values.map((begin) => Math.round(begin * 2 ** shift));
      const largest = (values: Float64Array) =>
        values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      return { product: reach * largest(multiplier) + largest(addend), multiplier, addend };
    },
    slope.dims,
    start.dims,
  );
}

type Attempt = { product: number; multiplier: Float64Array; addend: Float64Array } | "too-coarse";

/** The finest multipliers whose products stay inside 64 bits. */
function search(
  attempt: (shift: number) => Attempt,
  multiplierDims: readonly number[],
  addendDims: readonly number[],
): Chosen | undefined {
  for (let shift = MAX_SHIFT; shift >= 0; shift -= 1) {
    const tried = attempt(shift);
    if (tried === "too-coarse") return undefined;
    if (tried.product >= MAX_PRODUCT) continue;
    return {
      shift,
      multiplier: { dims: multiplierDims, values: tried.multiplier },
      addend: compressed(tried.addend, addendDims),
    };
  }
  return undefined;
}

function spread(grid: Grid, dims: readonly number[]): Float64Array {
  const indices = broadcastIndices(grid.dims, dims);
  if (indices === undefined) throw new RangeError(`[${grid.dims}] does not broadcast to [${dims}]`);
  return Float64Array.from(indices, (index) => at(grid.values, index));
}

import type { Call } from "./call.ts";
import { packedLike, placed } from "./emitter.ts";
import type { Buffer, CopyLoop, ReadLoop, ReduceKind } from "./plannedOp.ts";
import { sourceIndices, stridesOf } from "./tensorShape.ts";
import type { Place, Value } from "./value.ts";
import { constant, hull } from "./value.ts";
import type { Loop } from "./view.ts";
import { merged, product } from "./view.ts";
import { larger } from "./wideNumbers.ts";

type Extreme = "max" | "min";

const MAX_EXACT_SUM = 1n << 53n;

export function reduceSum(call: Call): Value[] {
  return [reduced(call, "sum")];
}

export function reduceMax(call: Call): Value[] {
  return [reduced(call, "max")];
}

export function reduceMin(call: Call): Value[] {
  return [reduced(call, "min")];
}

function reduced(call: Call, kind: "sum" | Extreme): Value {
  const value = call.input(0);
  const rank = value.shape.length;
  const takesInput = kind === "sum" || call.opset >= 18;
  const given = takesInput
    ? call.inputs[1] === undefined
      ? undefined
      : call.numbers(1, "the axes")
    : call.ints("axes");
  if ((given === undefined || given.length === 0) && call.flag("noop_with_empty_axes", false)) return value;
  const axes = new Set(
    given === undefined || given.length === 0 ? value.shape.keys() : call.axes(given, rank),
  );
  return reducedOver(call, value, axes, kind, call.flag("keepdims", true));
}

function reducedOver(
  call: Call,
  value: Value,
  axes: ReadonlySet<number>,
  kind: "sum" | Extreme,
  keeps: boolean,
): Value {
  if (kind === "sum") checkSum(call, value);
  else call.checkComparable(value);
  const kept = value.shape.map((size, axis) => (axes.has(axis) ? 1 : size));
  const shape = keeps ? kept : value.shape.filter((_, axis) => !axes.has(axis));
  const members = membersOf(value.shape, axes);
  const ranges = call.bounded(value.dtype, members.outer.length, (i) =>
    memberBounds(value, members, i, kind),
  );
  if (call.folds) return constant(value.dtype, shape, ranges.lo);
  if (members.inner.length === 1) return { ...value, shape };
  return call.value(value.dtype, shape, ranges, reducedPlace(call, value, axes, kind, hull(ranges)));
}

/** ONNX Runtime 1.30 adds int64 up in doubles. */
function checkSum(call: Call, value: Value): void {
  if (value.dtype !== "int64") return;
  let magnitude = 0n;
  for (let i = 0; i < value.lo.length; i++) {
    const [lo = 0n, hi = 0n] = [value.lo[i], value.hi[i]];
    magnitude += larger(-lo, hi);
  }
  if (magnitude > MAX_EXACT_SUM)
    call.refuse("exact-range-overflow", `the terms of its sums can reach ${magnitude} in all, beyond 2^53`);
}

interface Members {
  readonly outer: Int32Array;
  readonly inner: Int32Array;
}

function membersOf(shape: readonly number[], axes: ReadonlySet<number>): Members {
  const strides = stridesOf(shape);
  const pick = (isInner: boolean) => {
    const own = [...shape.keys()].filter((axis) => axes.has(axis) === isInner);
    return sourceIndices(
      own.map((axis) => shape[axis] ?? 1),
      own.map((axis) => strides[axis] ?? 0),
    );
  };
  return { outer: pick(false), inner: pick(true) };
}

function memberBounds(
  value: Value,
  { outer, inner }: Members,
  i: number,
  kind: "sum" | Extreme,
): readonly [bigint, bigint] {
  const base = outer[i] ?? 0;
  let lo = 0n;
  let hi = 0n;
  for (let k = 0; k < inner.length; k++) {
    const index = base + (inner[k] ?? 0);
    const low = value.lo[index] ?? 0n;
    const high = value.hi[index] ?? 0n;
    if (kind === "sum") {
      lo += low;
      hi += high;
    } else if (k === 0) {
      lo = low;
      hi = high;
    } else {
      if (low > lo === (kind === "max")) lo = low;
      if (high > hi === (kind === "max")) hi = high;
    }
  }
  return [lo, hi];
}

function reducedPlace(
  call: Call,
  value: Value,
  axes: ReadonlySet<number>,
  operation: ReduceKind,
  bounds: { lo: bigint; hi: bigint },
): Place {
  const { source, offset, dims } = call.emitter.dims(value);
  const outer = merged(dims.filter((_, axis) => !axes.has(axis)).flat());
  const inner = merged(dims.filter((_, axis) => axes.has(axis)).flat());
  return reduction(
    call,
    { ...call.emitter.laidAt(source, { offset, loops: [] }), outer, inner },
    operation,
    bounds,
  );
}

/** One result for each position of the outer loops, laid out in the order in which the source lies. */
export function reduction(
  call: Call,
  from: { buffer: Buffer; view: { offset: number }; outer: readonly Loop[]; inner: readonly Loop[] },
  operation: ReduceKind,
  bounds: { lo: bigint; hi: bigint },
): Place {
  const { outer, inner } = from;
  const layout = packedLike(outer);
  const buffer = call.emitter.buffer(product(outer.map(({ count }) => count)), bounds);
  const steps = outer.map(({ count, stride }, i): CopyLoop => [count, stride, layout[i]?.stride ?? 0]);
  const within = inner.map(({ count, stride }): ReadLoop => [count, stride]);
  call.emitter.push({
    kind: "reduce",
    operation,
    src: { buffer: from.buffer, offset: from.view.offset },
    dst: { buffer, offset: 0 },
    outer: steps,
    inner: within.length === 0 ? [[1, 1]] : within,
  });
  return placed(buffer, { offset: 0, loops: layout });
}

export function argMax(call: Call): Value[] {
  return [argExtreme(call, "max")];
}

export function argMin(call: Call): Value[] {
  return [argExtreme(call, "min")];
}

function argExtreme(call: Call, kind: Extreme): Value {
  const value = call.input(0);
  const axis = call.axis(call.int("axis", 0), value.shape.length);
  call.checkComparable(value);
  const takesLast = call.flag("select_last_index", false);
  const size = value.shape[axis] ?? 1;
  const keeps = call.flag("keepdims", true);
  const shape = keeps ? value.shape.with(axis, 1) : value.shape.filter((_, at) => at !== axis);
  const count = product(shape);
  if (size === 1) return constant("int64", shape, new BigInt64Array(count));
  if (call.folds) {
    const { outer, inner } = membersOf(value.shape, new Set([axis]));
    const found = Array.from(outer, (base) => BigInt(placeOf(value.lo, base, inner, kind, takesLast)));
    return constant("int64", shape, BigInt64Array.from(found));
  }
  const last = BigInt(size - 1);
  const ranges = { lo: new BigInt64Array(count), hi: new BigInt64Array(count).fill(last) };
  const operation: ReduceKind = `arg${kind}-${takesLast ? "last" : "first"}`;
  const place = reducedPlace(call, value, new Set([axis]), operation, { lo: 0n, hi: last });
  return call.value("int64", shape, ranges, place);
}

function placeOf(
  elements: BigInt64Array,
  base: number,
  inner: Int32Array,
  kind: Extreme,
  takesLast: boolean,
): number {
  let best = 0;
  for (let k = 1; k < inner.length; k++) {
    const value = elements[base + (inner[k] ?? 0)] ?? 0n;
    const leader = elements[base + (inner[best] ?? 0)] ?? 0n;
    const beats = kind === "max" ? value > leader : value < leader;
    if (beats || (takesLast && value === leader)) best = k;
  }
  return best;
}

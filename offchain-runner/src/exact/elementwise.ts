import type { Dtype } from "@opg-network/sdk/dtype";
import { dtypeInfo, dtypeOf } from "@opg-network/sdk/dtype";
import type { Call } from "./call.ts";
import { longestInside, packedLike, placed, sortedBy } from "./emitter.ts";
import { Pending } from "./pending.ts";
import type { ZipKind, ZipLoop } from "./plannedOp.ts";
import { broadcastShape, broadcastStrides, sameShape, sourceIndices } from "./tensorShape.ts";
import type { Bounds, Place, Value } from "./value.ts";
import { boundsOf, constant, hull, INT64, pickedRanges, uniform } from "./value.ts";
import type { JointLoop, Loop } from "./view.ts";
import { fillsRun, joined, positionsOf, product } from "./view.ts";
import { larger, smaller } from "./wideNumbers.ts";

type Ranges = Pick<Value, "lo" | "hi">;

/** The value as if it had `shape`, repeated without being copied. */
export function spread(call: Call, value: Value, shape: readonly number[]): Value {
  if (sameShape(value.shape, shape)) return value;
  call.checkCount(product(shape), value.place !== undefined);
  const ranges = pickedRanges(value, sourceIndices(shape, broadcastStrides(value.shape, shape)));
  return { dtype: value.dtype, shape, ...ranges, place: spreadPlace(call, value, shape) };
}

function spreadPlace(call: Call, value: Value, shape: readonly number[]): Place | undefined {
  if (value.place === undefined) return undefined;
  const { source, offset, dims } = call.emitter.dims(value);
  const missing = shape.length - value.shape.length;
  const loops = shape.flatMap((count, axis): readonly Loop[] => {
    const at = axis - missing;
    return at < 0 || value.shape[at] === 1 ? [{ count, stride: 0 }] : (dims[at] ?? []);
  });
  return placed(source, { offset, loops });
}

/** Both operands in the shape of the result. */
function together(call: Call, a: Value, b: Value): [Value, Value] {
  if (a.dtype !== b.dtype) call.refuse("exact-type-unsupported", `operands of ${a.dtype} and ${b.dtype}`);
  const shape = broadcastShape([a.shape, b.shape]);
  if (shape === undefined)
    call.refuse("exact-shape-invalid", `[${a.shape}] and [${b.shape}] do not broadcast`);
  return [spread(call, a, shape), spread(call, b, shape)];
}

/** What a step of a chain does to the pending result; parameters are in memory order. */
type Step = (pending: Pending, inMemory: (params: BigInt64Array) => BigInt64Array) => Pending | undefined;

/** Takes one more step into the chain that computes `value`, or starts a new chain behind it. */
function stepped(call: Call, value: Value, ranges: Ranges, step: Step): Place {
  const [pending, loops] = pendingOf(call, value);
  const positions = positionsOf({ offset: 0, loops });
  const inMemory = (params: BigInt64Array) => {
    const result = new BigInt64Array(params.length);
    for (let i = 0; i < params.length; i++) result[positions[i] ?? 0] = params[i] ?? 0n;
    return result;
  };
  const next = step(pending, inMemory) ?? step(restarted(call, pending), inMemory);
  if (next === undefined) call.refuse("exact-range-overflow", "a parameter of the step leaves int64");
  next.range.bounds = hull(ranges);
  return placed(next, { offset: 0, loops });
}

function pendingOf(call: Call, value: Value): [Pending, readonly Loop[]] {
  const place = value.place;
  if (place?.source instanceof Pending && place.source.settled === undefined) {
    const { source, view } = place;
    const isWhole = view.offset === 0 && product(value.shape) === source.count;
    if (isWhole && fillsRun(view.loops)) return [source, view.loops];
  }
  const { buffer, view } = call.emitter.run(value);
  const ref = { buffer, offset: view.offset };
  return [Pending.over({ kind: "run", ref }, product(value.shape), hull(value)), view.loops];
}

function restarted(call: Call, pending: Pending): Pending {
  const ref = { buffer: call.emitter.settle(pending), offset: 0 };
  return Pending.over({ kind: "run", ref }, pending.count, pending.range.bounds);
}

function stepValue(call: Call, value: Value, ranges: Ranges, step: Step): Value {
  const place = call.folds ? undefined : stepped(call, value, ranges, step);
  return call.value(value.dtype, value.shape, ranges, place);
}

function zipped(call: Call, operation: ZipKind, a: Value, b: Value, ranges: Ranges): Value {
  if (call.folds) return call.value(a.dtype, a.shape, ranges, undefined);
  const { emitter } = call;
  let left = emitter.laid(a);
  let right = emitter.laid(b);
  let steps = joined([left.view.loops, right.view.loops]);
  if (steps === undefined) {
    left = emitter.inOrder(a);
    right = emitter.inOrder(b);
    steps = joined([left.view.loops, right.view.loops]) ?? [];
  }
  const layout = packedLike(
    steps.map(({ count, strides: [x = 0, y = 0] }) => ({ count, stride: Math.abs(x) || Math.abs(y) })),
  );
  const full = steps.map(
    ({ count, strides }, i): JointLoop => ({ count, strides: [...strides, layout[i]?.stride ?? 0] }),
  );
  const buffer = emitter.buffer(product(a.shape), hull(ranges));
  emitter.push({
    kind: "zip",
    operation,
    a: { buffer: left.buffer, offset: left.view.offset },
    b: { buffer: right.buffer, offset: right.view.offset },
    dst: { buffer, offset: 0 },
    loops: zipLoops(full),
  });
  return call.value(a.dtype, a.shape, ranges, placed(buffer, { offset: 0, loops: layout }));
}

function zipLoops(steps: readonly JointLoop[]): ZipLoop[] {
  const loops = longestInside(sortedBy(steps, 2)).map(
    ({ count, strides: [x = 0, y = 0, z = 0] }): ZipLoop => [count, x, y, z],
  );
  return loops.length === 0 ? [[1, 1, 1, 1]] : loops;
}

export function add(call: Call): Value[] {
  const [a, b] = together(call, call.input(0), call.input(1));
  return [sum(call, a, b)];
}

function sum(call: Call, a: Value, b: Value): Value {
  const ranges = call.bounded(a.dtype, a.lo.length, (i) => [
    at(a.lo, i) + at(b.lo, i),
    at(a.hi, i) + at(b.hi, i),
  ]);
  if (a.place !== undefined && b.place !== undefined) return zipped(call, "add", a, b, ranges);
  const [value, addend] = b.place === undefined ? [a, b.lo] : [b, a.lo];
  return stepValue(call, value, ranges, (pending, inMemory) => pending.add(inMemory(addend), hull(ranges)));
}

export function subtract(call: Call): Value[] {
  const [a, b] = together(call, call.input(0), call.input(1));
  const ranges = call.bounded(a.dtype, a.lo.length, (i) => [
    at(a.lo, i) - at(b.hi, i),
    at(a.hi, i) - at(b.lo, i),
  ]);
  if (a.place !== undefined && b.place !== undefined) return [zipped(call, "sub", a, b, ranges)];
  if (b.place === undefined) {
    const addend = negated(call, b.lo);
    return [stepValue(call, a, ranges, (pending, inMemory) => pending.add(inMemory(addend), hull(ranges)))];
  }
  const addend = negated(call, a.lo);
  const minusOne = new BigInt64Array(addend.length).fill(-1n);
  const turn: Step = (pending, inMemory) =>
    pending.add(inMemory(addend), hull(ranges))?.multiply(inMemory(minusOne), hull(ranges));
  return [stepValue(call, b, ranges, turn)];
}

function negated(call: Call, elements: BigInt64Array): BigInt64Array {
  if (elements.includes(INT64.lo)) call.refuse("exact-range-overflow", "the smallest int64 has no opposite");
  return elements.map((element) => -element);
}

export function multiply(call: Call): Value[] {
  const [a, b] = together(call, call.input(0), call.input(1));
  const ranges = call.bounded(a.dtype, a.lo.length, (i) => productBounds(a, b, i));
  if (a.place !== undefined && b.place !== undefined) return [zipped(call, "mul", a, b, ranges)];
  const [value, factor] = b.place === undefined ? [a, b.lo] : [b, a.lo];
  return [scaled(call, value, factor, ranges)];
}

function scaled(call: Call, value: Value, factor: BigInt64Array, ranges: Ranges): Value {
  return stepValue(call, value, ranges, (pending, inMemory) =>
    pending.multiply(inMemory(factor), hull(ranges)),
  );
}

function productBounds(a: Value, b: Value, i: number): readonly [bigint, bigint] {
  const corners = [
    at(a.lo, i) * at(b.lo, i),
    at(a.lo, i) * at(b.hi, i),
    at(a.hi, i) * at(b.lo, i),
    at(a.hi, i) * at(b.hi, i),
  ];
  let lo = corners[0] ?? 0n;
  let hi = lo;
  for (const corner of corners) {
    if (corner < lo) lo = corner;
    if (corner > hi) hi = corner;
  }
  return [lo, hi];
}

export function divide(call: Call): Value[] {
  const divisor = call.input(1);
  if (divisor.place !== undefined) call.refuse("exact-divisor-refused", "the divisor is not a constant");
  const refused = divisor.lo.find((value) => value <= 0n);
  if (refused !== undefined) call.refuse("exact-divisor-refused", `the divisor contains ${refused}`);
  const [a, b] = together(call, call.input(0), divisor);
  return [quotient(call, a, b.lo)];
}

/** Rounded toward zero. Different divisors become one: x / d = (x · (L / d)) / L where L is a multiple of all d. */
function quotient(call: Call, value: Value, divisors: BigInt64Array): Value {
  const ranges = call.bounded(value.dtype, value.lo.length, (i) => [
    at(value.lo, i) / at(divisors, i),
    at(value.hi, i) / at(divisors, i),
  ]);
  const same = uniform(divisors);
  if (same !== undefined || call.folds) {
    return stepValue(call, value, ranges, (pending) => pending.divide(same ?? 1n, hull(ranges)));
  }
  const multiple = commonMultiple(call, divisors);
  const factors = divisors.map((divisor) => multiple / divisor);
  const products = call.bounded("int64", value.lo.length, (i) => [
    at(value.lo, i) * at(factors, i),
    at(value.hi, i) * at(factors, i),
  ]);
  return stepValue(call, value, ranges, (pending, inMemory) =>
    pending.multiply(inMemory(factors), hull(products))?.divide(multiple, hull(ranges)),
  );
}

function commonMultiple(call: Call, divisors: BigInt64Array): bigint {
  let multiple = 1n;
  for (const divisor of new Set(divisors)) {
    multiple *= divisor / greatestCommonDivisor(multiple, divisor);
    if (multiple > INT64.hi)
      call.refuse("exact-range-overflow", "the divisors have no common multiple within int64");
  }
  return multiple;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}

export function bitShift(call: Call): Value[] {
  const direction = call.text("direction", "");
  const shifts = call.input(1);
  if (shifts.place !== undefined) call.refuse("exact-constant-needed", "the shift is not a constant");
  const [value, shift] = together(call, call.input(0), shifts);
  const bits = BigInt(8 * dtypeInfo(value.dtype).bytes);
  if (shift.lo.some((count) => count >= bits))
    call.refuse("exact-attribute-unsupported", "a shift by all bits of the type or more");
  const powers = shift.lo.map((count) => 1n << count);
  if (direction === "RIGHT") return [quotient(call, value, powers)];
  if (direction !== "LEFT") call.refuse("exact-attribute-unsupported", `direction ${direction}`);
  const ranges = call.bounded(value.dtype, value.lo.length, (i) => [
    at(value.lo, i) * at(powers, i),
    at(value.hi, i) * at(powers, i),
  ]);
  return [scaled(call, value, powers, ranges)];
}

export function clip(call: Call): Value[] {
  const value = call.input(0);
  // The optimiser of ONNX Runtime 1.30 fails to join the two.
  if (call.producers[0]?.opType === "Relu")
    call.refuse("exact-attribute-unsupported", "a Clip of a Relu does not load; leave the Relu out");
  call.checkComparable(value, ...call.inputs.slice(1).filter((input) => input !== undefined));
  const whole = boundsOf(value.dtype);
  const limits = {
    lo: call.scalar(1, "the lower bound", value.dtype) ?? whole.lo,
    hi: call.scalar(2, "the upper bound", value.dtype) ?? whole.hi,
  };
  if (limits.lo > limits.hi)
    call.refuse("exact-attribute-unsupported", "the lower bound is above the upper one");
  return [limited(call, value, limits)];
}

export function relu(call: Call): Value[] {
  return [limited(call, call.input(0), { lo: 0n, hi: INT64.hi })];
}

function limited(call: Call, value: Value, limits: Bounds): Value {
  const { lo, hi } = hull(value);
  if (lo >= limits.lo && hi <= limits.hi) return value;
  const within = (x: bigint) => (x < limits.lo ? limits.lo : x > limits.hi ? limits.hi : x);
  const ranges = call.bounded(value.dtype, value.lo.length, (i) => [
    within(at(value.lo, i)),
    within(at(value.hi, i)),
  ]);
  return stepValue(call, value, ranges, (pending) => pending.limit(limits, hull(ranges)));
}

export function maximum(call: Call): Value[] {
  return [extreme(call, "max")];
}

export function minimum(call: Call): Value[] {
  return [extreme(call, "min")];
}

function extreme(call: Call, kind: "max" | "min"): Value {
  return call.inputs
    .map((_, index) => call.input(index))
    .reduce((a, b) => greaterOrLess(call, kind, ...together(call, a, b)));
}

function greaterOrLess(call: Call, kind: "max" | "min", a: Value, b: Value): Value {
  call.checkComparable(a, b);
  const pick = (x: bigint, y: bigint) => (x > y === (kind === "max") ? x : y);
  const [value, other] = b.place === undefined ? [a, b] : [b, a];
  const limit = other.place === undefined ? uniform(other.lo) : undefined;
  if (limit !== undefined && value.place !== undefined) {
    const limits = kind === "max" ? { lo: limit, hi: INT64.hi } : { lo: INT64.lo, hi: limit };
    return limited(call, value, limits);
  }
  const ranges = call.bounded(a.dtype, a.lo.length, (i) => [
    pick(at(a.lo, i), at(b.lo, i)),
    pick(at(a.hi, i), at(b.hi, i)),
  ]);
  if (a.place === undefined && b.place === undefined) return constant(a.dtype, a.shape, ranges.lo);
  return zipped(call, kind, a, b, ranges);
}

export function negate(call: Call): Value[] {
  return [opposite(call, call.input(0))];
}

function opposite(call: Call, value: Value): Value {
  const ranges = call.bounded(value.dtype, value.lo.length, (i) => [-at(value.hi, i), -at(value.lo, i)]);
  return scaled(call, value, new BigInt64Array(value.lo.length).fill(-1n), ranges);
}

export function absolute(call: Call): Value[] {
  const value = call.input(0);
  const { lo, hi } = hull(value);
  if (lo >= 0n) return [value];
  if (hi <= 0n) return [opposite(call, value)];
  const ranges = call.bounded(value.dtype, value.lo.length, (i) => {
    const [low, high] = [at(value.lo, i), at(value.hi, i)];
    if (low >= 0n) return [low, high];
    if (high <= 0n) return [-high, -low];
    return [0n, larger(-low, high)];
  });
  if (call.folds) return [constant(value.dtype, value.shape, ranges.lo)];
  const kept = { ...value, place: settledPlace(call, value) };
  return [zipped(call, "max", kept, opposite(call, kept), ranges)];
}

/** The value computed to memory, so that two uses of it do not compute it twice. */
function settledPlace(call: Call, value: Value): Place {
  const { buffer, view } = call.emitter.laid(value);
  return placed(buffer, view);
}

export function cast(call: Call): Value[] {
  const value = call.input(0);
  const target = castTarget(call);
  call.checkBounds(target, value);
  return [{ ...value, dtype: target }];
}

const CAST_TYPES = new Set<Dtype>(["uint8", "int8", "uint16", "int16", "int32", "int64", "uint32", "bool"]);

function castTarget(call: Call): Dtype {
  const number = call.int("to", 0);
  const target = [2, 3, 4, 5, 6, 7, 9, 12].includes(number) ? dtypeOf(number) : undefined;
  if (target === undefined || !CAST_TYPES.has(target))
    call.refuse("exact-type-unsupported", `a cast to data type ${number}`);
  return target;
}

/**
 * The value moved into 0 to 255, as the machine's products take it, and by how much.
 * @param margin what it is padded with before it is moved
 */
export function shiftedToByte(call: Call, value: Value, margin?: bigint): { value: Value; shift: bigint } {
  const own = hull(value);
  const lo = margin === undefined ? own.lo : smaller(own.lo, margin);
  const hi = margin === undefined ? own.hi : larger(own.hi, margin);
  if (lo >= 0n && hi <= 255n) return { value, shift: 0n };
  if (hi - lo > 255n)
    call.refuse("exact-range-overflow", `the left operand spans ${lo} to ${hi}, more than 8 bits; clip it`);
  const shift = -lo;
  const ranges = { lo: value.lo.map((x) => x + shift), hi: value.hi.map((x) => x + shift) };
  const addend = new BigInt64Array(value.lo.length).fill(shift);
  const moved = stepValue(call, value, ranges, (pending, inMemory) =>
    pending.add(inMemory(addend), hull(ranges)),
  );
  return { value: moved, shift };
}

function at(elements: BigInt64Array, index: number): bigint {
  return elements[index] ?? 0n;
}

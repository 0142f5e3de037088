import { ExactError } from "./exactError.ts";
import type { DensePart } from "./pending.ts";
import { Pending } from "./pending.ts";
import type { ChannelParams, CopyLoop, PlannedOp, Ref } from "./plannedOp.ts";
import { Buffer } from "./plannedOp.ts";
import { MAX_TABLE_ROW_BYTES } from "./program.ts";
import type { Bounds, Place, Value } from "./value.ts";
import { hull, INT64, uniform } from "./value.ts";
import type { JointLoop, Loop, View } from "./view.ts";
import {
  byStride,
  contiguousView,
  fillsRun,
  isInOrder,
  joined,
  loopsByDimension,
  merged,
  product,
} from "./view.ts";

/** A value whose elements lie in a buffer. */
export interface Laid {
  readonly buffer: Buffer;
  readonly view: View;
}

/** A place with the loops of each dimension. */
export interface Dims {
  readonly source: Buffer | Pending;
  readonly offset: number;
  readonly dims: readonly (readonly Loop[])[];
}

/** A place with one loop a dimension; of a dimension of one element the stride is 0. */
export interface PlainDims {
  readonly source: Buffer | Pending;
  readonly offset: number;
  readonly loops: readonly Loop[];
}

function plain(dims: readonly (readonly Loop[])[]): Loop[] | undefined {
  const loops: Loop[] = [];
  for (const group of dims) {
    const [loop, ...rest] = merged(group);
    if (rest.length > 0) return undefined;
    loops.push(loop ?? { count: 1, stride: 0 });
  }
  return loops;
}

/** So many elements of eight bytes are one row of a table. */
const MAX_ROW_ELEMENTS = MAX_TABLE_ROW_BYTES / 8;

/** Collects operations and the buffers between them. */
export class Emitter {
  readonly ops: PlannedOp[] = [];

  push(op: PlannedOp): void {
    this.ops.push(op);
  }

  buffer(size: number, bounds: Bounds): Buffer {
    const buffer = new Buffer(size);
    buffer.widen(bounds);
    return buffer;
  }

  /** The value in memory, computed or filled in if it is not there yet. */
  laid(value: Value): Laid {
    const { place } = value;
    if (place === undefined) return this.#constant(value);
    if (place.source instanceof Pending) return { buffer: this.settle(place.source), view: place.view };
    return { buffer: place.source, view: place.view };
  }

  /** A part of a place in memory. */
  laidAt(source: Buffer | Pending, view: View): Laid {
    return { buffer: source instanceof Pending ? this.settle(source) : source, view };
  }

  /** The place of a value that is not constant, with the loops of each dimension apart. */
  dims(value: Value): Dims {
    const place = value.place ?? placed(this.#constant(value).buffer, contiguousView(product(value.shape)));
    const dims = loopsByDimension(place.view.loops, value.shape);
    if (dims !== undefined) return { source: place.source, offset: place.view.offset, dims };
    const { buffer, view } = this.copied(this.laid(value), value);
    return { source: buffer, offset: 0, dims: loopsByDimension(view.loops, value.shape) ?? [] };
  }

  /** As `dims`, with at most one loop a dimension. */
  plainDims(value: Value): PlainDims {
    const { source, offset, dims } = this.dims(value);
    const loops = plain(dims);
    if (loops !== undefined) return { source, offset, loops };
    const { buffer, view } = this.copied(this.laid(value), value);
    return { source: buffer, offset: 0, loops: plain(loopsByDimension(view.loops, value.shape) ?? []) ?? [] };
  }

  /** The value as one run of memory, in whatever order of its elements. */
  run(value: Value): Laid {
    const laid = this.laid(value);
    return fillsRun(laid.view.loops) ? laid : this.copied(laid, value);
  }

  /** The value as one run of memory in row-major order. */
  inOrder(value: Value): Laid {
    const laid = this.laid(value);
    return isInOrder(laid.view) ? laid : this.copied(laid, value);
  }

  copied(from: Laid, value: Value): Laid {
    const count = product(value.shape);
    const buffer = this.buffer(count, hull(value));
    this.copy(from, { buffer, view: contiguousView(count) });
    return { buffer, view: contiguousView(count) };
  }

  /** @throws TypeError when the two do not have as many elements, or their loops do not nest */
  copy(from: Laid, to: Laid): void {
    const steps = joined([from.view.loops, to.view.loops]);
    if (steps === undefined) throw new TypeError("a copy between views that do not nest");
    this.push({
      kind: "copy",
      src: { buffer: from.buffer, offset: from.view.offset },
      dst: { buffer: to.buffer, offset: to.view.offset },
      loops: copyLoops(steps),
    });
  }

  settle(pending: Pending): Buffer {
    if (pending.settled !== undefined) return pending.settled;
    const { base, count } = pending;
    const { bounds } = pending.range;
    const dst = this.buffer(count, bounds);
    if (base.kind === "run") this.#map(pending, base.ref, dst);
    else for (const part of base.parts) this.#dense(pending, base.columns, part, dst);
    pending.settled = dst;
    return dst;
  }

  #map(pending: Pending, src: Ref, dst: Buffer): void {
    const { divisor, clip, count } = pending;
    const { inner, channels } = channelsOf(pending);
    const params: ChannelParams = {
      m: new BigInt64Array(channels).map((_, i) => pending.m[i * inner] ?? 0n),
      b: new BigInt64Array(channels).map((_, i) => pending.b[i * inner] ?? 0n),
    };
    const outer = count / (channels * inner);
    this.push({ kind: "map", src, dst: { buffer: dst, offset: 0 }, outer, inner, params, divisor, ...clip });
  }

  #dense(pending: Pending, columns: number, part: DensePart, dst: Buffer): void {
    const { divisor, clip } = pending;
    const { weights, addends, firstColumn, firstRow, rows } = part;
    const params: ChannelParams = {
      m: pending.m.slice(firstColumn, firstColumn + weights.N),
      b: pending.b.slice(firstColumn, firstColumn + weights.N).map((b, j) => sum64(b, addends[j] ?? 0n)),
    };
    const { x, xRowStride } = part.prepare();
    const y = { buffer: dst, offset: firstRow * columns + firstColumn };
    this.push({
      kind: "dense",
      x,
      y,
      rows,
      xRowStride,
      yRowStride: columns,
      weights,
      params,
      divisor,
      ...clip,
    });
  }

  #constant(value: Value): Laid {
    const count = product(value.shape);
    const buffer = this.buffer(count, hull(value));
    const dst = { buffer, offset: 0 };
    const same = uniform(value.lo);
    if (same !== undefined) this.push({ kind: "fill", dst, count, value: same });
    else {
      // A table of one row, looked up once.
      const index = this.buffer(1, { lo: 0n, hi: 0n });
      const src = { buffer: index, offset: 0 };
      this.push({ kind: "fill", dst: src, count: 1, value: 0n });
      for (let from = 0; from < count; from += MAX_ROW_ELEMENTS) {
        const entries = value.lo.slice(from, from + MAX_ROW_ELEMENTS);
        const part = { src, dst: { buffer, offset: from }, rowLength: entries.length, entries };
        this.push({ kind: "table", count: 1, low: 0n, rows: 1, ...part });
      }
    }
    return { buffer, view: contiguousView(count) };
  }
}

function sum64(a: bigint, b: bigint): bigint {
  const sum = a + b;
  if (sum < INT64.lo || sum > INT64.hi)
    throw new ExactError("exact-range-overflow", {
      reason: "an addend and the zero points together leave int64",
    });
  return sum;
}

/** Loops from the outermost in the memory that `order` names, so that runs of memory become innermost. */
export function sortedBy(steps: readonly JointLoop[], order: number): JointLoop[] {
  return [...steps].sort((a, b) => Math.abs(b.strides[order] ?? 0) - Math.abs(a.strides[order] ?? 0));
}

/** The same positions, with the longest loop innermost: each loop around it costs the machine more than a round. */
export function longestInside(steps: readonly JointLoop[]): JointLoop[] {
  return [...steps].sort((a, b) => a.count - b.count);
}

export function copyLoops(steps: readonly JointLoop[]): CopyLoop[] {
  const inOrder = mergedSteps(sortedBy(steps, 1));
  // A run of neighbours stays innermost: it moves as a whole.
  const isRun = inOrder.at(-1)?.strides.every((stride) => stride === 1) === true;
  const sorted = isRun ? inOrder : longestInside(inOrder);
  return sorted.length === 0
    ? [[1, 1, 1]]
    : sorted.map(({ count, strides }) => [count, strides[0] ?? 0, strides[1] ?? 0]);
}

function mergedSteps(steps: readonly JointLoop[]): JointLoop[] {
  const result: JointLoop[] = [];
  for (const step of steps) {
    const outer = result.at(-1);
    const continues = outer?.strides.every((stride, i) => stride === (step.strides[i] ?? 0) * step.count);
    if (outer !== undefined && continues === true)
      result[result.length - 1] = { count: outer.count * step.count, strides: step.strides };
    else result.push(step);
  }
  return result;
}

/** The shortest runs and periods in which the parameters of a step repeat. */
function channelsOf({ b, m, count }: Pending): { inner: number; channels: number } {
  const same = (i: number, j: number) => b[i] === b[j] && m[i] === m[j];
  const period = divisorsOf(count).find((size) => all(count, (i) => same(i, i % size))) ?? count;
  const inner = divisorsOf(period)
    .reverse()
    .find((size) => all(period, (i) => same(i, i - (i % size))));
  return { inner: period === 1 ? count : (inner ?? 1), channels: period === 1 ? 1 : period / (inner ?? 1) };
}

function all(count: number, holds: (i: number) => boolean): boolean {
  for (let i = 0; i < count; i++) if (!holds(i)) return false;
  return true;
}

function divisorsOf(count: number): number[] {
  const divisors: number[] = [];
  for (let i = 1; i <= count; i++) if (count % i === 0) divisors.push(i);
  return divisors;
}

/** A buffer's layout that keeps the order in which `loops` lie in memory: strides for each of them, without gaps. */
export function packedLike(loops: readonly Loop[]): Loop[] {
  const strides = new Map<Loop, number>();
  let stride = 1;
  for (const loop of byStride(loops).reverse()) {
    strides.set(loop, stride);
    stride *= loop.count;
  }
  return loops.map((loop) => ({ count: loop.count, stride: strides.get(loop) ?? 0 }));
}

export function placed(buffer: Buffer | Pending, view: View): Place {
  return { source: buffer, view: { offset: view.offset, loops: merged(view.loops) } };
}

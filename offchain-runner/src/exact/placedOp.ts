import { packDense } from "./denseLayout.ts";
import { ExactError } from "./exactError.ts";
import type { ChannelParams, PlannedDense, PlannedOp, PlannedTable, Ref } from "./plannedOp.ts";
import type { ElementWidth, Op } from "./program.ts";
import { MAX_LOOPS, PARAM_BYTES } from "./program.ts";
import type { Bounds } from "./value.ts";

/** Adds constants to the stream and says where they are. */
export type AddConstants = (bytes: () => Uint8Array) => number;

export function offsetIn({ offset }: Ref): number {
  return offset;
}

/** The record's operation, memory and constants being where the two functions say. */
export function placedOp(op: PlannedOp, at: (ref: Ref) => number, add: AddConstants): Op {
  switch (op.kind) {
    case "fill":
      return { kind: "fill", dst: at(op.dst), count: op.count, value: op.value };
    case "copy":
      checkLoops(op.loops.length);
      return { kind: "copy", src: at(op.src), dst: at(op.dst), loops: op.loops.map(copyLoop) };
    case "dense":
      return placedDense(op, at, add);
    case "map": {
      const { divisor, lo, hi, outer, inner, params } = op;
      const channels = params.m.length;
      const [m = 1n] = params.m;
      const [b = 0n] = params.b;
      const where =
        channels === 1
          ? ({ perChannel: false, m, b } as const)
          : ({ perChannel: true, params: add(() => pairs(params)) } as const);
      return {
        kind: "map",
        src: at(op.src),
        dst: at(op.dst),
        outer,
        channels,
        inner,
        divisor,
        lo,
        hi,
        ...where,
      };
    }
    case "zip":
      checkLoops(op.loops.length);
      return {
        kind: "zip",
        zip: op.operation,
        a: at(op.a),
        b: at(op.b),
        dst: at(op.dst),
        loops: op.loops.map(([count, aStride, bStride, dstStride]) => ({
          count,
          aStride,
          bStride,
          dstStride,
        })),
      };
    case "table":
      return placedTable(op, at, add);
    case "reduce":
      checkLoops(Math.max(op.outer.length, op.inner.length));
      return {
        kind: "reduce",
        reduce: op.operation,
        src: at(op.src),
        dst: at(op.dst),
        outer: op.outer.map(copyLoop),
        inner: op.inner.map(([count, srcStride]) => ({ count, srcStride })),
      };
  }
}

function copyLoop([count, srcStride, dstStride]: readonly [number, number, number]) {
  return { count, srcStride, dstStride };
}

function checkLoops(count: number): void {
  if (count > MAX_LOOPS)
    throw new ExactError("exact-too-large", {
      reason: `a step of ${count} nested loops, at most ${MAX_LOOPS}`,
    });
}

function placedDense(op: PlannedDense, at: (ref: Ref) => number, add: AddConstants): Op {
  const { rows, xRowStride, yRowStride, divisor, lo, hi, weights, params } = op;
  const { K, N, values, offset } = weights;
  const stored = () => Uint8Array.from(values, (value) => value + offset);
  const position = add(() =>
    packDense({ k: K, n: N, weights: stored(), m: [...params.m], b: [...params.b] }),
  );
  return {
    kind: "dense",
    x: at(op.x),
    y: at(op.y),
    rows,
    xRowStride,
    yRowStride,
    k: K,
    n: N,
    weights: position,
    weightOffset: offset,
    divisor,
    lo,
    hi,
  };
}

function placedTable(op: PlannedTable, at: (ref: Ref) => number, add: AddConstants): Op {
  const { count, low, rows, rowLength, entries } = op;
  const bounds = { lo: 0n, hi: 0n };
  for (const entry of entries) {
    if (entry < bounds.lo) bounds.lo = entry;
    if (entry > bounds.hi) bounds.hi = entry;
  }
  const { width, signed } = widthOf(bounds);
  const table = add(() => bigEndian(entries, width));
  return {
    kind: "table",
    src: at(op.src),
    dst: at(op.dst),
    count,
    low,
    rows,
    rowLength,
    width,
    signed,
    table,
  };
}

/** The fewest bytes that hold every value between two bounds. */
export function widthOf({ lo, hi }: Bounds): { width: ElementWidth; signed: boolean } {
  const signed = lo < 0n;
  const fits = (bytes: number) => {
    const bits = BigInt(8 * bytes);
    return signed ? lo >= -(1n << (bits - 1n)) && hi < 1n << (bits - 1n) : hi < 1n << bits;
  };
  const width = ([1, 2, 4] as const).find(fits) ?? 8;
  return { width, signed };
}

export function bigEndian(values: BigInt64Array, width: ElementWidth): Uint8Array {
  const bytes = new Uint8Array(values.length * width);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (width === 8) view.setBigInt64(i * 8, value);
    else if (width === 4) view.setInt32(i * 4, Number(BigInt.asIntN(32, value)));
    else if (width === 2) view.setInt16(i * 2, Number(BigInt.asIntN(16, value)));
    else view.setInt8(i, Number(BigInt.asIntN(8, value)));
  });
  return bytes;
}

function pairs({ m, b }: ChannelParams): Uint8Array {
  const bytes = new Uint8Array(m.length * PARAM_BYTES);
  const view = new DataView(bytes.buffer);
  m.forEach((factor, i) => {
    view.setBigInt64(i * PARAM_BYTES, factor);
    view.setBigInt64(i * PARAM_BYTES + 8, b[i] ?? 0n);
  });
  return bytes;
}

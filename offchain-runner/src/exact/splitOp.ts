import { ExactError } from "./exactError.ts";
import { opGas } from "./gasModel.ts";
import { offsetIn, placedOp } from "./placedOp.ts";
import type { ChannelParams, PlannedDense, PlannedMap, PlannedOp, Ref } from "./plannedOp.ts";
import { MAX_OP_GAS } from "./program.ts";

/** Columns that share one word of weights. */
const GROUP = 30;

/** The operation in pieces that cost no more than one step may. */
export function splitOp(op: PlannedOp): PlannedOp[] {
  if (costOf(op) <= MAX_OP_GAS) return [op];
  const halves = halvesOf(op);
  if (halves === undefined)
    throw new ExactError("exact-too-large", { reason: `one ${op.kind} step costs ${costOf(op)} gas` });
  return halves.flatMap(splitOp);
}

function costOf(op: PlannedOp): number {
  return opGas(placedOp(op, offsetIn, () => 0));
}

function halvesOf(op: PlannedOp): PlannedOp[] | undefined {
  switch (op.kind) {
    case "fill":
      return undefined;
    case "copy":
      return cutLoops(op.loops, (loops, [src = 0, dst = 0]) => ({
        ...op,
        src: moved(op.src, src),
        dst: moved(op.dst, dst),
        loops,
      }));
    case "zip":
      return cutLoops(op.loops, (loops, [a = 0, b = 0, dst = 0]) => ({
        ...op,
        a: moved(op.a, a),
        b: moved(op.b, b),
        dst: moved(op.dst, dst),
        loops,
      }));
    case "reduce":
      return cutLoops(op.outer, (outer, [src = 0, dst = 0]) => ({
        ...op,
        src: moved(op.src, src),
        dst: moved(op.dst, dst),
        outer,
      }));
    case "table":
      return cutCount(op.count, (from, count) => ({
        ...op,
        src: moved(op.src, from),
        dst: moved(op.dst, from * op.rowLength),
        count,
      }));
    case "map":
      return cutMap(op);
    case "dense":
      return cutDense(op);
  }
}

function cutLoops<L extends readonly [number, ...number[]]>(
  loops: readonly L[],
  make: (loops: L[], moves: number[]) => PlannedOp,
): PlannedOp[] | undefined {
  const at = loops.findIndex(([count]) => count > 1);
  const loop = loops[at];
  if (loop === undefined) return undefined;
  const [total, ...strides] = loop;
  return cutCount(total, (from, count) =>
    make(
      loops.map((other, i) => (i === at ? ([count, ...strides] as unknown as L) : other)),
      strides.map((stride) => from * stride),
    ),
  );
}

function cutCount(
  total: number,
  make: (from: number, count: number) => PlannedOp,
  unit = 1,
): PlannedOp[] | undefined {
  if (total <= unit) return undefined;
  const half = Math.ceil(total / 2 / unit) * unit;
  return [make(0, half), make(half, total - half)];
}

function cutMap(op: PlannedMap): PlannedOp[] | undefined {
  const { outer, inner, params } = op;
  const channels = params.m.length;
  const part = (words: number, change: Partial<PlannedMap>): PlannedMap => ({
    ...op,
    src: moved(op.src, words),
    dst: moved(op.dst, words),
    ...change,
  });
  if (outer > 1) return cutCount(outer, (from, count) => part(from * channels * inner, { outer: count }));
  if (channels > 1)
    return cutCount(channels, (from, count) =>
      part(from * inner, { params: cutParams(params, from, count) }),
    );
  return cutCount(inner, (from, count) => part(from, { inner: count }));
}

function cutDense(op: PlannedDense): PlannedOp[] | undefined {
  const { rows, weights, params } = op;
  if (rows > 1) {
    return cutCount(rows, (from, count) => ({
      ...op,
      x: moved(op.x, from * op.xRowStride),
      y: moved(op.y, from * op.yRowStride),
      rows: count,
    }));
  }
  const { K, N, values, offset } = weights;
  return cutCount(
    N,
    (from, count) => {
      const part = Int16Array.from(
        { length: K * count },
        (_, i) => values[Math.floor(i / count) * N + from + (i % count)] ?? 0,
      );
      return {
        ...op,
        y: moved(op.y, from),
        weights: { K, N: count, values: part, offset },
        params: cutParams(params, from, count),
      };
    },
    GROUP,
  );
}

function cutParams({ m, b }: ChannelParams, from: number, count: number): ChannelParams {
  return { m: m.slice(from, from + count), b: b.slice(from, from + count) };
}

function moved({ buffer, offset }: Ref, words: number): Ref {
  return { buffer, offset: offset + words };
}

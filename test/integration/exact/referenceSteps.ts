import { unpackDense } from "../../../offchain-runner/src/exact/denseLayout.ts";
import { footprintOf } from "../../../offchain-runner/src/exact/opRules.ts";
import type {
  DenseOp,
  MapOp,
  Op,
  ReduceOp,
  Requantisation,
  TableOp,
  ZipKind,
} from "../../../offchain-runner/src/exact/program.ts";

/** The steps' definitions, word for word, over an arena of bigints. Slow and plain, to hold the machine against. */
export function runStep(op: Op, arena: bigint[], stream: Uint8Array): void {
  switch (op.kind) {
    case "fill":
      arena.fill(op.value, op.dst, op.dst + op.count);
      return;
    case "copy": {
      const inner = op.loops.at(-1);
      if (inner?.srcStride === 1 && inner.dstStride === 1) {
        for (const [src, dst] of walk(op.loops.slice(0, -1), [op.src, op.dst], ["srcStride", "dstStride"])) {
          arena.splice(dst, inner.count, ...arena.slice(src, src + inner.count));
        }
        return;
      }
      for (const [src, dst] of walk(op.loops, [op.src, op.dst], ["srcStride", "dstStride"])) {
        arena[dst] = at(arena, src);
      }
      return;
    }
    case "dense":
      dense(op, arena, stream);
      return;
    case "map":
      map(op, arena, stream);
      return;
    case "zip":
      for (const [a, b, dst] of walk(op.loops, [op.a, op.b, op.dst], ["aStride", "bStride", "dstStride"])) {
        arena[dst] = combine(op.zip, at(arena, a), at(arena, b));
      }
      return;
    case "table":
      table(op, arena, stream);
      return;
    case "reduce":
      reduce(op, arena);
      return;
  }
}

/** All positions of nested loops, in order. */
function* walk<Name extends string, const Places extends readonly number[]>(
  loops: readonly (Record<Name, number> & { count: number })[],
  places: Places,
  names: readonly Name[],
): Generator<{ -readonly [I in keyof Places]: number }> {
  const [loop, ...rest] = loops;
  if (loop === undefined) {
    yield [...places] as { -readonly [I in keyof Places]: number };
    return;
  }
  for (let i = 0; i < loop.count; i++) {
    const moved = places.map((place, p) => place + i * loop[names[p] as Name]);
    yield* walk(rest, moved as unknown as Places, names);
  }
}

function dense(op: DenseOp, arena: bigint[], stream: Uint8Array): void {
  const { weights, m, b } = unpackDense(stream, op.weights, op.k, op.n);
  for (let row = 0; row < op.rows; row++) {
    const x = arena.slice(op.x + row * op.xRowStride, op.x + row * op.xRowStride + op.k);
    for (let j = 0; j < op.n; j++) {
      const sum = x.reduce(
        (total, value, k) => total + value * BigInt((weights[k * op.n + j] as number) - op.weightOffset),
        0n,
      );
      arena[op.y + row * op.yRowStride + j] = requantise(op, sum, m[j] as bigint, b[j] as bigint);
    }
  }
}

function map(op: MapOp, arena: bigint[], stream: Uint8Array): void {
  const view = new DataView(stream.buffer, stream.byteOffset);
  const count = op.outer * op.channels * op.inner;
  for (let i = 0; i < count; i++) {
    const channel = Math.floor(i / op.inner) % op.channels;
    const { m, b } = op.perChannel
      ? {
          m: view.getBigInt64(op.params + 16 * channel),
          b: view.getBigInt64(op.params + 16 * channel + 8),
        }
      : op;
    arena[op.dst + i] = requantise(op, at(arena, op.src + i), m, b);
  }
}

function table(op: TableOp, arena: bigint[], stream: Uint8Array): void {
  const { from } = footprintOf(op).stream ?? { from: 0 };
  for (let i = 0; i < op.count; i++) {
    const row = Number(at(arena, op.src + i) - op.low);
    for (let j = 0; j < op.rowLength; j++) {
      const bytes = stream.slice(from + (row * op.rowLength + j) * op.width).slice(0, op.width);
      const value = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
      arena[op.dst + i * op.rowLength + j] = op.signed ? BigInt.asIntN(8 * op.width, value) : value;
    }
  }
}

function reduce(op: ReduceOp, arena: bigint[]): void {
  for (const [src, dst] of walk(op.outer, [op.src, op.dst], ["srcStride", "dstStride"])) {
    const values = [...walk(op.inner, [src], ["srcStride"])].map(([place]) => at(arena, place));
    arena[dst] = folded(op, values);
  }
}

function folded({ reduce: kind }: ReduceOp, values: bigint[]): bigint {
  const [first = 0n] = values;
  let [max, min] = [first, first];
  for (const value of values) {
    if (value > max) max = value;
    if (value < min) min = value;
  }
  switch (kind) {
    case "sum":
      return values.reduce((p, q) => p + q);
    case "max":
      return max;
    case "min":
      return min;
    case "argmax-first":
      return BigInt(values.indexOf(max));
    case "argmax-last":
      return BigInt(values.lastIndexOf(max));
    case "argmin-first":
      return BigInt(values.indexOf(min));
    case "argmin-last":
      return BigInt(values.lastIndexOf(min));
  }
}

function combine(kind: ZipKind, a: bigint, b: bigint): bigint {
  switch (kind) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "max":
      if (a > b) return a;
      return b;
    case "min":
      if (a < b) return a;
      return b;
  }
}

/** BigInt division truncates toward zero, as the format wants it. */
function requantise({ divisor, lo, hi }: Requantisation, x: bigint, m: bigint, b: bigint): bigint {
  const quotient = ((x + b) * m) / divisor;
  if (quotient < lo) return lo;
  if (quotient > hi) return hi;
  return quotient;
}

function at(arena: readonly bigint[], place: number): bigint {
  const value = arena[place];
  if (value === undefined) throw new Error(`nothing at ${place} of the arena`);
  return value;
}

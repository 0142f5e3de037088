import type { Buffer, PlannedOp, Ref } from "./plannedOp.ts";

/** Words of one buffer that an operation reads or writes. */
export interface Touched {
  readonly buffer: Buffer;
  readonly words: Int32Array;
}

export interface Touches {
  readonly reads: readonly Touched[];
  readonly writes: readonly Touched[];
}

export function touchesOf(op: PlannedOp): Touches {
  switch (op.kind) {
    case "fill":
      return { reads: [], writes: [walk(op.dst, [[op.count, 1]])] };
    case "copy":
      return {
        reads: [
          walk(
            op.src,
            op.loops.map(([count, src]) => [count, src]),
          ),
        ],
        writes: [
          walk(
            op.dst,
            op.loops.map(([count, , dst]) => [count, dst]),
          ),
        ],
      };
    case "dense":
      return {
        reads: [
          walk(op.x, [
            [op.rows, op.xRowStride],
            [op.weights.K, 1],
          ]),
        ],
        writes: [
          walk(op.y, [
            [op.rows, op.yRowStride],
            [op.weights.N, 1],
          ]),
        ],
      };
    case "map": {
      const count = op.outer * op.inner * op.params.m.length;
      return { reads: [walk(op.src, [[count, 1]])], writes: [walk(op.dst, [[count, 1]])] };
    }
    case "zip":
      return {
        reads: [
          walk(
            op.a,
            op.loops.map(([count, a]) => [count, a]),
          ),
          walk(
            op.b,
            op.loops.map(([count, , b]) => [count, b]),
          ),
        ],
        writes: [
          walk(
            op.dst,
            op.loops.map(([count, , , dst]) => [count, dst]),
          ),
        ],
      };
    case "table":
      return {
        reads: [walk(op.src, [[op.count, 1]])],
        writes: [walk(op.dst, [[op.count * op.rowLength, 1]])],
      };
    case "reduce":
      return {
        reads: [walk(op.src, [...op.outer.map(([count, src]) => [count, src] as const), ...op.inner])],
        writes: [
          walk(
            op.dst,
            op.outer.map(([count, , dst]) => [count, dst]),
          ),
        ],
      };
  }
}

function walk(
  { buffer, offset }: Ref,
  loops: readonly (readonly [count: number, stride: number])[],
): Touched {
  // Repeats are left out early: a window walks over the same words many times.
  let words = Int32Array.of(offset);
  for (const [count, stride] of loops) {
    if (count === 1 || stride === 0) continue;
    const next = new Set<number>();
    for (const word of words) for (let i = 0; i < count; i++) next.add(word + i * stride);
    words = Int32Array.from(next);
  }
  return { buffer, words };
}

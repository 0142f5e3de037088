import { denseBytes } from "./denseLayout.ts";
import {
  MAX_LOOPS,
  MAX_STEP_ELEMENTS,
  MAX_TABLE_CACHE_BYTES,
  MAX_TABLE_ROW_BYTES,
  type Op,
  PARAM_BYTES,
  type TableOp,
} from "./program.ts";
import { ProgramError } from "./programError.ts";

/** A half-open range of words or bytes. */
export type Range = { from: number; end: number };
type Strides = readonly { count: number; stride: number }[];

/** What a step touches: of the arena in words, of the stream in bytes. */
export type Footprint = { reads: Range[]; writes: Range[]; stream: Range | undefined };

/** @throws ProgramError where the values of a step break a rule of the format */
export function checkOp(op: Op): void {
  switch (op.kind) {
    case "fill":
      requireCounts(op.kind, op.count);
      break;
    case "copy":
    case "zip":
      requireLoops(op.kind, op.loops);
      break;
    case "dense":
      requireCounts(op.kind, op.rows, op.k, op.n);
      requireRequantisation(op);
      break;
    case "map":
      requireCounts(op.kind, op.outer, op.channels, op.inner);
      requireRequantisation(op);
      break;
    case "table":
      requireCounts(op.kind, op.count, op.rows, op.rowLength);
      if (op.rowLength * op.width > MAX_TABLE_ROW_BYTES) {
        throw new ProgramError("program-limit", "a table's row is too long", { rowLength: op.rowLength });
      }
      break;
    case "reduce":
      if (op.outer.length !== 0) requireLoops(op.kind, op.outer);
      requireLoops(op.kind, op.inner);
      break;
  }
}

/**
 * Rows of a table that is too large to be loaded whole are not looked at: the machine reads those that it needs.
 * @throws ProgramError where a step reaches beyond the arena or the stream
 */
export function checkPlacement(op: Op, arenaWords: number, streamBytes: number): void {
  const { reads, writes, stream } = footprintOf(op);
  for (const { from, end } of [...reads, ...writes]) {
    if (from < 0 || end > arenaWords) {
      throw new ProgramError("program-out-of-bounds", `a ${op.kind} step leaves the arena`, { from, end });
    }
  }
  const isReadWhole = op.kind !== "table" || isLoadedWhole(op);
  if (stream !== undefined && isReadWhole && stream.end > streamBytes) {
    throw new ProgramError("program-out-of-bounds", `a ${op.kind} step leaves the stream`, stream);
  }
}

/** @throws ProgramError where no transaction has the gas for a step, whatever its record says that it costs */
export function checkWork(op: Op): void {
  const elements = elementsOf(op);
  if (elements <= MAX_STEP_ELEMENTS) return;
  throw new ProgramError("program-limit", `a ${op.kind} step over ${elements} elements`, {
    elements,
    max: MAX_STEP_ELEMENTS,
  });
}

/** How many elements a step moves, looks up, adds or multiplies. */
function elementsOf(op: Op): number {
  switch (op.kind) {
    case "fill":
      return op.count;
    case "copy":
    case "zip":
      return rounds(op.loops);
    case "dense":
      return op.rows * op.k * op.n;
    case "map":
      return op.outer * op.channels * op.inner;
    case "table":
      return op.count * op.rowLength;
    case "reduce":
      return rounds(op.outer) * rounds(op.inner);
  }
}

function rounds(loops: readonly { count: number }[]): number {
  return loops.reduce((all, { count }) => all * count, 1);
}

/** Whether the machine loads all of a table before it looks anything up. */
export function isLoadedWhole({ rows, rowLength, width }: TableOp): boolean {
  return rows * rowLength * width <= MAX_TABLE_CACHE_BYTES;
}

/** The smallest ranges that hold all that a step reads and writes. */
export function footprintOf(op: Op): Footprint {
  switch (op.kind) {
    case "fill":
      return arena([], [span(op.dst, op.count)]);
    case "copy":
      return arena([reach(op.src, op.loops, "srcStride")], [reach(op.dst, op.loops, "dstStride")]);
    case "dense":
      return {
        reads: [span(op.x, (op.rows - 1) * op.xRowStride + op.k)],
        writes: [span(op.y, (op.rows - 1) * op.yRowStride + op.n)],
        stream: span(op.weights, denseBytes(op.k, op.n)),
      };
    case "map": {
      const count = op.outer * op.channels * op.inner;
      const stream = op.perChannel ? span(op.params, op.channels * PARAM_BYTES) : undefined;
      return { reads: [span(op.src, count)], writes: [span(op.dst, count)], stream };
    }
    case "zip":
      return arena(
        [reach(op.a, op.loops, "aStride"), reach(op.b, op.loops, "bStride")],
        [reach(op.dst, op.loops, "dstStride")],
      );
    case "table":
      return {
        reads: [span(op.src, op.count)],
        writes: [span(op.dst, op.count * op.rowLength)],
        stream: span(op.table, op.rows * op.rowLength * op.width),
      };
    case "reduce":
      return arena(
        [reach(op.src, [...op.outer, ...op.inner], "srcStride")],
        [reach(op.dst, op.outer, "dstStride")],
      );
  }
}

function arena(reads: Range[], writes: Range[]): Footprint {
  return { reads, writes, stream: undefined };
}

function span(from: number, count: number): Range {
  return { from, end: from + count };
}

function reach<Name extends string>(
  at: number,
  loops: readonly (Record<Name, number> & { count: number })[],
  name: Name,
): Range {
  const strides: Strides = loops.map((loop) => ({ count: loop.count, stride: loop[name] }));
  const steps = strides.map(({ count, stride }) => (count - 1) * stride);
  const down = steps.reduce((sum, step) => sum + Math.min(step, 0), 0);
  const up = steps.reduce((sum, step) => sum + Math.max(step, 0), 0);
  return { from: at + down, end: at + up + 1 };
}

function requireCounts(kind: string, ...counts: number[]): void {
  if (counts.every((count) => count >= 1)) return;
  throw new ProgramError("program-malformed", `a ${kind} step over nothing`, { counts });
}

function requireLoops(kind: string, loops: readonly { count: number }[]): void {
  if (loops.length < 1 || loops.length > MAX_LOOPS) {
    throw new ProgramError("program-malformed", `${loops.length} loops in a ${kind} step`, {
      loops: loops.length,
    });
  }
  requireCounts(kind, ...loops.map(({ count }) => count));
}

function requireRequantisation({ divisor, lo, hi }: { divisor: bigint; lo: bigint; hi: bigint }): void {
  if (divisor < 1n)
    throw new ProgramError("program-malformed", "a divisor that is not positive", { divisor });
  if (lo > hi) throw new ProgramError("program-malformed", "a clip whose bounds are crossed", { lo, hi });
}

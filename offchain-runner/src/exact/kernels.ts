import type { Arena } from "./arena.ts";
import { readElement } from "./arena.ts";
import { laneSums } from "./denseLanes.ts";
import { readDense } from "./denseLayout.ts";
import { ExactError } from "./exactError.ts";
import { isLoadedWhole } from "./opRules.ts";
import type {
  CopyOp,
  DenseOp,
  FillOp,
  MapOp,
  Op,
  ReduceKind,
  ReduceOp,
  Requantisation,
  TableOp,
  ZipKind,
  ZipOp,
} from "./program.ts";
import { MAX_TABLE_CACHE_BYTES, PARAM_BYTES } from "./program.ts";
import { ProgramError } from "./programError.ts";
import { larger, smaller, wrapped } from "./wideNumbers.ts";

/** Products and sums of doubles up to here, and quotients of them cut to whole numbers, are exact. */
const EXACT = 2 ** 52;

/** So many pairs of parameters the machine holds at a time. */
const PARAM_CHUNK = MAX_TABLE_CACHE_BYTES / PARAM_BYTES;

/** Runs one step on an arena. */
export type Kernel = (arena: Arena) => void;

/** Reads what a step needs of the stream once, so that it can be run many times. */
export function kernelOf(op: Op, stream: Uint8Array): Kernel {
  switch (op.kind) {
    case "fill":
      return (arena) => fill(op, arena);
    case "copy":
      return (arena) => copy(op, arena);
    case "dense":
      return dense(op, stream);
    case "map":
      return map(op, stream);
    case "zip":
      return (arena) => zip(op, arena);
    case "table":
      return table(op, stream);
    case "reduce":
      return (arena) => reduce(op, arena);
  }
}

function fill({ dst, count, value }: FillOp, arena: Arena): void {
  for (let i = 0; i < count; i++) arena.write(dst + i, value);
}

function copy({ src, dst, loops }: CopyOp, arena: Arena): void {
  const last = loops.at(-1);
  if (last?.srcStride === 1 && last.dstStride === 1) {
    walk(loops.slice(0, -1), [src, dst], ["srcStride", "dstStride"], ([from = 0, to = 0]) => {
      if (from < to) for (let i = last.count - 1; i >= 0; i--) arena.move(from + i, to + i);
      else for (let i = 0; i < last.count; i++) arena.move(from + i, to + i);
    });
    return;
  }
  walk(loops, [src, dst], ["srcStride", "dstStride"], ([from = 0, to = 0]) => arena.move(from, to));
}

/** Visits every position of nested loops, each pointer moving by its own stride. */
function walk<K extends string>(
  loops: readonly ({ count: number } & Record<K, number>)[],
  starts: readonly number[],
  strides: readonly K[],
  visit: (pointers: readonly number[]) => void,
  depth = 0,
): void {
  const loop = loops[depth];
  if (loop === undefined) {
    visit(starts);
    return;
  }
  const pointers = [...starts];
  for (let i = 0; i < loop.count; i++) {
    walk(loops, pointers, strides, visit, depth + 1);
    for (let p = 0; p < pointers.length; p++) pointers[p] = (pointers[p] as number) + loop[strides[p] as K];
  }
}

type Requantise = (arena: Arena, to: number, x: number, b: number, m: number) => boolean;

/** `clip(truncDiv((x + b)·m, divisor), lo, hi)` of one element in doubles; false where those are not exact enough. */
function narrowRequantiser({ divisor, lo, hi }: Requantisation): Requantise {
  const d = Number(divisor);
  const low = lo <= BigInt(-EXACT) ? Number.NEGATIVE_INFINITY : Number(lo);
  const high = hi >= BigInt(EXACT) ? Number.POSITIVE_INFINITY : Number(hi);
  if (d > EXACT || low > EXACT || high < -EXACT) return () => false;
  return (arena, to, x, b, m) => {
    const sum = x + b;
    const product = sum * m;
    if (!(Math.abs(sum) <= EXACT && Math.abs(product) <= EXACT)) return false;
    const quotient = d === 1 ? product : Math.trunc(product / d);
    arena.words[to] = quotient < low ? low : quotient > high ? high : quotient;
    return true;
  };
}

/** Where x fits int64, so do all results, and nothing wraps on the way. */
function requantiseWide({ divisor, lo, hi }: Requantisation, x: bigint, b: bigint, m: bigint): bigint {
  const quotient = wrapped(wrapped(x + b) * m) / divisor;
  const above = wrapped(quotient - lo);
  if (above >= 0n && above <= hi - lo) return above + lo;
  return above > 0n ? hi : lo;
}

interface Pairs {
  readonly m: readonly bigint[];
  readonly b: readonly bigint[];
  readonly narrowM: Float64Array;
  readonly narrowB: Float64Array;
}

/** As doubles too, NaN where a double does not hold the value. */
function pairsOf(m: readonly bigint[], b: readonly bigint[]): Pairs {
  return { m, b, narrowM: Float64Array.from(m, narrowed), narrowB: Float64Array.from(b, narrowed) };
}

function narrowed(value: bigint): number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : Number.NaN;
}

function dense(op: DenseOp, stream: Uint8Array): Kernel {
  const { rows, xRowStride, yRowStride, k, n, weightOffset } = op;
  const parts = readDense(stream, op.weights, k, n);
  const weights = Float64Array.from(parts.weights, (byte) => byte - weightOffset);
  const pairs = pairsOf(parts.m, parts.b);
  const narrow = narrowRequantiser(op);
  const sums = new Float64Array(n);
  /** False where an input is no byte: then sums are not what the machine's lanes give. */
  const sumUp = (arena: Arena, from: number): boolean => {
    sums.fill(0);
    for (let i = 0; i < k; i++) {
      const x = arena.words[from + i] as number;
      if (!(x >= 0 && x <= 255)) return false;
      if (x === 0) continue;
      const at = i * n;
      for (let j = 0; j < n; j++) sums[j] = (sums[j] as number) + x * (weights[at + j] as number);
    }
    return parts.strayRow === undefined;
  };
  return (arena) => {
    for (let row = 0; row < rows; row++) {
      const from = op.x + row * xRowStride;
      const to = op.y + row * yRowStride;
      if (!sumUp(arena, from)) {
        denseByLanes(op, stream, pairs, arena, from, to);
        continue;
      }
      for (let j = 0; j < n; j++) {
        const sum = sums[j] as number;
        if (narrow(arena, to + j, sum, pairs.narrowB[j] as number, pairs.narrowM[j] as number)) continue;
        arena.write(to + j, requantiseWide(op, BigInt(sum), pairs.b[j] as bigint, pairs.m[j] as bigint));
      }
    }
  };
}

/** What no lowered program does: one row of inputs that are no bytes, or of weights outside their columns. */
function denseByLanes(
  op: DenseOp,
  stream: Uint8Array,
  { m, b }: Pairs,
  arena: Arena,
  from: number,
  to: number,
): void {
  const inputs = Array.from({ length: op.k }, (_, i) => arena.read(from + i));
  const correction = BigInt(op.weightOffset) * inputs.reduce((sum, x) => sum + x, 0n);
  for (const [j, sum] of laneSums(op, stream, inputs).entries())
    arena.write(to + j, requantiseWide(op, sum - correction, b[j] as bigint, m[j] as bigint));
}

function map(op: MapOp, stream: Uint8Array): Kernel {
  const { src, dst, outer, channels, inner } = op;
  const pairs = op.perChannel ? streamPairs(stream, op.params, channels) : pairsOf([op.m], [op.b]);
  const narrow = narrowRequantiser(op);
  const one = (arena: Arena, i: number, channel: number) => {
    const x = arena.words[src + i] as number;
    if (narrow(arena, dst + i, x, pairs.narrowB[channel] as number, pairs.narrowM[channel] as number)) return;
    const [m, b] = [pairs.m[channel] as bigint, pairs.b[channel] as bigint];
    arena.write(dst + i, requantiseWide(op, arena.read(src + i), b, m));
  };
  if (!op.perChannel) {
    return (arena) => {
      for (let i = 0; i < outer * channels * inner; i++) one(arena, i, 0);
    };
  }
  return (arena) => {
    // In the machine's order, which shows where source and destination overlap.
    for (let first = 0; first < channels; first += PARAM_CHUNK) {
      const end = Math.min(first + PARAM_CHUNK, channels);
      for (let block = 0; block < outer; block++)
        for (let channel = first; channel < end; channel++) {
          const start = (block * channels + channel) * inner;
          for (let i = 0; i < inner; i++) one(arena, start + i, channel);
        }
    }
  };
}

function streamPairs(stream: Uint8Array, at: number, channels: number): Pairs {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const m = Array.from({ length: channels }, (_, i) => view.getBigInt64(at + i * PARAM_BYTES));
  const b = Array.from({ length: channels }, (_, i) => view.getBigInt64(at + i * PARAM_BYTES + 8));
  return pairsOf(m, b);
}

const JOIN_NUMBERS: Readonly<Record<ZipKind, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  max: Math.max,
  min: Math.min,
};

const JOIN: Readonly<Record<ZipKind, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  max: larger,
  min: smaller,
};

function zip({ zip: kind, a, b, dst, loops }: ZipOp, arena: Arena): void {
  const { words } = arena;
  const join = JOIN_NUMBERS[kind];
  const joinWide = JOIN[kind];
  walk(loops, [a, b, dst], ["aStride", "bStride", "dstStride"], ([left = 0, right = 0, to = 0]) => {
    const value = join(words[left] as number, words[right] as number);
    if (Number.isSafeInteger(value)) words[to] = value;
    else arena.write(to, joinWide(arena.read(left), arena.read(right)));
  });
}

function table(op: TableOp, stream: Uint8Array): Kernel {
  const { src, dst, count, low, rows, rowLength } = op;
  const rowAt = tableRows(op, stream);
  return (arena) => {
    for (let i = 0; i < count; i++) {
      const row = BigInt.asUintN(256, arena.read(src + i) - low);
      if (row >= rows)
        throw new ExactError("exact-state-invalid", { reason: `row ${row} of a table of ${rows}` });
      const entries = rowAt(Number(row));
      for (let j = 0; j < rowLength; j++) arena.write(dst + i * rowLength + j, entries(j));
    }
  };
}

/** Reads a table that the machine loads whole once, of a larger one each row as it is needed. */
function tableRows(op: TableOp, stream: Uint8Array): (row: number) => (j: number) => bigint {
  const { rows, rowLength, width, signed } = op;
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const entryAt = (i: number) => readElement(view, op.table + i * width, width, signed);
  if (isLoadedWhole(op)) {
    const entries = Array.from({ length: rows * rowLength }, (_, i) => entryAt(i));
    return (row) => (j) => entries[row * rowLength + j] as bigint;
  }
  return (row) => {
    const end = op.table + (row + 1) * rowLength * width;
    if (end > stream.length)
      throw new ProgramError("program-out-of-bounds", "a row leaves the stream", { end });
    return (j) => entryAt(row * rowLength + j);
  };
}

function reduce(op: ReduceOp, arena: Arena): void {
  const members: number[] = [];
  walk(op.inner, [0], ["srcStride"], ([at = 0]) => members.push(at));
  const value = REDUCERS[op.reduce];
  walk(op.outer, [op.src, op.dst], ["srcStride", "dstStride"], ([from = 0, to = 0]) => {
    arena.write(to, value(arena, from, members));
  });
}

type Reducer = (arena: Arena, from: number, members: readonly number[]) => bigint;

const REDUCERS: Readonly<Record<ReduceKind, Reducer>> = {
  sum: total,
  max: (arena, from, members) => extreme(arena, from, members, Math.max, larger),
  min: (arena, from, members) => extreme(arena, from, members, Math.min, smaller),
  "argmax-first": (arena, from, members) => BigInt(best(arena, from, members, 1, false)),
  "argmax-last": (arena, from, members) => BigInt(best(arena, from, members, 1, true)),
  "argmin-first": (arena, from, members) => BigInt(best(arena, from, members, -1, false)),
  "argmin-last": (arena, from, members) => BigInt(best(arena, from, members, -1, true)),
};

function total(arena: Arena, from: number, members: readonly number[]): bigint {
  let sum = 0;
  for (const member of members) sum += arena.words[from + member] as number;
  // Every partial sum is exact while the largest possible one is.
  if (
    Number.isSafeInteger(sum) &&
    members.every((member) => Math.abs(arena.words[from + member] as number) < EXACT / members.length)
  ) {
    return BigInt(sum);
  }
  return members.reduce((wide, member) => wide + arena.read(from + member), 0n);
}

function extreme(
  arena: Arena,
  from: number,
  members: readonly number[],
  join: (a: number, b: number) => number,
  joinWide: (a: bigint, b: bigint) => bigint,
): bigint {
  let value = arena.words[from + (members[0] as number)] as number;
  for (const member of members) value = join(value, arena.words[from + member] as number);
  if (!Number.isNaN(value)) return BigInt(value);
  return members.map((member) => arena.read(from + member)).reduce(joinWide);
}

/** Which member is the largest, or the smallest where `sign` is −1; the first or the last of equal ones. */
function best(arena: Arena, from: number, members: readonly number[], sign: 1 | -1, last: boolean): number {
  if (members.some((member) => Number.isNaN(arena.words[from + member])))
    return bestWide(
      members.map((member) => wrapped(BigInt(sign) * arena.read(from + member))),
      last,
    );
  let leader = 0;
  for (let i = 1; i < members.length; i++) {
    const order = compare(arena, from + (members[i] as number), from + (members[leader] as number)) * sign;
    if (order > 0 || (last && order === 0)) leader = i;
  }
  return leader;
}

/** In the machine's own terms, which differ from those above only at the ends of 256 bits. */
function bestWide(values: readonly bigint[], last: boolean): number {
  let leader = 0;
  let largest = -(2n ** 255n);
  for (const [i, value] of values.entries()) {
    if (value < wrapped(largest + (last ? 0n : 1n))) continue;
    largest = value;
    leader = i;
  }
  return leader;
}

function compare(arena: Arena, a: number, b: number): number {
  return Math.sign((arena.words[a] as number) - (arena.words[b] as number));
}

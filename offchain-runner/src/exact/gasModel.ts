import { DTYPES } from "@opg-network/sdk/dtype";
import { denseBytes, GROUP_COLUMNS, K_BLOCK } from "./denseLayout.ts";
import {
  BLOB_DATA_BYTES,
  type DenseOp,
  elementCount,
  type LiveSegment,
  MAX_TABLE_CACHE_BYTES,
  type MapOp,
  type Op,
  PARAM_BYTES,
  type ProgramRecord,
  type ReduceOp,
  type TableOp,
  type TensorPlace,
} from "./program.ts";

// Gas of the machine. Every number is an upper bound that the tests hold against measured steps; the sums are part of
// what a graph commits to, so that another number here is another lowering.
const STEP = 1_500;
/** Opening a blob that no step before has touched: 2,600 for the cold account, and its address. */
const BLOB = 3_400;
const READ = 500;
/** Reading loops and checking how far they reach, each. */
const LOOP = 450;

/**
 * What a step costs in the machine at most.
 * @param isApart whether the stream lies in blobs beside the root, which a run may find cold, and the record itself across
 * two
 */
export function opGas(op: Op, isApart = true): number {
  return Math.ceil(STEP + blobGas(2, isApart) + bodyGas(op, isApart));
}

/** What opening so many blobs costs; a stream in the root is open. */
function blobGas(blobs: number, isApart: boolean): number {
  return isApart ? blobs * (BLOB + READ) : 0;
}

/** Writing a checkpoint of these segments and reading it back. */
export function checkpointGas(live: readonly LiveSegment[]): number {
  return 5_000 + live.reduce((sum, { count, width }) => sum + 1_200 + count * (110 + 12 * width), 0);
}

/** Entering and leaving: root, arena, decoding of inputs and encoding of outputs. */
export function borderGas(
  arenaWords: number,
  streamBytes: number,
  inputs: readonly TensorPlace[],
  outputs: readonly TensorPlace[],
): number {
  // Outputs are written behind all else, and copied behind that to be returned.
  const returned = outputs.reduce((sum, tensor) => sum + 2 * tensorWords(tensor), 0);
  const words = 1_300 + arenaWords + Math.ceil(streamBytes / BLOB_DATA_BYTES) + returned;
  const entering = inputs.reduce((sum, tensor) => sum + tensorGas(tensor, INPUT_GAS), 0);
  const leaving = outputs.reduce((sum, tensor) => sum + tensorGas(tensor, OUTPUT_GAS), 0);
  return Math.ceil(14_000 + memoryGas(words) + entering + leaving);
}

/** The root's bound: entering, all steps, leaving. */
export function graphGas(
  records: readonly ProgramRecord[],
  arenaWords: number,
  streamBytes: number,
  inputs: readonly TensorPlace[],
  outputs: readonly TensorPlace[],
): bigint {
  const steps = records.reduce((sum, { gasBound }) => sum + gasBound, 0);
  return BigInt(steps + borderGas(arenaWords, streamBytes, inputs, outputs));
}

/** An element by its bytes. */
const INPUT_GAS: Readonly<Record<number, number>> = { 1: 57, 2: 74, 4: 114, 8: 196 };
const OUTPUT_GAS: Readonly<Record<number, number>> = { 1: 38, 2: 128, 4: 168, 8: 250 };

/** The last elements, of less than a word, are dearer than others. */
function tensorGas({ dtype, shape }: TensorPlace, elementGas: Readonly<Record<number, number>>): number {
  return 4_800 + 350 * shape.length + elementCount(shape) * (elementGas[DTYPES[dtype].bytes] ?? 0);
}

function tensorWords({ dtype, shape }: TensorPlace): number {
  return 6 + shape.length + Math.ceil((elementCount(shape) * DTYPES[dtype].bytes) / 32);
}

function memoryGas(words: number): number {
  return 3 * words + Math.ceil(words ** 2 / 512);
}

function bodyGas(op: Op, isApart: boolean): number {
  switch (op.kind) {
    case "fill":
      return 1_500 + 4 * op.count;
    case "copy":
      return copyGas(op.loops);
    case "dense":
      return denseGas(op, isApart);
    case "map":
      return mapGas(op, isApart);
    case "zip":
      return 1_000 + levelsGas(op.loops, 450) + product(op.loops) * ZIP_GAS[op.zip];
    case "table":
      return tableGas(op, isApart);
    case "reduce":
      return reduceGas(op);
  }
}

const ZIP_GAS = { add: 100, sub: 100, mul: 103, max: 130, min: 150 } as const;

/** Runs of neighbours move as a whole, and the loop around them does not call for each. */
function copyGas(loops: readonly { count: number; srcStride: number; dstStride: number }[]): number {
  const inner = loops.at(-1);
  if (inner?.srcStride !== 1 || inner.dstStride !== 1) {
    return 800 + levelsGas(loops, 370) + 80 * product(loops);
  }
  const runs = product(loops.slice(0, -1));
  return 1_300 + levelsGas(loops.slice(0, -1), 370) + runs * (100 + 3.1 * inner.count);
}

/** As the kernel works: blocks of K, groups of columns, and passes over a block for each ten columns. */
function denseGas({ k, n, rows, lo }: DenseOp, isApart: boolean): number {
  const groups = Math.ceil(n / GROUP_COLUMNS);
  let row = 700;
  for (let from = 0; from < k; from += K_BLOCK) {
    const terms = Math.min(K_BLOCK, k - from);
    const units = kernelReach(terms);
    row += 600 + 3 * units + (9 * units + 200);
    for (let first = 0; first < n; first += GROUP_COLUMNS) {
      const passes = Math.ceil(Math.min(GROUP_COLUMNS, n - first) / 10);
      row += 800 + 3 * terms + (20 * units + 300) + (passes - 1) * (26 * units + 330);
    }
  }
  // Ten columns at a time are cheaper than the rest, and than all that are not clipped at zero.
  const single = lo === 0n ? n % 10 : n;
  row += 460 * groups + 160 * (n - single) + 210 * single;
  const growth = groups * 6 * 80;
  const blobs = Math.ceil(denseBytes(k, n) / BLOB_DATA_BYTES) + 1;
  // The first row finds the blobs cold; later rows open them again where there are several.
  const reopened = (rows - 1) * (blobs > 2 ? blobs * 2 * READ : 2 * READ);
  return 1_200 + growth + blobGas(blobs, isApart) + (isApart ? reopened : 0) + rows * row;
}

/** Where the kernel's sums stop, see `DenseKernel.reach`. */
function kernelReach(terms: number): number {
  if (terms > 192) return K_BLOCK;
  const step = terms > 96 ? 32 : terms > 32 ? 16 : terms > 16 ? 8 : 4;
  return Math.ceil(terms / step) * step;
}

function mapGas({ outer, channels, inner, perChannel }: MapOp, isApart: boolean): number {
  if (!perChannel) return 1_200 + 153 * outer * channels * inner;
  const chunks = Math.ceil(channels / (MAX_TABLE_CACHE_BYTES / PARAM_BYTES));
  const runs = outer * channels;
  const run = inner === 1 ? 195 : 300 + 153 * inner;
  return 1_200 + chunks * (READ + 3 * 512 + blobGas(2, isApart)) + outer * chunks * 330 + runs * run;
}

function tableGas({ count, rows, rowLength, width }: TableOp, isApart: boolean): number {
  const [rowBytes, bytes] = [rowLength * width, rows * rowLength * width];
  const blobs = Math.ceil(bytes / BLOB_DATA_BYTES) + 1;
  const lookUp = 400 + 86 * rowLength;
  if (bytes <= MAX_TABLE_CACHE_BYTES) {
    const each = rowLength === 1 ? 150 : lookUp;
    return 1_500 + READ + blobGas(blobs, isApart) + bytes / 10 + count * each;
  }
  // Each row may lie across two blobs, and each blob is cold once.
  const opened = isApart ? Math.min(blobs, 2 * count) * BLOB : 0;
  return 1_500 + opened + count * (lookUp + (isApart ? 4 : 1) * READ + rowBytes / 10);
}

function reduceGas({ reduce, outer, inner }: ReduceOp): number {
  const positions = product(outer);
  const elements = product(inner);
  const rows = product(inner.slice(0, -1));
  const around = 1_800 + levelsGas(outer, 340) + LOOP * inner.length;
  if (reduce !== "sum" && reduce !== "max" && reduce !== "min") {
    return around + positions * (250 + 290 * roundsOf(inner) + elements * 285);
  }
  if (inner.length <= 2) return around + positions * (160 + 180 * rows + elements * FOLD_GAS[reduce]);
  const calls = 400 * roundsOf(inner.slice(0, -1));
  return around + positions * (560 + calls + 180 * rows + elements * FOLD_GAS[reduce]);
}

const FOLD_GAS = { sum: 72, max: 118, min: 138 } as const;

/** Nested loops: each costs so much to read, and `level` for each of its rounds that begins another. */
function levelsGas(loops: readonly { count: number }[], level: number): number {
  return LOOP * loops.length + level * roundsOf(loops);
}

/** How often loops begin: the first once, each other one in every round of those around it. */
function roundsOf(loops: readonly { count: number }[]): number {
  return loops.reduce((sum, _, i) => sum + product(loops.slice(0, i)), 0);
}

function product(loops: readonly { count: number }[]): number {
  return loops.reduce((all, { count }) => all * count, 1);
}

import { DTYPES } from "@opg-network/sdk/dtype";
import { denseBytes, GROUP_COLUMNS, K_BLOCK } from "./denseLayout.ts";
import {
  BLOB_DATA_BYTES,
  elementCount,
  type LiveSegment,
  MAX_TABLE_CACHE_BYTES,
  type Op,
  PARAM_BYTES,
  type ProgramRecord,
  type ReduceOp,
  type TensorPlace,
} from "./program.ts";

// Gas of the machine. Every number is an upper bound that the tests hold against measured steps; the sums are part of
// what a graph commits to, so that another number here is another lowering.
const STEP = 2_000;
/** Opening a blob that no step before has touched: 2,600 for the cold account, and its address. */
const BLOB = 3_400;
const READ = 500;

/** What a step costs in the machine at most. Its record itself may lie across two blobs. */
export function opGas(op: Op): number {
  return Math.ceil(STEP + 2 * (BLOB + READ) + bodyGas(op));
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
  const words = 1_300 + arenaWords + Math.ceil(streamBytes / BLOB_DATA_BYTES);
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

/** An element by its bytes. Outputs are copied twice more on their way out, into memory that grows. */
const INPUT_GAS: Readonly<Record<number, number>> = { 1: 95, 2: 115, 4: 150, 8: 225 };
const OUTPUT_GAS: Readonly<Record<number, number>> = { 1: 55, 2: 145, 4: 190, 8: 290 };

function tensorGas({ dtype, shape }: TensorPlace, elementGas: Readonly<Record<number, number>>): number {
  return 3_500 + 200 * shape.length + elementCount(shape) * (elementGas[DTYPES[dtype].bytes] ?? 0);
}

function memoryGas(words: number): number {
  return 3 * words + Math.ceil(words ** 2 / 512);
}

function bodyGas(op: Op): number {
  switch (op.kind) {
    case "fill":
      return 600 + 4 * op.count;
    case "copy":
      return copyGas(op.loops);
    case "dense":
      return denseGas(op.rows, op.k, op.n);
    case "map":
      return mapGas(op.outer, op.channels, op.inner, op.perChannel);
    case "zip":
      return 1_000 + levelsGas(op.loops, 420) + product(op.loops) * ZIP_GAS[op.zip];
    case "table":
      return tableGas(op.count, op.rows, op.rowLength, op.width);
    case "reduce":
      return reduceGas(op);
  }
}

const ZIP_GAS = { add: 100, sub: 100, mul: 102, max: 130, min: 150 } as const;

/** Runs of neighbours move as a whole, and the loop around them does not call for each. */
function copyGas(loops: readonly { count: number; srcStride: number; dstStride: number }[]): number {
  const inner = loops.at(-1);
  if (inner?.srcStride !== 1 || inner.dstStride !== 1) {
    return 800 + levelsGas(loops, 350) + 80 * product(loops);
  }
  const runs = product(loops.slice(0, -1));
  return 1_000 + levelsGas(loops.slice(0, -1), 350) + runs * (100 + 3.1 * inner.count);
}

/** As the kernel works: blocks of K, groups of columns, and passes over a block for each ten columns. */
function denseGas(rows: number, k: number, n: number): number {
  let row = 500;
  for (let from = 0; from < k; from += K_BLOCK) {
    const terms = Math.min(K_BLOCK, k - from);
    const units = kernelReach(terms);
    row += 700 + 3 * units + (9 * units + 250);
    for (let first = 0; first < n; first += GROUP_COLUMNS) {
      const passes = Math.ceil(Math.min(GROUP_COLUMNS, n - first) / 10);
      row += 900 + 3 * terms + (20 * units + 300) + (passes - 1) * (26 * units + 400);
    }
  }
  const groups = Math.ceil(n / GROUP_COLUMNS);
  const growth = groups * 6 * 80;
  const blobs = Math.ceil(denseBytes(k, n) / BLOB_DATA_BYTES) + 1;
  // The first row finds the blobs cold; later rows open them again where there are several.
  const opened = blobs * (BLOB + READ) + (rows - 1) * (blobs > 2 ? blobs * 2 * READ : 2 * READ);
  return 1_500 + growth + opened + rows * (row + 160 * n);
}

/** Where the kernel's sums stop, see `DenseKernel.reach`. */
function kernelReach(terms: number): number {
  if (terms > 192) return K_BLOCK;
  const step = terms > 96 ? 32 : terms > 32 ? 16 : terms > 16 ? 8 : 4;
  return Math.ceil(terms / step) * step;
}

function mapGas(outer: number, channels: number, inner: number, perChannel: boolean): number {
  if (!perChannel) return 900 + 148 * outer * channels * inner;
  const perChunk = MAX_TABLE_CACHE_BYTES / PARAM_BYTES;
  const chunks = Math.ceil(channels / perChunk);
  const runs = outer * channels;
  return 900 + chunks * (2 * (BLOB + READ) + 3 * 512) + outer * chunks * 300 + runs * (290 + 148 * inner);
}

function tableGas(count: number, rows: number, rowLength: number, width: number): number {
  const [rowBytes, bytes] = [rowLength * width, rows * rowLength * width];
  const lookUp = 330 + 105 * rowLength;
  const blobs = Math.ceil(bytes / BLOB_DATA_BYTES) + 1;
  if (bytes <= MAX_TABLE_CACHE_BYTES) return 1_200 + blobs * (BLOB + READ) + bytes / 10 + count * lookUp;
  // Each row may lie across two blobs, and each blob is cold once.
  const opened = Math.min(blobs, 2 * count) * BLOB;
  return 1_200 + opened + count * (lookUp + 4 * READ + rowBytes / 10);
}

function reduceGas({ reduce, outer, inner }: ReduceOp): number {
  const positions = product(outer);
  const elements = product(inner);
  let fold: number;
  if (reduce === "sum" || reduce === "max" || reduce === "min") {
    const around = inner.slice(0, -2);
    const calls = around.length === 0 ? 0 : levelsGas(around, 400) + 320 * product(around);
    fold = calls + 160 * product(inner.slice(0, -1)) + elements * FOLD_GAS[reduce];
  } else {
    fold = levelsGas(inner, 260) + elements * 285;
  }
  return 1_500 + levelsGas(outer, 340) + positions * (560 + fold);
}

const FOLD_GAS = { sum: 78, max: 118, min: 138 } as const;

/** Nested loops: each costs so much whenever it begins and for each of its rounds that begins another. */
function levelsGas(loops: readonly { count: number }[], level: number): number {
  let gas = 0;
  let runs = 1;
  for (const { count } of loops) {
    gas += 200 + runs * level;
    runs *= count;
  }
  return gas;
}

function product(loops: readonly { count: number }[]): number {
  return loops.reduce((all, { count }) => all * count, 1);
}

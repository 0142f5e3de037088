import type { Dtype } from "@opg-network/sdk/dtype";

/** The lowering that this node writes and runs. */
export const LOWERING_VERSION = 1;
/** Words of memory that all values of a program share. */
export const MAX_ARENA_WORDS = 16_384;
/** What one record may have in bytes, so that the machine's window holds it whole. */
export const MAX_RECORD_BYTES = 4_096;
/** Bytes of a program that the machine holds at a time. */
export const PROGRAM_WINDOW_BYTES = 16_384;
export const MAX_LOOPS = 8;
/** Segments that one checkpoint may have. */
export const MAX_SEGMENTS = 255;
/** What one step may cost at most, by its own bound. */
export const MAX_OP_GAS = 4_000_000;
/**
 * What one step may work on at most. A step is computed within one transaction, which has 2^24 gas at most (EIP-7825), and
 * the machine has no element that costs it less than 1 gas: MCOPY takes 3 a word, a large dense layer 3 a product.
 */
export const MAX_STEP_ELEMENTS = 2 ** 24;
/** Data of a full blob: contract code has at most 24,576 bytes (EIP-170), and its first is STOP. */
export const BLOB_DATA_BYTES = 24_575;
/** Bytes of a parameter pair: multiplier and bias, 64 bits each. */
export const PARAM_BYTES = 16;
/** What a table may have in bytes for the machine to load it whole; of a larger one it reads row by row. */
export const MAX_TABLE_CACHE_BYTES = 16_384;
/** What one row of a table may have in bytes. */
export const MAX_TABLE_ROW_BYTES = 16_384;

export type ElementWidth = 1 | 2 | 4 | 8;

/** Elements of a segment of the arena, and what a checkpoint needs to keep one of them. */
export type LiveSegment = { offset: number; count: number; width: ElementWidth; signed: boolean };

/** Strides are in words. The last loop of a list is the innermost. */
export type CopyLoop = { count: number; srcStride: number; dstStride: number };
export type ZipLoop = { count: number; aStride: number; bStride: number; dstStride: number };
export type InnerLoop = { count: number; srcStride: number };

/** Dividing truncates toward zero; then the quotient is clipped to `lo..hi`. */
export type Requantisation = { divisor: bigint; lo: bigint; hi: bigint };

export type FillOp = { kind: "fill"; dst: number; count: number; value: bigint };

/** Runs of one innermost loop are in order; one whose strides are both 1 moves as a whole (`memmove`). */
export type CopyOp = { kind: "copy"; src: number; dst: number; loops: CopyLoop[] };

/** y[r][j] = clip(truncDiv((Σ x[r][k]·(w[k][j] − weightOffset) + b[j])·m[j], divisor), lo, hi), x in 0..255. */
export type DenseOp = Requantisation & {
  kind: "dense";
  x: number;
  y: number;
  rows: number;
  xRowStride: number;
  yRowStride: number;
  k: number;
  n: number;
  /** Position in the stream, laid out by `packDense`. */
  weights: number;
  weightOffset: number;
};

/** Where the channels' pairs of multiplier and bias are: in the stream, or one for all in the record. */
export type MapParams = { perChannel: true; params: number } | { perChannel: false; m: bigint; b: bigint };

/** y = clip(truncDiv((x + b)·m, divisor), lo, hi) over a contiguous [outer][channels][inner]; src may equal dst. */
export type MapOp = Requantisation &
  MapParams & { kind: "map"; src: number; dst: number; outer: number; channels: number; inner: number };

export const ZIP_KINDS = ["add", "sub", "mul", "max", "min"] as const;
export type ZipKind = (typeof ZIP_KINDS)[number];
export type ZipOp = { kind: "zip"; zip: ZipKind; a: number; b: number; dst: number; loops: ZipLoop[] };

/** dst[i·rowLength + j] = table[(src[i] − low)·rowLength + j]. */
export type TableOp = {
  kind: "table";
  src: number;
  dst: number;
  count: number;
  low: bigint;
  rows: number;
  rowLength: number;
  width: ElementWidth;
  signed: boolean;
  /** Position in the stream: rows × rowLength elements, big-endian. */
  table: number;
};

export const REDUCE_KINDS = [
  "sum",
  "max",
  "min",
  "argmax-first",
  "argmax-last",
  "argmin-first",
  "argmin-last",
] as const;
export type ReduceKind = (typeof REDUCE_KINDS)[number];

/** One result for each position of the outer loops; positions inside are counted in the order of the inner loops. */
export type ReduceOp = {
  kind: "reduce";
  reduce: ReduceKind;
  src: number;
  dst: number;
  outer: CopyLoop[];
  inner: InnerLoop[];
};

export type Op = FillOp | CopyOp | DenseOp | MapOp | ZipOp | TableOp | ReduceOp;
export type OpKind = Op["kind"];

/** One step; `live` is what a checkpoint before it holds. */
export type ProgramRecord = { op: Op; gasBound: number; live: LiveSegment[] };

/** A step and where its record stands: the program counter before it, and after. */
export type PlacedStep = Omit<ProgramRecord, "live"> & { pc: number; nextPc: number };
export type PlacedRecord = ProgramRecord & PlacedStep;

export type TensorPlace = { dtype: Dtype; shape: number[]; offset: number };

export type GraphRoot = {
  loweringVersion: number;
  programBytes: number;
  streamBytes: number;
  arenaWords: number;
  /** What one evaluation costs in the machine at most, without the transaction around it. */
  gasBound: bigint;
  inputs: TensorPlace[];
  outputs: TensorPlace[];
  blobDigests: string[];
};

/** Number of elements of a static shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

import type { Bounds } from "./value.ts";

/** Memory that one value needs; where in the arena it lies is decided last. */
export class Buffer {
  readonly size: number;
  /** What its words can hold. */
  lo = 0n;
  hi = 0n;
  /** The buffer whose place it takes over, being written as that one is read for the last time. */
  takesOver: Buffer | undefined;

  constructor(size: number) {
    this.size = size;
  }

  widen({ lo, hi }: Bounds): void {
    if (lo < this.lo) this.lo = lo;
    if (hi > this.hi) this.hi = hi;
  }
}

export interface Ref {
  readonly buffer: Buffer;
  /** Words. */
  readonly offset: number;
}

export interface Affine {
  readonly divisor: bigint;
  readonly lo: bigint;
  readonly hi: bigint;
}

/** Weights of a product, `K` rows of `N`; stored as bytes of `weight + offset`. */
export interface Weights {
  readonly K: number;
  readonly N: number;
  readonly values: Int16Array;
  readonly offset: number;
}

/** Multiplier and addend of each channel. */
export interface ChannelParams {
  readonly m: BigInt64Array;
  readonly b: BigInt64Array;
}

export type CopyLoop = readonly [count: number, src: number, dst: number];
export type ZipLoop = readonly [count: number, a: number, b: number, dst: number];
export type ReadLoop = readonly [count: number, src: number];

export interface PlannedFill {
  readonly kind: "fill";
  readonly dst: Ref;
  readonly count: number;
  readonly value: bigint;
}

export interface PlannedCopy {
  readonly kind: "copy";
  readonly src: Ref;
  readonly dst: Ref;
  readonly loops: readonly CopyLoop[];
}

export interface PlannedDense extends Affine {
  readonly kind: "dense";
  readonly x: Ref;
  readonly y: Ref;
  readonly rows: number;
  readonly xRowStride: number;
  readonly yRowStride: number;
  readonly weights: Weights;
  readonly params: ChannelParams;
}

export interface PlannedMap extends Affine {
  readonly kind: "map";
  readonly src: Ref;
  readonly dst: Ref;
  readonly outer: number;
  readonly inner: number;
  readonly params: ChannelParams;
}

export type ZipKind = "add" | "sub" | "mul" | "max" | "min";

export interface PlannedZip {
  readonly kind: "zip";
  readonly operation: ZipKind;
  readonly a: Ref;
  readonly b: Ref;
  readonly dst: Ref;
  readonly loops: readonly ZipLoop[];
}

export interface PlannedTable {
  readonly kind: "table";
  readonly src: Ref;
  readonly dst: Ref;
  readonly count: number;
  readonly low: bigint;
  readonly rows: number;
  readonly rowLength: number;
  readonly entries: BigInt64Array;
}

export type ReduceKind =
  | "sum"
  | "max"
  | "min"
  | "argmax-first"
  | "argmax-last"
  | "argmin-first"
  | "argmin-last";

export interface PlannedReduce {
  readonly kind: "reduce";
  readonly operation: ReduceKind;
  readonly src: Ref;
  readonly dst: Ref;
  readonly outer: readonly CopyLoop[];
  readonly inner: readonly ReadLoop[];
}

/** An operation of the machine before memory is planned and constants are laid out. */
export type PlannedOp =
  | PlannedFill
  | PlannedCopy
  | PlannedDense
  | PlannedMap
  | PlannedZip
  | PlannedTable
  | PlannedReduce;

import { randomStream } from "../../../bench/randomStream.ts";
import { type StoredGraph, storeGraph } from "../../../offchain-runner/src/exact/blobs.ts";
import { packDense } from "../../../offchain-runner/src/exact/denseLayout.ts";
import { footprintOf } from "../../../offchain-runner/src/exact/opRules.ts";
import {
  type CopyLoop,
  type ElementWidth,
  type LiveSegment,
  type Op,
  type OpKind,
  REDUCE_KINDS,
  type Requantisation,
  type TensorPlace,
  ZIP_KINDS,
} from "../../../offchain-runner/src/exact/program.ts";
import type { Tensor } from "../../../sdk/src/tensor.ts";

export const I64_MIN: bigint = -(2n ** 63n);
export const I64_MAX: bigint = 2n ** 63n - 1n;
const K = [1, 2, 4, 5, 9, 16, 17, 32, 33, 47, 72, 96, 97, 128, 144, 193, 255, 256, 257, 513];
const N = [1, 2, 8, 9, 10, 11, 16, 20, 21, 29, 30, 31, 61];

/** A program over one int64 tensor, which is the whole arena before and after, and the constants that it needs. */
export type RandomProgram = { arenaWords: number; steps: Op[]; constants: Uint8Array };

/** Makes steps that keep every rule of the format, of every kind, shape and stride. */
export class ProgramMaker {
  readonly #random: () => number;
  #constants: Uint8Array[] = [];
  #constantBytes = 0;
  readonly arenaWords: number;

  constructor(seed: string, arenaWords?: number) {
    this.#random = randomStream(seed);
    this.arenaWords = arenaWords ?? this.int(16, 900);
  }

  int(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  /** Extremes as often as values in between. */
  i64(): bigint {
    const bits = BigInt(this.int(1, 63));
    const value = (BigInt(this.int(0, 2 ** 32 - 1)) << 31n) | BigInt(this.int(0, 2 ** 31 - 1));
    return this.pick([
      I64_MIN,
      I64_MAX,
      0n,
      1n,
      -1n,
      value & ((1n << bits) - 1n),
      -(value & ((1n << bits) - 1n)),
    ]);
  }

  /** A step with what must come before it, so that it has a defined meaning. */
  steps(kind: OpKind): Op[] {
    switch (kind) {
      case "fill": {
        const count = this.int(1, this.arenaWords);
        return [{ kind, dst: this.int(0, this.arenaWords - count), count, value: this.i64() }];
      }
      case "copy":
        return [this.#fitted(() => ({ kind, src: 0, dst: 0, loops: this.#copyLoops(1) }))];
      case "zip": {
        const zip = this.pick(ZIP_KINDS);
        const bound = 2n ** (zip === "mul" ? 31n : 62n);
        const op = this.#fitted(() => ({ kind, zip, a: 0, b: 0, dst: 0, loops: this.#zipLoops() }));
        return [this.clip(0, this.arenaWords, -bound, bound - 1n), op];
      }
      case "reduce": {
        const op = this.#fitted(() => this.#reduce(), true);
        return [this.clip(0, this.arenaWords, -(2n ** 50n), 2n ** 50n), op];
      }
      case "map":
        return [this.#map()];
      case "table":
        return this.#table();
      case "dense":
        return this.#dense();
    }
  }

  program(kinds: readonly OpKind[]): RandomProgram {
    const steps = kinds.flatMap((kind) => this.steps(kind));
    return { arenaWords: this.arenaWords, steps, constants: new Uint8Array(Buffer.concat(this.#constants)) };
  }

  /** Clips a part of the arena, in place. */
  clip(from: number, count: number, lo: bigint, hi: bigint): Op {
    const params = { perChannel: false as const, m: 1n, b: 0n };
    const shape = { outer: 1, channels: 1, inner: count };
    return { kind: "map", src: from, dst: from, ...shape, ...params, divisor: 1n, lo, hi };
  }

  #constant(bytes: Uint8Array): number {
    const position = this.#constantBytes;
    this.#constants.push(bytes);
    this.#constantBytes += bytes.length;
    return position;
  }

  #requantisation(): Requantisation {
    const [p, q] = [this.i64(), this.i64()];
    const divisor = this.pick([1n, 2n, 3n, 2n ** 24n, 2n ** 31n + 11n, I64_MAX]);
    const [lo, hi] = p < q ? [p, q] : [q, p];
    return { divisor, lo, hi };
  }

  #copyLoops(min: number): CopyLoop[] {
    return Array.from({ length: this.int(min, 4) }, () => ({
      count: this.int(1, 6),
      srcStride: this.#stride(),
      dstStride: this.#stride(),
    }));
  }

  #zipLoops() {
    return Array.from({ length: this.int(1, 4) }, () => ({
      count: this.int(1, 6),
      aStride: this.#stride(),
      bStride: this.#stride(),
      dstStride: this.#stride(),
    }));
  }

  #stride(): number {
    return this.pick([1, 1, 1, 1, 0, -1, 2, 3, this.int(-9, 9)]);
  }

  #reduce(): Op {
    return {
      kind: "reduce",
      reduce: this.pick(REDUCE_KINDS),
      src: 0,
      dst: 0,
      outer: this.int(0, 2) === 0 ? [] : this.#copyLoops(0).slice(0, 2),
      inner: this.#copyLoops(1)
        .slice(0, 3)
        .map(({ count, srcStride }) => ({ count, srcStride })),
    };
  }

  /** Moves the step's offsets to where all of it lies in the arena; tries other loops where none do. */
  #fitted(make: () => Op, isDisjoint = false): Op {
    for (;;) {
      const op = make();
      const { reads, writes } = footprintOf(op);
      const spans = [...reads, ...writes];
      if (spans.some(({ from, end }) => end - from > this.arenaWords)) continue;
      const places = spans.map(({ from, end }) => this.int(-from, this.arenaWords - end));
      const moved = withOffsets(op, places);
      if (!isDisjoint || areDisjoint(moved)) return moved;
    }
  }

  #map(): Op {
    const half = this.int(0, 1) === 0;
    const words = half ? Math.floor(this.arenaWords / 2) : this.arenaWords;
    const [outer, channels, inner] = this.#shapeWithin(words);
    const count = outer * channels * inner;
    const src = this.int(0, words - count);
    const dst = half ? words + this.int(0, words - count) : src;
    const shape = { kind: "map" as const, src, dst, outer, channels, inner, ...this.#requantisation() };
    if (this.int(0, 1) === 0) return { ...shape, perChannel: false, m: this.i64(), b: this.i64() };
    const params = new DataView(new ArrayBuffer(16 * channels));
    for (let i = 0; i < 2 * channels; i++) params.setBigInt64(8 * i, this.i64());
    return { ...shape, perChannel: true, params: this.#constant(new Uint8Array(params.buffer)) };
  }

  #shapeWithin(words: number): [number, number, number] {
    const inner = this.int(1, Math.max(1, Math.floor(words / 4)));
    const channels = this.int(1, Math.max(1, Math.floor(words / inner)));
    return [this.int(1, Math.max(1, Math.floor(words / inner / channels))), channels, inner];
  }

  #table(): Op[] {
    const half = Math.floor(this.arenaWords / 2);
    const rowLength = this.int(1, Math.min(4, half));
    const count = this.int(1, Math.floor(half / rowLength));
    const rows = this.pick([1, 2, 100, 256, 5_000]);
    const width: ElementWidth = this.pick([1, 2, 4, 8] as const);
    const low = BigInt(this.int(-1_000, 1_000));
    const bytes = Uint8Array.from(
      { length: rows * rowLength * width },
      (_, i) => (i * 167 + (i >> 7)) & 0xff,
    );
    const src = this.int(0, half - count);
    const dst = half + this.int(0, half - count * rowLength);
    const table = this.#constant(bytes);
    const signed = width === 8 || this.int(0, 1) === 0;
    const clip = this.clip(src, count, low, low + BigInt(rows - 1));
    return [clip, { kind: "table", src, dst, count, low, rows, rowLength, width, signed, table }];
  }

  #dense(): Op[] {
    const half = Math.floor(this.arenaWords / 2);
    const k = this.pick(K.filter((size) => size <= half));
    const n = this.pick(N.filter((size) => size <= half));
    const rows = this.int(1, Math.min(4, Math.floor(half / Math.max(k, n))));
    const xRowStride = this.int(0, rows === 1 ? 9 : Math.floor((half - k) / (rows - 1)));
    const yRowStride = this.int(n, rows === 1 ? n : Math.floor((half - n) / (rows - 1)));
    const weights = this.#constant(
      packDense({
        k,
        n,
        weights: this.#weights(k * n),
        m: Array.from({ length: n }, () => this.i64()),
        b: Array.from({ length: n }, () => this.i64()),
      }),
    );
    const x = this.int(0, half - ((rows - 1) * xRowStride + k));
    const y = half + this.int(0, half - ((rows - 1) * yRowStride + n));
    const sizes = { kind: "dense" as const, x, y, rows, xRowStride, yRowStride, k, n, weights };
    const weightOffset = this.pick([0, 128, 255, this.int(0, 255)]);
    return [this.clip(0, half, 0n, 255n), { ...sizes, weightOffset, ...this.#requantisation() }];
  }

  #weights(count: number): Uint8Array {
    const extreme = this.pick([undefined, 0, 255]);
    return Uint8Array.from({ length: count }, (_, i) => extreme ?? (i * 37 + (i >> 3) * 11) & 0xff);
  }
}

/** An int64 vector of these values. */
export function vectorOf(values: readonly bigint[]): Tensor {
  const data = new Uint8Array(BigInt64Array.from(values).buffer);
  return { dtype: "int64", shape: [values.length], data };
}

/** The program as a graph: every step's checkpoint is the whole arena. */
export function graphOf({ arenaWords, steps, constants }: RandomProgram): StoredGraph {
  const tensor: TensorPlace = { dtype: "int64", shape: [arenaWords], offset: 0 };
  const live: LiveSegment[] = [{ offset: 0, count: arenaWords, width: 8, signed: true }];
  const alive = steps.map((_, i) => (i === 0 ? [] : live));
  return storeGraph({ steps, live: alive, constants, arenaWords, inputs: [tensor], outputs: [tensor] });
}

function withOffsets(op: Op, places: readonly number[]): Op {
  const [first = 0, second = 0, third = 0] = places;
  if (op.kind === "zip") return { ...op, a: first, b: second, dst: third };
  if (op.kind === "copy" || op.kind === "reduce") return { ...op, src: first, dst: second };
  throw new Error(`a ${op.kind} step has no strides`);
}

function areDisjoint(op: Op): boolean {
  const { reads, writes } = footprintOf(op);
  return reads.every((read) => writes.every((write) => read.end <= write.from || write.end <= read.from));
}

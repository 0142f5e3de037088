import { packDense } from "../../../offchain-runner/src/exact/denseLayout.ts";
import type { Op, ReduceKind, ZipKind } from "../../../offchain-runner/src/exact/program.ts";
import { REDUCE_KINDS } from "../../../offchain-runner/src/exact/program.ts";
import type { RandomProgram } from "./randomPrograms.ts";
import { I64_MAX, I64_MIN } from "./randomPrograms.ts";

/** A program that no lowering writes: its steps do what the format gives no meaning to. */
export interface UndefinedProgram {
  readonly what: string;
  readonly program: RandomProgram;
  readonly values: readonly bigint[];
}

const NONE = new Uint8Array();
const OPEN = { divisor: 1n, lo: I64_MIN, hi: I64_MAX };

/** Extremes, bytes and what lies just outside of them. */
function mixed(count: number): bigint[] {
  const values = [0n, 255n, 256n, -1n, I64_MAX, I64_MIN, 1n, 2n ** 40n, 77n, -(2n ** 33n)];
  return Array.from({ length: count }, (_, i) => values[(i * 7) % values.length] as bigint);
}

function over(what: string, arenaWords: number, steps: Op[], constants: Uint8Array = NONE): UndefinedProgram {
  return { what, program: { arenaWords, steps, constants }, values: mixed(arenaWords) };
}

/** Inputs that are no bytes, or weights outside their columns: lanes run into each other. */
function dense(k: number, n: number, weightOffset: number, strayEvery: number): UndefinedProgram {
  const constants = packDense({
    k,
    n,
    weights: Uint8Array.from({ length: k * n }, (_, i) => (i * 37) & 0xff),
    m: Array.from({ length: n }, (_, j) => BigInt(3 * j + 1)),
    b: Array.from({ length: n }, (_, j) => BigInt(j) - 5n),
  });
  if (strayEvery > 0) for (let i = 0; i < k; i += strayEvery) constants[32 * i] = 0xff;
  const op: Op = {
    kind: "dense",
    x: 0,
    y: k,
    rows: 1,
    xRowStride: k,
    yRowStride: n,
    k,
    n,
    weights: 0,
    weightOffset,
    ...OPEN,
    divisor: 7n,
  };
  const about = strayEvery > 0 ? "with weights outside its columns" : "over what is no byte";
  return over(`a product ${k} × ${n} ${about}, offset ${weightOffset}`, k + n, [op], constants);
}

const zip = (kind: ZipKind, a: number, b: number, dst: number, count: number): Op => ({
  kind: "zip",
  zip: kind,
  a,
  b,
  dst,
  loops: [{ count, aStride: 1, bStride: 1, dstStride: 1 }],
});

/** Products of products: 2^63 becomes 2^252, and one more leaves 256 bits. */
function wide(reduce: ReduceKind): UndefinedProgram {
  const count = 20;
  const squares = [0, 1, 2, 3].map(() => zip("mul", 0, 0, 0, count));
  const fold: Op = {
    kind: "reduce",
    reduce,
    src: 0,
    dst: count,
    outer: [{ count: 4, srcStride: 5, dstStride: 1 }],
    inner: [{ count: 5, srcStride: 1 }],
  };
  const scaled: Op = {
    kind: "map",
    src: 0,
    dst: 0,
    outer: 1,
    channels: 1,
    inner: count,
    perChannel: false,
    m: -3n,
    b: 5n,
    divisor: 2n ** 40n,
    lo: -1_000n,
    hi: I64_MAX,
  };
  return over(`a ${reduce} of values beyond 64 bits`, count + 8, [...squares, fold, scaled]);
}

/** `params` of as many channels as the machine does not hold at once. */
function overlappingMap(channels: number): UndefinedProgram {
  const params = new DataView(new ArrayBuffer(16 * channels));
  for (let i = 0; i < channels; i++) {
    params.setBigInt64(16 * i, BigInt(1 + (i % 3)));
    params.setBigInt64(16 * i + 8, BigInt(i));
  }
  const op: Op = {
    kind: "map",
    src: 0,
    dst: 1,
    outer: 2,
    channels,
    inner: 1,
    perChannel: true,
    params: 0,
    ...OPEN,
    lo: -(2n ** 50n),
    hi: 2n ** 50n,
  };
  return over(
    `a map of ${channels} channels onto its own source`,
    2 * channels + 1,
    [op],
    new Uint8Array(params.buffer),
  );
}

const clip = (count: number, lo: bigint, hi: bigint): Op => ({
  kind: "map",
  src: 0,
  dst: 0,
  outer: 1,
  channels: 1,
  inner: count,
  perChannel: false,
  m: 1n,
  b: 0n,
  divisor: 1n,
  lo,
  hi,
});

const table = (dst: number, rows: number, rowLength: number): Op => ({
  kind: "table",
  src: 0,
  dst,
  count: 6,
  low: 0n,
  rows,
  rowLength,
  width: 1,
  signed: false,
  table: 0,
});

export const UNDEFINED_PROGRAMS: readonly UndefinedProgram[] = [
  ...[5, 10, 15, 20, 25, 30, 41].flatMap((n) => [
    dense(9, n, 0, 0),
    dense(300, n, 128, 0),
    dense(9, n, 128, 2),
    dense(270, n, 0, 3),
  ]),
  ...REDUCE_KINDS.map(wide),
  overlappingMap(7),
  overlappingMap(1_030),
  over(
    "a table of one column onto its own source",
    12,
    [clip(12, 0n, 3n), table(1, 4, 1)],
    Uint8Array.of(3, 2, 1, 0),
  ),
  over(
    "a table of two columns onto its own source",
    14,
    [clip(14, 0n, 1n), table(1, 2, 2)],
    Uint8Array.of(1, 0, 1, 1),
  ),
  over(
    "a table that ends behind the stream, looked up before",
    16,
    [clip(16, 0n, 9n), table(10, 2 ** 20, 1)],
    new Uint8Array(10).fill(9),
  ),
  over(
    "a table that ends behind the stream, looked up there",
    16,
    [clip(16, 12n, 12n), table(10, 2 ** 20, 1)],
    new Uint8Array(10),
  ),
  over("a sum onto its own source", 12, [
    clip(12, -9n, 9n),
    {
      kind: "reduce",
      reduce: "sum",
      src: 0,
      dst: 2,
      outer: [{ count: 4, srcStride: 2, dstStride: 1 }],
      inner: [{ count: 3, srcStride: 1 }],
    },
  ]),
  {
    ...over(
      "a product onto its own source",
      30,
      [
        {
          kind: "dense",
          x: 0,
          y: 3,
          rows: 3,
          xRowStride: 4,
          yRowStride: 5,
          k: 4,
          n: 3,
          weights: 0,
          weightOffset: 1,
          divisor: 1n,
          lo: 0n,
          hi: 255n,
        },
      ],
      packDense({ k: 4, n: 3, weights: new Uint8Array(12).fill(3), m: [1n, 2n, 1n], b: [0n, 1n, -5n] }),
    ),
    values: Array.from({ length: 30 }, (_, i) => BigInt(i)),
  },
];

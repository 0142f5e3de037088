import fc from "fast-check";
import {
  type CopyLoop,
  type ElementWidth,
  type LiveSegment,
  type Op,
  type ProgramRecord,
  REDUCE_KINDS,
  ZIP_KINDS,
} from "../../../../offchain-runner/src/exact/program.ts";

const u32 = fc.nat({ max: 2 ** 32 - 1 });
const count = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
export const i64: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, -1n, 0n, 1n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const width: fc.Arbitrary<ElementWidth> = fc.constantFrom(1, 2, 4, 8);
const copyLoop: fc.Arbitrary<CopyLoop> = fc.record({ count, srcStride: i32, dstStride: i32 });
const loops = <T>(loop: fc.Arbitrary<T>, minLength = 1) => fc.array(loop, { minLength, maxLength: 8 });
const requantisation = fc
  .record({ divisor: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }), p: i64, q: i64 })
  .map(({ divisor, p, q }) => {
    const [lo, hi] = p < q ? [p, q] : [q, p];
    return { divisor, lo, hi };
  });

const map: fc.Arbitrary<Op> = fc
  .tuple(
    fc.record({ src: u32, dst: u32, outer: count, channels: count, inner: count }),
    requantisation,
    fc.oneof(
      fc.record({ perChannel: fc.constant<true>(true), params: u32 }),
      fc.record({ perChannel: fc.constant<false>(false), m: i64, b: i64 }),
    ),
  )
  .map(([place, requantised, params]): Op => ({ kind: "map", ...place, ...requantised, ...params }));

/** Any step that the format can hold, whatever it would do. */
export const ops: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ kind: fc.constant<"fill">("fill"), dst: u32, count, value: i64 }),
  fc.record({ kind: fc.constant<"copy">("copy"), src: u32, dst: u32, loops: loops(copyLoop) }),
  fc
    .tuple(
      fc.record({ x: u32, y: u32, rows: count, xRowStride: u32, yRowStride: u32, k: count, n: count }),
      fc.record({ weights: u32, weightOffset: fc.nat({ max: 255 }) }),
      requantisation,
    )
    .map(([sizes, weights, requantised]): Op => ({ kind: "dense", ...sizes, ...weights, ...requantised })),
  map,
  fc.record({
    kind: fc.constant<"zip">("zip"),
    zip: fc.constantFrom(...ZIP_KINDS),
    a: u32,
    b: u32,
    dst: u32,
    loops: loops(fc.record({ count, aStride: i32, bStride: i32, dstStride: i32 })),
  }),
  fc.record({
    kind: fc.constant<"table">("table"),
    src: u32,
    dst: u32,
    count,
    low: i64,
    rows: count,
    rowLength: fc.integer({ min: 1, max: 2_048 }),
    width,
    signed: fc.boolean(),
    table: u32,
  }),
  fc.record({
    kind: fc.constant<"reduce">("reduce"),
    reduce: fc.constantFrom(...REDUCE_KINDS),
    src: u32,
    dst: u32,
    outer: loops(copyLoop, 0),
    inner: loops(fc.record({ count, srcStride: i32 })),
  }),
);

const live: fc.Arbitrary<LiveSegment> = fc.record({ offset: u32, count: u32, width, signed: fc.boolean() });

export const records: fc.Arbitrary<ProgramRecord> = fc.record({
  op: ops,
  gasBound: u32,
  live: fc.array(live, { maxLength: 20 }),
});

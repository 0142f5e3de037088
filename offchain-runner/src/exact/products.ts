import type { Dtype } from "@opg-network/sdk/dtype";
import type { Call } from "./call.ts";
import { shiftedToByte } from "./elementwise.ts";
import { packedLike, placed } from "./emitter.ts";
import type { DensePart } from "./pending.ts";
import { Pending } from "./pending.ts";
import type { Ref, Weights } from "./plannedOp.ts";
import type { Value } from "./value.ts";
import { constant, hull } from "./value.ts";
import type { Loop } from "./view.ts";
import { contiguousView, fillsRun, loopsByDimension, merged, positionsOf, product } from "./view.ts";
import { byteWeights, columnSums, narrowWeights, zeroPoint } from "./weights.ts";

/** Bounds of every element of a product, computed where the elements lie: `x` by row, then by term. */
export function productRanges(
  call: Call,
  dtype: Dtype,
  x: { lo: BigInt64Array; hi: BigInt64Array; zero: bigint },
  { K, N, values }: Weights,
) {
  const rows = x.lo.length / K;
  // Bounds of the sums, and the weights once more in another order.
  call.spend((rows * K * N) / 16 + K * N);
  const low = Float64Array.from(x.lo, (value) => Number(value - x.zero));
  const high = x.lo === x.hi ? low : Float64Array.from(x.hi, (value) => Number(value - x.zero));
  const limit = 2 ** 52 / (K * 256);
  if (low.some((value) => value < -limit) || high.some((value) => value > limit))
    call.refuse("exact-range-overflow", "the left operand is too large for a product");
  const lo = new Float64Array(N);
  const hi = new Float64Array(N);
  const all = { lo: new BigInt64Array(rows * N), hi: new BigInt64Array(rows * N) };
  call.checkCount(rows * N, !call.folds);
  for (let r = 0; r < rows; r++) {
    lo.fill(0);
    hi.fill(0);
    for (let k = 0; k < K; k++) {
      const from = low[r * K + k] ?? 0;
      const to = high[r * K + k] ?? 0;
      for (let j = 0; j < N; j++) {
        const weight = values[k * N + j] ?? 0;
        lo[j] = (lo[j] ?? 0) + (weight > 0 ? from : to) * weight;
        hi[j] = (hi[j] ?? 0) + (weight > 0 ? to : from) * weight;
      }
    }
    for (let j = 0; j < N; j++) {
      all.lo[r * N + j] = BigInt(lo[j] ?? 0);
      all.hi[r * N + j] = BigInt(hi[j] ?? 0);
    }
  }
  call.checkBounds(dtype, all);
  return all;
}

export function matMulInteger(call: Call): Value[] {
  const x = call.input(0);
  if (x.dtype !== "uint8" && x.dtype !== "int8")
    call.refuse("exact-type-unsupported", `a left operand of ${x.dtype}`);
  const zero = zeroPoint(call, 2, x, "the left operand's zero point");
  return [matrixProduct(call, x, zero, byteWeights(call, 3), "int32")];
}

export function matMul(call: Call): Value[] {
  const x = call.input(0);
  const weights = call.input(1);
  if (x.dtype !== weights.dtype) call.refuse("exact-type-unsupported", `${x.dtype} times ${weights.dtype}`);
  const elements = call.constant(1, "the right operand");
  return [matrixProduct(call, x, 0n, narrowWeights(call, elements), x.dtype)];
}

function matrixProduct(
  call: Call,
  x: Value,
  zero: bigint,
  { values, offset }: Pick<Weights, "values" | "offset">,
  dtype: Dtype,
): Value {
  const right = call.input(1).shape;
  if (right.length < 1 || right.length > 2 || x.shape.length < 1)
    call.refuse(
      "exact-attribute-unsupported",
      `[${x.shape}] times [${right}]: the right operand has one or two dimensions`,
    );
  const K = right[0] ?? 1;
  const N = right[1] ?? 1;
  if (x.shape.at(-1) !== K) call.refuse("exact-shape-invalid", `[${x.shape}] times [${right}]`);
  const weights: Weights = { K, N, values, offset };
  const ranges = productRanges(call, dtype, { lo: x.lo, hi: x.hi, zero }, weights);
  const outer = x.shape.slice(0, -1);
  const shape = right.length === 1 ? outer : [...outer, N];
  if (call.folds) return constant(dtype, shape, ranges.lo);
  const { value, shift } = shiftedToByte(call, x);
  const rows = product(outer);
  const { prepare, order } = rowsOf(call, value, K);
  const arranged: Weights = {
    ...weights,
    values: Int16Array.from(
      { length: K * N },
      (_, i) => values[(order[Math.floor(i / N)] ?? 0) * N + (i % N)] ?? 0,
    ),
  };
  const addends = columnSums(weights).map((sum) => -sum * (zero + shift));
  const part: DensePart = { firstRow: 0, firstColumn: 0, rows, weights: arranged, addends, prepare };
  const pending = Pending.over({ kind: "dense", columns: N, parts: [part] }, rows * N, hull(ranges));
  return call.value(dtype, shape, ranges, placed(pending, contiguousView(rows * N)));
}

interface Rows {
  readonly prepare: () => { x: Ref; xRowStride: number };
  /** Which term of a row lies at each position of memory. */
  readonly order: Int32Array;
}

/** The rows of a matrix as the machine reads them: each one run of memory, equally far apart; copied if need be. */
function rowsOf(call: Call, value: Value, K: number): Rows {
  const { emitter } = call;
  const rows = product(value.shape) / K;
  const inPlace = emitter.laid(value);
  const apart = loopsByDimension(inPlace.view.loops, [rows, K]);
  const laid = apart === undefined ? emitter.inOrder(value) : inPlace;
  const rowLoops = apart?.[0] ?? [{ count: rows, stride: K }];
  const termLoops = apart?.[1] ?? [{ count: K, stride: 1 }];
  const order = orderOf(termLoops, K);
  const [row, ...rest] = merged(rowLoops);
  if (fillsRun(termLoops) && rest.length === 0) {
    const { buffer, view } = laid;
    return { prepare: () => ({ x: { buffer, offset: view.offset }, xRowStride: row?.stride ?? K }), order };
  }
  const loops = [...packedRows(rowLoops, K), ...packedLike(termLoops)];
  const prepare = () => {
    const buffer = emitter.buffer(rows * K, hull(value));
    emitter.copy(laid, { buffer, view: { offset: 0, loops } });
    return { x: { buffer, offset: 0 }, xRowStride: K };
  };
  return { prepare, order };
}

/** Loops over rows of K words each, one row behind the other. */
function packedRows(loops: readonly Loop[], K: number): Loop[] {
  let stride = K * product(loops.map(({ count }) => count));
  return loops.map(({ count }) => {
    stride /= count;
    return { count, stride };
  });
}

/** Which term lies at each position once the terms are packed in the order in which they lie in memory. */
export function orderOf(termLoops: readonly Loop[], K: number): Int32Array {
  const positions = positionsOf({ offset: 0, loops: packedLike(termLoops) });
  const order = new Int32Array(K);
  for (let k = 0; k < K; k++) order[positions[k] ?? 0] = k;
  return order;
}

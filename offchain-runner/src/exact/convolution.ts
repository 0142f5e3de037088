import type { Call } from "./call.ts";
import { shiftedToByte } from "./elementwise.ts";
import { packedLike, placed } from "./emitter.ts";
import type { DensePart } from "./pending.ts";
import { Pending } from "./pending.ts";
import type { Weights } from "./plannedOp.ts";
import { orderOf, productRanges } from "./products.ts";
import { padded, paddedRanges } from "./structure.ts";
import { sourceIndices, stridesOf } from "./tensorShape.ts";
import type { Value } from "./value.ts";
import { constant, hull, pickedRanges } from "./value.ts";
import type { Loop } from "./view.ts";
import { fillsRun, merged, product } from "./view.ts";
import { byteWeights, columnSums, zeroPoint } from "./weights.ts";
import type { Window } from "./window.ts";
import { windowOf } from "./window.ts";

/** Words that windows laid out side by side may take at a time. */
const MAX_COLUMN_WORDS = 4_096;
/** Columns of one group of lanes: small groups of channels share them. */
const LANE_COLUMNS = 30;

interface Layer {
  readonly window: Window;
  readonly groups: number;
  /** Channels in and out of one group. */
  readonly inner: number;
  readonly outer: number;
  readonly values: Int16Array;
  readonly offset: number;
}

export function convInteger(call: Call): Value[] {
  const x = call.input(0);
  if (x.dtype !== "uint8" && x.dtype !== "int8")
    call.refuse("exact-type-unsupported", `an input of ${x.dtype}`);
  const zero = zeroPoint(call, 2, x, "the input's zero point");
  const { values, offset } = byteWeights(call, 3);
  const [batch = 1, channels = 1, ...spatial] = x.shape;
  const [filters = 1, inner = 1, ...kernel] = call.input(1).shape;
  const groups = call.int("group", 1);
  if (kernel.length !== spatial.length || spatial.length < 1)
    call.refuse("exact-shape-invalid", `weights of [${call.input(1).shape}] for an input of [${x.shape}]`);
  if (groups < 1 || channels !== inner * groups || filters % groups !== 0)
    call.refuse(
      "exact-shape-invalid",
      `${groups} groups of ${inner} channels for ${channels}, ${filters} filters`,
    );
  const window = windowOf(call, spatial, kernel);
  const layer: Layer = { window, groups, inner, outer: filters / groups, values, offset };
  const ranges = convRanges(call, x, zero, layer);
  const shape = [batch, filters, ...window.output];
  if (call.folds) return [constant("int32", shape, ranges.lo)];
  const { value, shift } = shiftedToByte(call, x, isPadded(window) ? zero : undefined);
  // Channels innermost: then windows are long runs of memory.
  const order = [0, ...spatial.map((_, axis) => axis + 2), 1];
  const inside = padded(call, value, [0, 0, ...window.before], [0, 0, ...window.after], zero + shift, order);
  const rows = batch * product(window.output);
  const parts = partsOf(call, inside, layer, zero + shift);
  const pending = Pending.over({ kind: "dense", columns: filters, parts }, rows * filters, hull(ranges));
  const strides = stridesOf([batch, ...window.output, filters]);
  const loops = shape.map(
    (count, axis): Loop => ({
      count,
      stride: (axis === 0 ? strides[0] : axis === 1 ? 1 : strides[axis - 1]) ?? 0,
    }),
  );
  return [call.value("int32", shape, ranges, placed(pending, { offset: 0, loops }))];
}

function isPadded({ before, after }: Window): boolean {
  return [...before, ...after].some((size) => size > 0);
}

/** Bounds by [batch, filter, position]. Padding is the zero point and adds nothing. */
function convRanges(call: Call, x: Value, zero: bigint, layer: Layer) {
  const { window, groups, inner, outer } = layer;
  const batch = x.shape[0] ?? 1;
  const spatial = x.shape.slice(2);
  const framed = spatial.map((size, axis) => size + (window.before[axis] ?? 0) + (window.after[axis] ?? 0));
  call.checkCount(batch * (x.shape[1] ?? 1) * product(framed), !call.folds);
  const inside = paddedRanges(x, [0, 0, ...window.before], [0, 0, ...window.after], zero);
  const [perBatch = 0, perChannel = 0, ...perStep] = stridesOf(inside.shape);
  const rowSteps = window.strides.map((step, axis) => step * (perStep[axis] ?? 0));
  const termSteps = window.dilations.map((step, axis) => step * (perStep[axis] ?? 0));
  const walkShape = [batch, ...window.output, inner, ...window.kernel];
  call.checkCount(product(walkShape), false);
  const positions = product(window.output);
  const filters = groups * outer;
  const count = batch * filters * positions;
  call.checkCount(count, !call.folds);
  const all = { lo: new BigInt64Array(count), hi: new BigInt64Array(count) };
  for (let group = 0; group < groups; group++) {
    const steps = [perBatch, ...rowSteps, perChannel, ...termSteps];
    const walk = sourceIndices(walkShape, steps, group * inner * perChannel);
    const found = productRanges(
      call,
      "int32",
      { ...pickedRanges(inside, walk), zero },
      groupWeights(layer, group, 1),
    );
    for (let row = 0; row < batch * positions; row++) {
      const base = Math.floor(row / positions) * filters * positions + (row % positions);
      for (let j = 0; j < outer; j++) {
        all.lo[base + (group * outer + j) * positions] = found.lo[row * outer + j] ?? 0n;
        all.hi[base + (group * outer + j) * positions] = found.hi[row * outer + j] ?? 0n;
      }
    }
  }
  return all;
}

/** Weights of several groups side by side, by [channel, kernel position]; channels of one group add nothing to another. */
function groupWeights(
  { window, inner, outer, values, offset }: Layer,
  first: number,
  count: number,
): Weights {
  const size = product(window.kernel);
  const K = count * inner * size;
  const N = count * outer;
  const matrix = new Int16Array(K * N);
  for (let group = 0; group < count; group++)
    for (let j = 0; j < outer; j++)
      for (let k = 0; k < inner * size; k++) {
        const from = ((first + group) * outer + j) * inner * size + k;
        matrix[(group * inner * size + k) * N + group * outer + j] = values[from] ?? 0;
      }
  return { K, N, values: matrix, offset };
}

function partsOf(call: Call, inside: Value, layer: Layer, zero: bigint): DensePart[] {
  const { emitter } = call;
  const { window, groups, inner, outer } = layer;
  const { source, offset, loops } = emitter.plainDims(inside);
  const { buffer } = emitter.laidAt(source, { offset, loops: [] });
  const [byBatch, byChannel, ...bySpace] = loops;
  const rowLoops = [
    byBatch ?? { count: 1, stride: 0 },
    ...window.output.map(
      (count, axis): Loop => ({ count, stride: (bySpace[axis]?.stride ?? 0) * (window.strides[axis] ?? 1) }),
    ),
  ];
  const perPart = Math.min(groups, Math.max(1, Math.floor(LANE_COLUMNS / outer)));
  const parts: DensePart[] = [];
  for (let first = 0; first < groups; first += perPart) {
    const count = Math.min(perPart, groups - first);
    const weights = groupWeights(layer, first, count);
    const { K, N } = weights;
    const termLoops = [
      { count: count * inner, stride: byChannel?.stride ?? 0 },
      ...window.kernel.map(
        (size, axis): Loop => ({
          count: size,
          stride: (bySpace[axis]?.stride ?? 0) * (window.dilations[axis] ?? 1),
        }),
      ),
    ].filter((loop) => loop.count > 1);
    const order = orderOf(termLoops, K);
    const arranged: Weights = {
      ...weights,
      values: weights.values.map(
        (_, i) => weights.values[(order[Math.floor(i / N)] ?? 0) * N + (i % N)] ?? 0,
      ),
    };
    const shared = {
      firstColumn: first * outer,
      weights: arranged,
      addends: columnSums(weights).map((sum) => -sum * zero),
    };
    const start = offset + first * inner * (byChannel?.stride ?? 0);
    const [row, ...rest] = merged(rowLoops);
    if (fillsRun(termLoops) && rest.length === 0) {
      const prepare = () => ({ x: { buffer, offset: start }, xRowStride: row?.stride ?? K });
      parts.push({ ...shared, firstRow: 0, rows: product(rowLoops.map((loop) => loop.count)), prepare });
      continue;
    }
    for (const chunk of chunksOf(rowLoops, Math.floor(MAX_COLUMN_WORDS / K))) {
      const rows = product(chunk.loops.map((loop) => loop.count));
      const prepare = () => {
        const columns = emitter.buffer(rows * K, hull(inside));
        const from = {
          buffer,
          view: { offset: start + chunk.offset, loops: [...chunk.loops, ...termLoops] },
        };
        emitter.copy(from, {
          buffer: columns,
          view: { offset: 0, loops: [{ count: rows, stride: K }, ...packedLike(termLoops)] },
        });
        return { x: { buffer: columns, offset: 0 }, xRowStride: K };
      };
      parts.push({ ...shared, firstRow: chunk.firstRow, rows, prepare });
    }
  }
  return parts;
}

interface Chunk {
  readonly loops: readonly Loop[];
  readonly offset: number;
  readonly firstRow: number;
}

/** Rows in pieces of at most `limit`, or of one row. */
function chunksOf(loops: readonly Loop[], limit: number, offset = 0, firstRow = 0): Chunk[] {
  const [outermost, ...rest] = loops;
  const rows = product(loops.map(({ count }) => count));
  if (outermost === undefined || rows <= limit) return [{ loops, offset, firstRow }];
  const each = rows / outermost.count;
  const step = Math.max(1, Math.floor(limit / each));
  const chunks: Chunk[] = [];
  for (let i = 0; i < outermost.count; i += step) {
    const count = Math.min(step, outermost.count - i);
    const at = offset + i * outermost.stride;
    const row = firstRow + i * each;
    if (count === 1) chunks.push(...chunksOf(rest, limit, at, row));
    else chunks.push({ loops: [{ count, stride: outermost.stride }, ...rest], offset: at, firstRow: row });
  }
  return chunks;
}

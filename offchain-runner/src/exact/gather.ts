import type { Call } from "./call.ts";
import { placed } from "./emitter.ts";
import { permuted } from "./structure.ts";
import { sourceIndices, stridesOf } from "./tensorShape.ts";
import type { Place, Value } from "./value.ts";
import { hull, pickedRanges } from "./value.ts";
import type { Loop } from "./view.ts";
import { merged, product } from "./view.ts";

/** Look-ups in a constant table, or parts of a tensor at constant positions. */
export function gather(call: Call): Value[] {
  const data = call.input(0);
  const indices = call.input(1);
  const axis = call.axis(call.int("axis", 0), data.shape.length);
  if (indices.dtype !== "int32" && indices.dtype !== "int64")
    call.refuse("exact-type-unsupported", `indices of ${indices.dtype}`);
  const size = data.shape[axis] ?? 1;
  const { lo, hi } = hull(indices);
  if (lo < BigInt(-size) || hi >= BigInt(size))
    call.refuse("exact-range-overflow", `an index can lie in ${lo} to ${hi}, of ${size}`);
  if (indices.place === undefined) return [taken(call, data, indices, axis)];
  if (data.place !== undefined) call.refuse("exact-constant-needed", "neither data nor indices are constant");
  return [lookedUp(call, data, indices, axis)];
}

function outputShape(data: Value, indices: Value, axis: number): number[] {
  return [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
}

function taken(call: Call, data: Value, indices: Value, axis: number): Value {
  const size = data.shape[axis] ?? 1;
  const positions = [...indices.lo].map((index) => Number(index < 0n ? index + BigInt(size) : index));
  const shape = outputShape(data, indices, axis);
  call.checkCount(product(shape), data.place !== undefined);
  const flat = [product(data.shape.slice(0, axis)), positions.length, product(data.shape.slice(axis + 1))];
  const [outer = 1, count = 1, inner = 1] = flat;
  const from = new Int32Array(outer * count * inner);
  let i = 0;
  for (let a = 0; a < outer; a++)
    for (const position of positions)
      for (let b = 0; b < inner; b++) from[i++] = (a * size + position) * inner + b;
  return {
    dtype: data.dtype,
    shape,
    ...pickedRanges(data, from),
    place: takenPlace(call, data, positions, axis),
  };
}

function takenPlace(call: Call, data: Value, positions: readonly number[], axis: number): Place | undefined {
  if (data.place === undefined) return undefined;
  const { emitter } = call;
  const { source, offset, loops } = emitter.plainDims(data);
  const stride = loops[axis]?.stride ?? 0;
  const runs = progressions(positions);
  const [first, ...rest] = runs;
  const withRun = ({ count, step }: Run, list: readonly Loop[], unit: number) =>
    list.map((loop, at) => (at === axis ? { count, stride: unit * step } : loop));
  if (first !== undefined && rest.length === 0)
    return placed(source, { offset: offset + first.start * stride, loops: withRun(first, loops, stride) });
  const sizes = data.shape.with(axis, positions.length);
  const strides = stridesOf(sizes);
  const layout = sizes.map((count, at): Loop => ({ count, stride: strides[at] ?? 0 }));
  const buffer = emitter.buffer(product(sizes), hull(data));
  const unit = strides[axis] ?? 0;
  let done = 0;
  for (const run of runs) {
    const view = { offset: offset + run.start * stride, loops: withRun(run, loops, stride) };
    const to = { offset: done * unit, loops: withRun({ ...run, step: 1 }, layout, unit) };
    emitter.copy(emitter.laidAt(source, view), { buffer, view: to });
    done += run.count;
  }
  return placed(buffer, { offset: 0, loops: merged(layout) });
}

interface Run {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** Positions as few runs of equal steps. */
function progressions(positions: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (let i = 0; i < positions.length; ) {
    const start = positions[i] ?? 0;
    const step = i + 1 < positions.length ? (positions[i + 1] ?? 0) - start : 1;
    let count = 1;
    while (i + count < positions.length && positions[i + count] === start + count * step) count += 1;
    runs.push({ start, step, count });
    i += count;
  }
  return runs;
}

function lookedUp(call: Call, data: Value, indices: Value, axis: number): Value {
  const size = data.shape[axis] ?? 1;
  const { lo, hi } = hull(indices);
  const rows = Number(hi - lo) + 1;
  const rest = data.shape.filter((_, at) => at !== axis);
  const rowLength = product(rest);
  // One row of the table for each index that can occur, negative ones counted from the end.
  const strides = stridesOf(data.shape);
  const entries = new BigInt64Array(rows * rowLength);
  const restStrides = strides.filter((_, at) => at !== axis);
  for (let row = 0; row < rows; row++) {
    const index = Number(lo) + row;
    const offset = (index < 0 ? index + size : index) * (strides[axis] ?? 0);
    const from = sourceIndices(rest, restStrides, offset);
    for (let j = 0; j < rowLength; j++) entries[row * rowLength + j] = data.lo[from[j] ?? 0] ?? 0n;
  }
  const shape = [...indices.shape, ...rest];
  const ranges = tableRanges(indices, entries, rowLength, lo);
  call.checkCount(product(shape), true);
  const { buffer: source, view } = call.emitter.run(indices);
  const count = product(indices.shape);
  const buffer = call.emitter.buffer(product(shape), hull(ranges));
  call.emitter.push({
    kind: "table",
    src: { buffer: source, offset: view.offset },
    dst: { buffer, offset: 0 },
    count,
    low: lo,
    rows,
    rowLength,
    entries,
  });
  const loops = view.loops.map(
    ({ count: times, stride }): Loop => ({ count: times, stride: stride * rowLength }),
  );
  const place = placed(buffer, { offset: 0, loops: [...loops, { count: rowLength, stride: 1 }] });
  const found: Value = { dtype: data.dtype, shape, ...ranges, place };
  // The looked-up dimensions come first; they belong where the table's own dimension was.
  const own = indices.shape.length;
  const order = [
    ...rest.slice(0, axis).map((_, at) => own + at),
    ...indices.shape.keys(),
    ...rest.slice(axis).map((_, at) => own + axis + at),
  ];
  return axis === 0 ? found : permuted(call, found, order);
}

function tableRanges(indices: Value, entries: BigInt64Array, rowLength: number, low: bigint) {
  const count = indices.lo.length;
  const lo = new BigInt64Array(count * rowLength);
  const hi = new BigInt64Array(count * rowLength);
  const cache = new Map<string, { lo: BigInt64Array; hi: BigInt64Array }>();
  for (let i = 0; i < count; i++) {
    const first = Number((indices.lo[i] ?? 0n) - low);
    const last = Number((indices.hi[i] ?? 0n) - low);
    const key = `${first}:${last}`;
    const row = cache.get(key) ?? rowRange(entries, rowLength, first, last);
    cache.set(key, row);
    lo.set(row.lo, i * rowLength);
    hi.set(row.hi, i * rowLength);
  }
  return { lo, hi };
}

function rowRange(entries: BigInt64Array, rowLength: number, first: number, last: number) {
  const lo = entries.slice(first * rowLength, (first + 1) * rowLength);
  const hi = lo.slice();
  for (let row = first + 1; row <= last; row++) {
    for (let j = 0; j < rowLength; j++) {
      const entry = entries[row * rowLength + j] ?? 0n;
      if (entry < (lo[j] ?? 0n)) lo[j] = entry;
      if (entry > (hi[j] ?? 0n)) hi[j] = entry;
    }
  }
  return { lo, hi };
}

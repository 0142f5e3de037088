import { readElement } from "../exact/arena.ts";
import { unpackDense } from "../exact/denseLayout.ts";
import type { CopyOp, DenseOp, FillOp, MapOp, Op, TableOp } from "../exact/program.ts";
import { PARAM_BYTES } from "../exact/program.ts";
import { CircuitError } from "./circuitError.ts";
import type { CircuitText } from "./circuitText.ts";
import { list } from "./circuitText.ts";
import { writeReduce, writeZip } from "./comparisons.ts";
import { lookupOf } from "./lookup.ts";
import type { ArenaRanges, ArenaValue, Range } from "./ranges.ts";
import { bitsFor, plus, rangeOf, times, unionOf } from "./ranges.ts";
import type { Requantiser } from "./requantiser.ts";
import { requantiserOf, resultRange } from "./requantiser.ts";
import { placesOf } from "./walk.ts";

/** Terms that are added up before their sum joins the others: the compiler copies a sum with every term. */
export const SUM_BLOCK = 24;
const BYTES: Range = { lo: 0n, hi: 255n };

/** What a circuit has to do, whatever its gadgets. */
export interface Tally {
  /** Results that it divides, clips, compares, multiplies or looks up. */
  activations: number;
  /** Bits in which the values before that are told apart: what checking them bit by bit takes at least. */
  leastBits: number;
}

export interface StepContext {
  readonly text: CircuitText;
  readonly tally: Tally;
  readonly ranges: ArenaRanges;
  readonly stream: Uint8Array;
}

/** Writes a step as loops over `a`, the arena of linear expressions, and follows the ranges. */
export function writeStep(op: Op, context: StepContext): void {
  switch (op.kind) {
    case "fill":
      writeFill(op, context);
      break;
    case "copy":
      writeCopy(op, context);
      break;
    case "dense":
      writeDense(op, context);
      break;
    case "map":
      writeMap(op, context);
      break;
    case "zip":
      writeZip(op, context);
      break;
    case "table":
      writeTable(op, context);
      break;
    case "reduce":
      writeReduce(op, context);
      break;
  }
}

function writeFill({ dst, count, value }: FillOp, { text, ranges }: StepContext): void {
  text.loop("i", count, () => text.line(`a[${dst} + i] = ${value};`));
  for (let i = 0; i < count; i++) ranges.set(dst + i, { lo: value, hi: value });
}

function writeCopy({ src, dst, loops }: CopyOp, { text, ranges }: StepContext): void {
  const last = loops.at(-1);
  const isRun = last?.srcStride === 1 && last.dstStride === 1;
  const outer = isRun ? loops.slice(0, -1) : loops;
  const run = isRun ? last.count : 1;
  const pointers = [
    { from: src, strides: outer.map(({ srcStride }) => srcStride) },
    { from: dst, strides: outer.map(({ dstStride }) => dstStride) },
  ] as const;
  const counts = outer.map(({ count }) => count);
  text.line(`var run[${run}];`);
  text.walk(counts, pointers, (from, to) => {
    text.loop("i", run, () => text.line(`run[i] = a[${from} + i];`));
    text.loop("i", run, () => text.line(`a[${to} + i] = run[i];`));
  });
  for (const [from = 0, to = 0] of placesOf(counts, pointers)) {
    const moved = Array.from({ length: run }, (_, i) => ranges.valueAt(from + i));
    for (const [i, value] of moved.entries()) ranges.put(to + i, value);
  }
}

function writeDense(op: DenseOp, context: StepContext): void {
  const { text, ranges, stream } = context;
  const { rows, k, n, x, y, xRowStride, yRowStride } = op;
  const parts = unpackDense(stream, op.weights, k, n);
  const weights = Array.from(parts.weights, (byte) => byte - op.weightOffset);
  const sums: Range[][] = Array.from({ length: n }, () => []);
  for (let row = 0; row < rows; row++) {
    const from = x + row * xRowStride;
    for (let i = 0; i < k; i++) checkByte(ranges.at(from + i), from + i);
    for (let j = 0; j < n; j++) sums[j]?.push(sumRange(ranges, from, weights, k, n, j));
  }
  const scaled = (j: number, sum: Range) =>
    times(plus(sum, point(parts.b[j] as bigint)), point(parts.m[j] as bigint));
  const channels = sums.map((column, j) => scaled(j, unionOf(column)));
  const requantiser = requantiserOf(channels, op);
  text.line(
    `var w[${k}][${n}] = [${Array.from({ length: k }, (_, i) => list(weights.slice(i * n, i * n + n))).join(", ")}];`,
  );
  text.constants("m", parts.m);
  text.constants("b", parts.b);
  const writer = new RequantiserText(text, requantiser, rows * n);
  text.loop("r", rows, () => {
    text.loop("j", n, () => {
      text.line("var v = b[j];");
      text.loop("from", Math.ceil(k / SUM_BLOCK), () => {
        text.line("var part = 0;");
        text.line(`var end = (from + 1) * ${SUM_BLOCK} < ${k} ? (from + 1) * ${SUM_BLOCK} : ${k};`);
        text.line(
          `for (var i = from * ${SUM_BLOCK}; i < end; i++) part += w[i][j] * a[${x} + r * ${xRowStride} + i];`,
        );
        text.line("v += part;");
      });
      writer.write(`a[${y} + r * ${yRowStride} + j]`, "v * m[j]", `r * ${n} + j`, "j");
    });
  });
  sums.forEach((column, j) => {
    for (const [row, sum] of column.entries())
      ranges.set(y + row * yRowStride + j, resultRange(scaled(j, sum), op));
  });
  if (requantiser.kind === "gadgets") count(context.tally, channels, rows);
}

function writeMap(op: MapOp, { text, tally, ranges, stream }: StepContext): void {
  const { src, dst, outer, channels, inner } = op;
  const params = op.perChannel ? streamParams(stream, op.params, channels) : [{ m: op.m, b: op.b }];
  const channelOf = (i: number) => (op.perChannel ? Math.floor(i / inner) % channels : 0);
  const sources = Array.from({ length: outer * channels * inner }, (_, i) => ranges.valueAt(src + i));
  const values = sources.map(({ range }, i) => {
    const { m, b } = params[channelOf(i)] as Param;
    return times(plus(range, point(b)), point(m));
  });
  const own: Range[][] = params.map(() => []);
  for (const [i, value] of values.entries()) own[channelOf(i)]?.push(value);
  const joined = own.map(unionOf);
  const requantiser = requantiserOf(joined, op);
  text.constants(
    "m",
    params.map(({ m }) => m),
  );
  text.constants(
    "b",
    params.map(({ b }) => b),
  );
  const writer = new RequantiserText(text, requantiser, values.length);
  text.loop("i", values.length, () => {
    text.line(`var c = ${op.perChannel ? `(i \\ ${inner}) % ${channels}` : 0};`);
    writer.write(`a[${dst} + i]`, `(a[${src} + i] + b[c]) * m[c]`, "i", "c");
  });
  for (const [i, value] of values.entries()) {
    const { m, b } = params[channelOf(i)] as Param;
    const isNegative = requantiser.kind === "linear" && m === -1n && b === 0n;
    ranges.put(dst + i, {
      range: resultRange(value, op),
      negated: isNegative ? (sources[i] as ArenaValue) : undefined,
    });
  }
  if (requantiser.kind === "gadgets") count(tally, joined, values.length / joined.length);
}

function writeTable(op: TableOp, { text, tally, ranges, stream }: StepContext): void {
  const { src, dst, count, low, rows, rowLength, width, signed } = op;
  const indices = Array.from({ length: count }, (_, i) => ranges.at(src + i));
  const index = unionOf(indices);
  if (index.lo < low || index.hi >= low + BigInt(rows)) {
    const reason = `a row between ${index.lo - low} and ${index.hi - low} of a table of ${rows}`;
    throw new CircuitError("circuit-range", { reason });
  }
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const entry = (row: bigint, column: number) =>
    readElement(view, op.table + (Number(row - low) * rowLength + column) * width, width, signed);
  const columns = Array.from({ length: rowLength }, (_, j) =>
    Array.from({ length: Number(index.hi - index.lo) + 1 }, (_, i) => entry(index.lo + BigInt(i), j)),
  );
  const bits = bitsFor(index.hi - index.lo);
  const { lowBits, highBits, coefficients } = lookupOf(columns, bits);
  text.line(`var c[${rowLength}][${2 ** bits}] = [${coefficients.map(list).join(", ")}];`);
  const row = text.name("row");
  text.line(`component ${row}[${count}];`);
  // Read first: the results may lie where the indices do.
  text.loop("i", count, () => {
    text.line(`${row}[i] = Lookup(${lowBits}, ${highBits}, ${rowLength}, c);`);
    text.line(`${row}[i].in <== a[${src} + i] - (${index.lo});`);
  });
  text.loop("i", count, () => {
    text.loop("j", rowLength, () => text.line(`a[${dst} + i * ${rowLength} + j] = ${row}[i].out[j];`));
  });
  for (const [i, { lo, hi }] of indices.entries()) {
    for (const [j, column] of columns.entries())
      ranges.set(
        dst + i * rowLength + j,
        rangeOf(...column.slice(Number(lo - index.lo), Number(hi - index.lo) + 1)),
      );
  }
  tally.activations += count * rowLength;
  tally.leastBits += count * bits;
}

/** Counts results whose values before had these ranges, so many of each. */
export function count(tally: Tally, ranges: readonly Range[], each = 1): void {
  tally.activations += ranges.length * each;
  for (const { lo, hi } of ranges) tally.leastBits += each * bitsFor(hi - lo);
}

/** Writes `to = requantised(value)` for the instances of a step, whose components it declares. */
class RequantiserText {
  readonly #text: CircuitText;
  readonly #requantiser: Requantiser;
  readonly #truncate: string;
  readonly #clip: string;

  constructor(text: CircuitText, requantiser: Requantiser, instances: number) {
    this.#text = text;
    this.#requantiser = requantiser;
    this.#truncate = text.name("truncate");
    this.#clip = text.name("clip");
    if (requantiser.kind !== "gadgets") return;
    const { truncate, clip } = requantiser;
    if (truncate !== undefined) {
      text.constants("truncateBits", truncate.bits);
      text.line(`component ${this.#truncate}[${instances}];`);
    }
    if (clip !== undefined) {
      text.constants("clipBits", clip.bits);
      text.line(`component ${this.#clip}[${instances}];`);
    }
  }

  write(to: string, value: string, instance: string, channel: string): void {
    const text = this.#text;
    const plan = this.#requantiser;
    if (plan.kind === "constant") text.line(`${to} = ${plan.value};`);
    else if (plan.kind === "linear") text.line(`${to} = ${value};`);
    else {
      const { truncate, clip } = plan;
      let result = value;
      if (truncate !== undefined) {
        const { divisor, restBits } = truncate;
        text.line(
          `${this.#truncate}[${instance}] = Truncate(${divisor}, ${restBits}, truncateBits[${channel}]);`,
        );
        text.line(
          `${this.#truncate}[${instance}].in <== ${result} + ${divisor} * (1 << truncateBits[${channel}]);`,
        );
        result = `${this.#truncate}[${instance}].out`;
      }
      if (clip !== undefined) {
        const { divisor, restBits, base, isSigned, isCapped, cap, capBits } = clip;
        const flags = `${Number(isSigned)}, ${Number(isCapped)}, ${cap}, ${capBits}`;
        const shift = isSigned ? ` + ${divisor} * (1 << clipBits[${channel}])` : "";
        text.line(
          `${this.#clip}[${instance}] = FloorClip(${divisor}, ${restBits}, clipBits[${channel}], ${flags});`,
        );
        text.line(`${this.#clip}[${instance}].in <== ${result} - (${divisor * base})${shift};`);
        result = `${this.#clip}[${instance}].out + (${base})`;
      }
      text.line(`${to} = ${result};`);
    }
  }
}

function sumRange(
  ranges: ArenaRanges,
  from: number,
  weights: readonly number[],
  k: number,
  n: number,
  j: number,
): Range {
  let [lo, hi] = [0, 0];
  for (let i = 0; i < k; i++) {
    const weight = weights[i * n + j] as number;
    const { lo: low, hi: high } = ranges.at(from + i);
    lo += weight * Number(weight < 0 ? high : low);
    hi += weight * Number(weight < 0 ? low : high);
  }
  return { lo: BigInt(lo), hi: BigInt(hi) };
}

function checkByte({ lo, hi }: Range, word: number): void {
  if (lo < BYTES.lo || hi > BYTES.hi)
    throw new CircuitError("circuit-range", {
      reason: `a product of bytes takes a value of ${lo} to ${hi}`,
      word,
    });
}

interface Param {
  readonly m: bigint;
  readonly b: bigint;
}

function streamParams(stream: Uint8Array, at: number, channels: number): Param[] {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  return Array.from({ length: channels }, (_, i) => ({
    m: view.getBigInt64(at + i * PARAM_BYTES),
    b: view.getBigInt64(at + i * PARAM_BYTES + PARAM_BYTES / 2),
  }));
}

function point(value: bigint): Range {
  return { lo: value, hi: value };
}

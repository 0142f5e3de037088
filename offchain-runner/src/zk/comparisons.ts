import type { ReduceOp, ZipOp } from "../exact/program.ts";
import type { ArenaValue, Range } from "./ranges.ts";
import { areOpposite, magnitudeOf, minus, plus, rangeOf, signedBitsFor, times, unionOf } from "./ranges.ts";
import { checkWidth } from "./requantiser.ts";
import type { StepContext } from "./steps.ts";
import { count, SUM_BLOCK } from "./steps.ts";
import { placesOf } from "./walk.ts";

export function writeZip(op: ZipOp, context: StepContext): void {
  const { text, tally, ranges } = context;
  const counts = op.loops.map(({ count }) => count);
  const pointers = [
    { from: op.a, strides: op.loops.map(({ aStride }) => aStride) },
    { from: op.b, strides: op.loops.map(({ bStride }) => bStride) },
    { from: op.dst, strides: op.loops.map(({ dstStride }) => dstStride) },
  ] as const;
  const pairs: { a: Range; b: Range }[] = [];
  for (const [left = 0, right = 0, to = 0] of placesOf(counts, pointers)) {
    const [a, b] = [ranges.valueAt(left), ranges.valueAt(right)];
    pairs.push({ a: a.range, b: b.range });
    ranges.set(to, joinedRange(op.zip, a, b));
  }
  const instances = pairs.length;
  if (op.zip === "add" || op.zip === "sub") {
    text.walk(counts, pointers, (a, b, to) => {
      text.line(`a[${to}] = a[${a}] ${op.zip === "add" ? "+" : "-"} a[${b}];`);
    });
    return;
  }
  text.line("var n = 0;");
  const name = text.name("joined");
  if (op.zip === "mul") {
    text.line(`signal ${name}[${instances}];`);
    text.walk(counts, pointers, (a, b, to) => {
      text.line(`${name}[n] <== a[${a}] * a[${b}];`);
      text.line(`a[${to}] = ${name}[n];`);
      text.line("n++;");
    });
    tally.activations += instances;
    return;
  }
  count(
    tally,
    pairs.map(({ a, b }) => minus(a, b)),
  );
  const bits = excessBits(unionOf(pairs.map(({ a, b }) => minus(a, b))));
  text.line(`component ${name}[${instances}];`);
  text.walk(counts, pointers, (a, b, to) => {
    text.line(`${name}[n] = Excess(${bits});`);
    text.line(`${name}[n].in <== a[${a}] - a[${b}] + (1 << ${bits});`);
    text.line(`a[${to}] = ${op.zip === "max" ? `a[${b}] +` : `a[${a}] -`} ${name}[n].out;`);
    text.line("n++;");
  });
}

export function writeReduce(op: ReduceOp, context: StepContext): void {
  const { tally, ranges } = context;
  const counts = op.outer.map(({ count }) => count);
  const innerCounts = op.inner.map(({ count }) => count);
  const innerStrides = op.inner.map(({ srcStride }) => srcStride);
  const pointers = [
    { from: op.src, strides: op.outer.map(({ srcStride }) => srcStride) },
    { from: op.dst, strides: op.outer.map(({ dstStride }) => dstStride) },
  ] as const;
  const members = [...placesOf(innerCounts, [{ from: 0, strides: innerStrides }])].map(([at = 0]) => at);
  const groups = [...placesOf(counts, pointers)].map(([from = 0, to = 0]) => ({
    to,
    values: members.map((member) => ranges.at(from + member)),
  }));
  const steps = groups.length * (members.length - 1);
  const inner = { counts: innerCounts, strides: innerStrides };
  if (op.reduce === "sum") writeSum(op, context, { counts, pointers, inner });
  else
    writeSearch(op, context, { counts, pointers, inner, steps, all: groups.flatMap(({ values }) => values) });
  for (const { to, values } of groups) ranges.set(to, reducedRange(op, values));
  if (op.reduce === "sum") return;
  for (const { values } of groups)
    count(
      tally,
      values.slice(1).map((value) => minus(value, value)),
    );
}

interface Loops {
  readonly counts: readonly number[];
  readonly pointers: readonly { from: number; strides: readonly number[] }[];
  readonly inner: { readonly counts: readonly number[]; readonly strides: readonly number[] };
}

function writeSum(_: ReduceOp, { text }: StepContext, { counts, pointers, inner }: Loops): void {
  text.walk(counts, pointers, (from, to) => {
    text.line("var sum = 0;");
    text.line("var part = 0;");
    text.line("var n = 0;");
    text.walk(inner.counts, [{ from: 0, strides: inner.strides }], (member) => {
      text.line(`part += a[${from} + ${member}];`);
      text.line("n++;");
      text.line(`if (n % ${SUM_BLOCK} == 0) { sum += part; part = 0; }`);
    });
    text.line(`a[${to}] = sum + part;`);
  });
}

function writeSearch(
  op: ReduceOp,
  { text }: StepContext,
  { counts, pointers, inner, steps, all }: Loops & { steps: number; all: readonly Range[] },
): void {
  const isIndex = op.reduce.startsWith("arg");
  const isLargest = op.reduce === "max" || op.reduce.startsWith("argmax");
  // Of equals the first stays unless the last is wanted; as a value all are the same.
  const isStrict = op.reduce.endsWith("-first");
  const size = inner.counts.reduce((product, count) => product * count, 1);
  const span = unionOf(all);
  const spread = minus(span, span);
  const bits = excessBits({ lo: spread.lo - 1n, hi: spread.hi });
  const name = text.name("lead");
  if (steps > 0) text.line(`component ${name}[${steps}];`);
  text.line("var n = 0;");
  text.walk(counts, pointers, (from, to) => {
    text.line("var best = 0;");
    text.line("var index = 0;");
    text.line("var position = 0;");
    text.walk(inner.counts, [{ from: 0, strides: inner.strides }], (member) => {
      const candidate = `a[${from} + ${member}]`;
      const lead = isLargest ? `${candidate} - best` : `best - ${candidate}`;
      text.line(`if (position == 0) best = ${candidate};`);
      if (size === 1) return;
      text.line("else {");
      if (isIndex) {
        const strict = Number(isStrict);
        text.line(`    ${name}[n] = Overtake(${bits}, ${strict}, position == ${size - 1} ? 1 : 0);`);
        text.line(`    ${name}[n].in <== ${lead} - ${strict} + (1 << ${bits});`);
        text.line(`    ${name}[n].distance <== position - index;`);
        text.line(`    best ${isLargest ? "+=" : "-="} ${name}[n].gain;`);
        text.line(`    index += ${name}[n].move;`);
      } else {
        text.line(`    ${name}[n] = Excess(${bits});`);
        text.line(`    ${name}[n].in <== ${lead} + (1 << ${bits});`);
        text.line(`    best ${isLargest ? "+=" : "-="} ${name}[n].out;`);
      }
      text.line("    n++;");
      text.line("}");
      text.line("position++;");
    });
    text.line(`a[${to}] = ${isIndex ? "index" : "best"};`);
  });
}

const JOINED: Readonly<Record<ZipOp["zip"], (a: Range, b: Range) => Range>> = {
  add: plus,
  sub: minus,
  mul: times,
  max: (a, b) => ({ lo: rangeOf(a.lo, b.lo).hi, hi: rangeOf(a.hi, b.hi).hi }),
  min: (a, b) => ({ lo: rangeOf(a.lo, b.lo).lo, hi: rangeOf(a.hi, b.hi).lo }),
};

function joinedRange(zip: ZipOp["zip"], a: ArenaValue, b: ArenaValue): Range {
  // What an absolute value is computed as, which is never below zero.
  if ((zip === "max" || zip === "min") && areOpposite(a, b)) {
    const { lo, hi } = magnitudeOf(a.range);
    return zip === "max" ? { lo, hi } : { lo: -hi, hi: -lo };
  }
  return JOINED[zip](a.range, b.range);
}

function reducedRange({ reduce }: ReduceOp, values: readonly Range[]): Range {
  if (reduce === "sum") return values.reduce(plus);
  if (reduce === "max" || reduce === "min") return values.reduce(JOINED[reduce]);
  return { lo: 0n, hi: BigInt(values.length - 1) };
}

function excessBits(difference: Range): number {
  const bits = signedBitsFor(difference);
  checkWidth(bits + 1);
  return bits;
}

import { dtypeInfo } from "@opg-network/sdk/dtype";
import { readElement } from "../arena.ts";
import type { StoredGraph } from "../blobs.ts";
import { unpackDense } from "../denseLayout.ts";
import { ExactError } from "../exactError.ts";
import type {
  CopyOp,
  DenseOp,
  MapOp,
  Op,
  PlacedRecord,
  ReduceOp,
  Requantisation,
  TableOp,
  TensorPlace,
  ZipKind,
  ZipOp,
} from "../program.ts";
import { elementCount, PARAM_BYTES } from "../program.ts";
import { decodeProgram } from "../programCodec.ts";
import type { Bounds } from "../value.ts";
import { boundsOf, INT64 } from "../value.ts";
import { larger, smaller } from "../wideNumbers.ts";
import { laneWords } from "./laneWords.ts";
import type { LiteralTable, ValueForm, ValueNode } from "./valueNode.ts";

/** Beyond these a contract of literals is larger than contract code may be, whatever its weights are. */
const MAX_NODES = 20_000;
const MAX_PRODUCTS = 1 << 17;
const MAX_MOVES = 1 << 18;

/** A graph as values that depend on each other: no memory, no order but that of need, nothing that only moves. */
export interface ValueGraph {
  /** Operands first. Some may not be needed. */
  readonly nodes: readonly ValueNode[];
  /** Elements of each output. */
  readonly outputs: readonly (readonly ValueNode[])[];
}

/**
 * Follows every element through the steps of a graph, with its bounds.
 * @throws ExactError `exact-contract-unsupported`, `exact-contract-too-large`, each naming the step
 */
export function valueGraphOf({ root, stream }: Pick<StoredGraph, "root" | "stream">): ValueGraph {
  const builder = new ValueGraphBuilder(root.arenaWords, stream);
  for (const [tensor, place] of root.inputs.entries()) builder.input(place, tensor);
  for (const [step, record] of decodeProgram(stream.subarray(0, root.programBytes)).entries())
    builder.step(record, step);
  const outputs = root.outputs.map((place) => builder.output(place));
  return { nodes: builder.nodes, outputs };
}

class ValueGraphBuilder {
  readonly nodes: ValueNode[] = [];
  readonly #stream: Uint8Array;
  readonly #view: DataView;
  readonly #cells: (ValueNode | undefined)[];
  readonly #constants = new Map<bigint, ValueNode>();
  #step = -1;
  #op: Op | undefined;
  #moves = 0;

  constructor(arenaWords: number, stream: Uint8Array) {
    this.#cells = new Array(arenaWords).fill(undefined);
    this.#stream = stream;
    this.#view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  }

  input({ dtype, shape, offset }: TensorPlace, tensor: number): void {
    const { bytes: width, kind } = dtypeInfo(dtype);
    const perWord = 32 / width;
    let word: ValueNode | undefined;
    for (let i = 0; i < elementCount(shape); i++) {
      const place = i % perWord;
      if (word === undefined || place === 0)
        word = this.#node({ kind: "word", tensor, index: Math.floor(i / perWord) }, { lo: 0n, hi: 0n });
      const element = { kind: "element", word, place, width, signed: kind === "signed" } as const;
      this.#cells[offset + i] = this.#node(element, boundsOf(dtype));
    }
  }

  output({ shape, offset }: TensorPlace): ValueNode[] {
    return Array.from({ length: elementCount(shape) }, (_, i) => this.#read(offset + i));
  }

  step({ op }: PlacedRecord, step: number): void {
    this.#step = step;
    this.#op = op;
    switch (op.kind) {
      case "fill":
        for (let i = 0; i < op.count; i++) this.#write(op.dst + i, this.#constant(op.value));
        return;
      case "copy":
        this.#copy(op);
        return;
      case "dense":
        this.#dense(op);
        return;
      case "map":
        this.#map(op);
        return;
      case "zip":
        this.#zip(op);
        return;
      case "table":
        this.#table(op);
        return;
      case "reduce":
        this.#reduce(op);
        return;
    }
  }

  #copy({ src, dst, loops }: CopyOp): void {
    const moves = this.#positions(loops, [src, dst], (loop) => [loop.srcStride, loop.dstStride]);
    const last = loops.at(-1);
    // A run of neighbours moves as a whole: all of it is read before any of it is written.
    const run = last?.srcStride === 1 && last.dstStride === 1 ? last.count : 1;
    for (let i = 0; i < moves.length; i += run) {
      const group = moves.slice(i, i + run).map(([from = 0, to = 0]) => ({ value: this.#cells[from], to }));
      for (const { value, to } of group) this.#cells[this.#inside(to)] = value;
    }
  }

  #dense(op: DenseOp): void {
    const { rows, k, n } = op;
    if (rows * k * n > MAX_PRODUCTS) throw this.#tooLarge(`${rows * k * n} products`);
    const parts = unpackDense(this.#stream, op.weights, k, n);
    for (let row = 0; row < rows; row++) {
      const xs = Array.from({ length: k }, (_, i) => this.#read(op.x + row * op.xRowStride + i));
      const weight = (i: number, j: number) => BigInt((parts.weights[i * n + j] as number) - op.weightOffset);
      const columns = this.#columns(xs, n, weight);
      for (let j = 0; j < n; j++) {
        const { lane, raise } = columns[j] as RaisedLane;
        const b = (parts.b[j] as bigint) - raise;
        this.#write(op.y + row * op.yRowStride + j, this.#requantised(lane, b, parts.m[j] as bigint, op));
      }
    }
  }

  /** The sums of all columns, in as few words as hold them. */
  #columns(
    xs: readonly ValueNode[],
    n: number,
    weight: (row: number, column: number) => bigint,
  ): RaisedLane[] {
    const sums = Array.from({ length: n }, (_, j) =>
      xs.reduce<Bounds>(
        (sum, { bounds }, i) => {
          const product = productBounds(bounds, weight(i, j));
          return { lo: sum.lo + product.lo, hi: sum.hi + product.hi };
        },
        { lo: 0n, hi: 0n },
      ),
    );
    const columns: RaisedLane[] = [];
    for (const places of laneWords(sums)) {
      const wordOf = (i: number) =>
        places.reduce((word, { column, shift }) => word + (weight(i, column) << BigInt(shift)), 0n);
      let start = places.reduce((word, { raise, shift }) => word + (raise << BigInt(shift)), 0n);
      const terms: { x: ValueNode; word: bigint }[] = [];
      for (const [i, x] of xs.entries()) {
        const word = wordOf(i);
        if (x.kind === "constant") start += x.value * word;
        else if (word !== 0n) terms.push({ x, word: BigInt.asUintN(256, word) });
      }
      const lanes = this.#node(
        { kind: "lanes", start: BigInt.asUintN(256, start), terms },
        { lo: 0n, hi: 0n },
      );
      for (const { column, shift, bits, raise } of places) {
        const { lo, hi } = sums[column] as Bounds;
        const lane = this.#node({ kind: "lane", lanes, shift, bits }, { lo: lo + raise, hi: hi + raise });
        columns[column] = { lane, raise };
      }
    }
    return columns;
  }

  #map(op: MapOp): void {
    const { src, dst, outer, channels, inner } = op;
    const results = Array.from({ length: this.#bounded(outer * channels * inner) }, (_, i) => {
      const channel = Math.floor(i / inner) % channels;
      const at = op.perChannel ? op.params + channel * PARAM_BYTES : 0;
      const { m, b } = op.perChannel
        ? { m: this.#view.getBigInt64(at), b: this.#view.getBigInt64(at + 8) }
        : op;
      return this.#requantised(this.#read(src + i), b, m, op);
    });
    for (const [i, value] of results.entries()) this.#write(dst + i, value);
  }

  #requantised(x: ValueNode, b: bigint, m: bigint, { divisor, lo, hi }: Requantisation): ValueNode {
    const ends = [((x.bounds.lo + b) * m) / divisor, ((x.bounds.hi + b) * m) / divisor] as const;
    const free = { lo: smaller(...ends), hi: larger(...ends) };
    const clip = (value: bigint) => larger(lo, smaller(hi, value));
    const bounds = { lo: clip(free.lo), hi: clip(free.hi) };
    if (bounds.lo === bounds.hi) return this.#constant(bounds.lo);
    const clipLow = free.lo < lo ? lo : undefined;
    const clipHigh = free.hi > hi ? hi : undefined;
    if (b === 0n && m === divisor && clipLow === undefined && clipHigh === undefined) return x;
    return this.#inInt64({ kind: "requantised", x, b, m, divisor, clipLow, clipHigh }, bounds);
  }

  #zip({ zip, a, b, dst, loops }: ZipOp): void {
    const strides = this.#positions(loops, [a, b, dst], (loop) => [
      loop.aStride,
      loop.bStride,
      loop.dstStride,
    ]);
    for (const [left = 0, right = 0, to = 0] of strides)
      this.#write(to, this.#joined(zip, this.#read(left), this.#read(right)));
  }

  #joined(zip: ZipKind, a: ValueNode, b: ValueNode): ValueNode {
    const joined = JOINED_BOUNDS[zip](a.bounds, b.bounds);
    const isMagnitude = zip === "max" && (isNegative(a, b) || isNegative(b, a));
    const bounds = isMagnitude ? { lo: larger(joined.lo, 0n), hi: joined.hi } : joined;
    if (bounds.lo === bounds.hi) return this.#constant(bounds.lo);
    return this.#inInt64({ kind: "zip", zip, a, b }, bounds);
  }

  #table(op: TableOp): void {
    const { src, dst, count, low, rows, rowLength, width, signed } = op;
    const bytes = this.#stream.slice(op.table, op.table + rows * rowLength * width);
    const table: LiteralTable = { bytes, low, rowLength, width, signed };
    const entry = (row: number, j: number) =>
      readElement(this.#view, op.table + (row * rowLength + j) * width, width, signed);
    const found = Array.from({ length: this.#bounded(count * rowLength) }, (_, i) => {
      const column = i % rowLength;
      const index = this.#read(src + Math.floor(i / rowLength));
      const [first, last] = [Number(index.bounds.lo - low), Number(index.bounds.hi - low)];
      if (!(first >= 0 && last < rows)) throw this.#unsupported(`an index that may leave a table of ${rows}`);
      let bounds: Bounds = { lo: INT64.hi, hi: INT64.lo };
      for (let row = first; row <= last; row++) {
        const value = entry(row, column);
        bounds = { lo: smaller(bounds.lo, value), hi: larger(bounds.hi, value) };
      }
      if (bounds.lo === bounds.hi) return this.#constant(bounds.lo);
      return this.#inInt64({ kind: "look-up", index, table, column }, bounds);
    });
    for (const [i, value] of found.entries()) this.#write(dst + i, value);
  }

  #reduce({ reduce, src, dst, outer, inner }: ReduceOp): void {
    const members = this.#positions(inner, [0], (loop) => [loop.srcStride]);
    const places = this.#positions(outer, [src, dst], (loop) => [loop.srcStride, loop.dstStride]);
    this.#bounded(members.length * places.length);
    for (const [from = 0, to = 0] of places) {
      const values = members.map(([at = 0]) => this.#read(from + at));
      this.#write(to, this.#reduced(reduce, values));
    }
  }

  #reduced(reduce: ReduceOp["reduce"], values: readonly ValueNode[]): ValueNode {
    const [first, ...rest] = values;
    if (first === undefined) throw this.#unsupported("nothing to reduce");
    const fold = (zip: ZipKind) => rest.reduce((so, value) => this.#joined(zip, value, so), first);
    switch (reduce) {
      case "sum":
        return fold("add");
      case "max":
        return fold("max");
      case "min":
        return fold("min");
      default: {
        if (rest.length === 0) return this.#constant(0n);
        const bounds = { lo: 0n, hi: BigInt(rest.length) };
        return this.#node({ kind: "pick", reduce, members: values }, bounds);
      }
    }
  }

  #positions<Loop extends { count: number }>(
    loops: readonly Loop[],
    starts: readonly number[],
    stridesOf: (loop: Loop) => readonly number[],
  ): number[][] {
    let positions = [[...starts]];
    for (const loop of loops) {
      this.#bounded(positions.length * loop.count);
      const strides = stridesOf(loop);
      positions = positions.flatMap((at) =>
        Array.from({ length: loop.count }, (_, i) => at.map((value, p) => value + i * (strides[p] ?? 0))),
      );
    }
    return positions;
  }

  /** Refuses to follow more elements than any contract of literals holds, before it takes long. */
  #bounded(count: number): number {
    this.#moves += count;
    if (this.#moves > MAX_MOVES) throw this.#tooLarge(`over ${MAX_MOVES} elements to follow`);
    return count;
  }

  #read(at: number): ValueNode {
    const value = this.#cells[this.#inside(at)];
    if (value === undefined) throw this.#unsupported(`it reads word ${at}, which nothing wrote`);
    return value;
  }

  #write(at: number, value: ValueNode): void {
    this.#cells[this.#inside(at)] = value;
  }

  #inside(at: number): number {
    if (!(at >= 0 && at < this.#cells.length)) throw this.#unsupported(`word ${at} is outside the arena`);
    return at;
  }

  #constant(value: bigint): ValueNode {
    const known = this.#constants.get(value);
    if (known !== undefined) return known;
    const node = this.#inInt64({ kind: "constant", value }, { lo: value, hi: value });
    this.#constants.set(value, node);
    return node;
  }

  #inInt64(form: ValueForm, bounds: Bounds): ValueNode {
    if (bounds.lo < INT64.lo || bounds.hi > INT64.hi)
      throw this.#unsupported(`a value of ${bounds.lo} to ${bounds.hi} may leave int64`);
    return this.#node(form, bounds);
  }

  #node(form: ValueForm, bounds: Bounds): ValueNode {
    const id = this.nodes.length;
    if (id >= MAX_NODES) throw this.#tooLarge(`over ${MAX_NODES} values`);
    const node = { ...form, id, bounds, step: this.#step } as ValueNode;
    this.nodes.push(node);
    return node;
  }

  #unsupported(reason: string): ExactError {
    return new ExactError("exact-contract-unsupported", { reason, ...this.#where() });
  }

  #tooLarge(reason: string): ExactError {
    return new ExactError("exact-contract-too-large", { reason, ...this.#where() });
  }

  #where(): { node: string; operator?: string } {
    if (this.#op === undefined) return { node: "input" };
    return { node: `step ${this.#step}`, operator: this.#op.kind };
  }
}

interface RaisedLane {
  readonly lane: ValueNode;
  readonly raise: bigint;
}

/** Whether one value is the other's negative; the larger of both is never below zero. */
function isNegative(node: ValueNode, of: ValueNode): boolean {
  if (node.kind !== "requantised" || node.x !== of) return false;
  return node.b === 0n && node.m === -1n && node.divisor === 1n && node.clipLow === undefined;
}

function productBounds({ lo, hi }: Bounds, by: bigint): Bounds {
  return by < 0n ? { lo: hi * by, hi: lo * by } : { lo: lo * by, hi: hi * by };
}

const JOINED_BOUNDS: Readonly<Record<ZipKind, (a: Bounds, b: Bounds) => Bounds>> = {
  add: (a, b) => ({ lo: a.lo + b.lo, hi: a.hi + b.hi }),
  sub: (a, b) => ({ lo: a.lo - b.hi, hi: a.hi - b.lo }),
  mul: (a, b) => {
    const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
    return { lo: corners.reduce(smaller), hi: corners.reduce(larger) };
  },
  max: (a, b) => ({ lo: larger(a.lo, b.lo), hi: larger(a.hi, b.hi) }),
  min: (a, b) => ({ lo: smaller(a.lo, b.lo), hi: smaller(a.hi, b.hi) }),
};

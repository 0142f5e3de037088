import { dtypeInfo } from "@opg-network/sdk/dtype";
import { readElement } from "../arena.ts";
import type { StoredGraph } from "../blobs.ts";
import { unpackDense } from "../denseLayout.ts";
import type {
  CopyOp,
  DenseOp,
  MapOp,
  PlacedRecord,
  ReduceOp,
  TableOp,
  TensorPlace,
  ZipOp,
} from "../program.ts";
import { elementCount, PARAM_BYTES } from "../program.ts";
import { decodeProgram } from "../programCodec.ts";
import type { Bounds } from "../value.ts";
import { boundsOf, INT64 } from "../value.ts";
import { larger, smaller } from "../wideNumbers.ts";
import type { LiteralTable, ValueNode } from "./valueNode.ts";
import type { RaisedLane } from "./valueNodes.ts";
import { ValueNodes } from "./valueNodes.ts";

/** Beyond these a contract of literals is larger than contract code may be, whatever its weights are. */
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
  readonly #nodes = new ValueNodes();
  readonly #stream: Uint8Array;
  readonly #view: DataView;
  readonly #cells: (ValueNode | undefined)[];
  #moves = 0;

  constructor(arenaWords: number, stream: Uint8Array) {
    this.#cells = new Array(arenaWords).fill(undefined);
    this.#stream = stream;
    this.#view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  }

  get nodes(): readonly ValueNode[] {
    return this.#nodes.list;
  }

  input({ dtype, shape, offset }: TensorPlace, tensor: number): void {
    const { bytes: width, kind } = dtypeInfo(dtype);
    const perWord = 32 / width;
    let word: ValueNode | undefined;
    for (let i = 0; i < elementCount(shape); i++) {
      const place = i % perWord;
      if (word === undefined || place === 0)
        word = this.#nodes.node({ kind: "word", tensor, index: Math.floor(i / perWord) }, { lo: 0n, hi: 0n });
      const element = { kind: "element", word, place, width, signed: kind === "signed" } as const;
      this.#cells[offset + i] = this.#nodes.node(element, boundsOf(dtype));
    }
  }

  output({ shape, offset }: TensorPlace): ValueNode[] {
    return Array.from({ length: elementCount(shape) }, (_, i) => this.#read(offset + i));
  }

  step({ op }: PlacedRecord, step: number): void {
    this.#nodes.enter(step, op);
    switch (op.kind) {
      case "fill":
        for (let i = 0; i < op.count; i++) this.#write(op.dst + i, this.#nodes.constant(op.value));
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
    if (rows * k * n > MAX_PRODUCTS) throw this.#nodes.tooLarge(`${rows * k * n} products`);
    const parts = unpackDense(this.#stream, op.weights, k, n);
    for (let row = 0; row < rows; row++) {
      const xs = Array.from({ length: k }, (_, i) => this.#read(op.x + row * op.xRowStride + i));
      const weight = (i: number, j: number) => BigInt((parts.weights[i * n + j] as number) - op.weightOffset);
      const columns = this.#nodes.columns(xs, n, weight);
      for (let j = 0; j < n; j++) {
        const { lane, raise } = columns[j] as RaisedLane;
        const b = (parts.b[j] as bigint) - raise;
        this.#write(
          op.y + row * op.yRowStride + j,
          this.#nodes.requantised(lane, b, parts.m[j] as bigint, op),
        );
      }
    }
  }

  #map(op: MapOp): void {
    const { src, dst, outer, channels, inner } = op;
    const results = Array.from({ length: this.#bounded(outer * channels * inner) }, (_, i) => {
      const channel = Math.floor(i / inner) % channels;
      const at = op.perChannel ? op.params + channel * PARAM_BYTES : 0;
      const { m, b } = op.perChannel
        ? { m: this.#view.getBigInt64(at), b: this.#view.getBigInt64(at + 8) }
        : op;
      return this.#nodes.requantised(this.#read(src + i), b, m, op);
    });
    for (const [i, value] of results.entries()) this.#write(dst + i, value);
  }

  #zip({ zip, a, b, dst, loops }: ZipOp): void {
    const strides = this.#positions(loops, [a, b, dst], (loop) => [
      loop.aStride,
      loop.bStride,
      loop.dstStride,
    ]);
    for (const [left = 0, right = 0, to = 0] of strides)
      this.#write(to, this.#nodes.joined(zip, this.#read(left), this.#read(right)));
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
      if (!(first >= 0 && last < rows))
        throw this.#nodes.unsupported(`an index that may leave a table of ${rows}`);
      let bounds: Bounds = { lo: INT64.hi, hi: INT64.lo };
      for (let row = first; row <= last; row++) {
        const value = entry(row, column);
        bounds = { lo: smaller(bounds.lo, value), hi: larger(bounds.hi, value) };
      }
      if (bounds.lo === bounds.hi) return this.#nodes.constant(bounds.lo);
      return this.#nodes.inInt64({ kind: "look-up", index, table, column }, bounds);
    });
    for (const [i, value] of found.entries()) this.#write(dst + i, value);
  }

  #reduce({ reduce, src, dst, outer, inner }: ReduceOp): void {
    const members = this.#positions(inner, [0], (loop) => [loop.srcStride]);
    const places = this.#positions(outer, [src, dst], (loop) => [loop.srcStride, loop.dstStride]);
    this.#bounded(members.length * places.length);
    for (const [from = 0, to = 0] of places) {
      const values = members.map(([at = 0]) => this.#read(from + at));
      this.#write(to, this.#nodes.reduced(reduce, values));
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
    if (this.#moves > MAX_MOVES) throw this.#nodes.tooLarge(`over ${MAX_MOVES} elements to follow`);
    return count;
  }

  #read(at: number): ValueNode {
    const value = this.#cells[this.#inside(at)];
    if (value === undefined) throw this.#nodes.unsupported(`it reads word ${at}, which nothing wrote`);
    return value;
  }

  #write(at: number, value: ValueNode): void {
    this.#cells[this.#inside(at)] = value;
  }

  #inside(at: number): number {
    if (!(at >= 0 && at < this.#cells.length))
      throw this.#nodes.unsupported(`word ${at} is outside the arena`);
    return at;
  }
}

import { ExactError } from "../exactError.ts";
import type { Op, ReduceOp, Requantisation, ZipKind } from "../program.ts";
import type { Bounds } from "../value.ts";
import { INT64 } from "../value.ts";
import { larger, smaller } from "../wideNumbers.ts";
import { laneWords } from "./laneWords.ts";
import type { ValueForm, ValueNode } from "./valueNode.ts";

/** Beyond it a contract of literals is larger than contract code may be, whatever it computes. */
const MAX_NODES = 20_000;

/** A column's sum, and what it was raised by. */
export interface RaisedLane {
  readonly lane: ValueNode;
  readonly raise: bigint;
}

/** Makes the values of a graph, each with its bounds; what is the same for every input becomes a constant. */
export class ValueNodes {
  readonly list: ValueNode[] = [];
  readonly #constants = new Map<bigint, ValueNode>();
  #step = -1;
  #op: Op | undefined;

  /** Everything from now on is for this step. */
  enter(step: number, op: Op): void {
    this.#step = step;
    this.#op = op;
  }

  /** The sums of all columns, in as few words as hold them. */
  columns(
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
      const lanes = this.node(
        { kind: "lanes", start: BigInt.asUintN(256, start), terms },
        { lo: 0n, hi: 0n },
      );
      for (const { column, shift, bits, raise } of places) {
        const { lo, hi } = sums[column] as Bounds;
        const lane = this.node({ kind: "lane", lanes, shift, bits }, { lo: lo + raise, hi: hi + raise });
        columns[column] = { lane, raise };
      }
    }
    return columns;
  }

  requantised(x: ValueNode, b: bigint, m: bigint, { divisor, lo, hi }: Requantisation): ValueNode {
    const ends = [((x.bounds.lo + b) * m) / divisor, ((x.bounds.hi + b) * m) / divisor] as const;
    const free = { lo: smaller(...ends), hi: larger(...ends) };
    const clip = (value: bigint) => larger(lo, smaller(hi, value));
    const bounds = { lo: clip(free.lo), hi: clip(free.hi) };
    if (bounds.lo === bounds.hi) return this.constant(bounds.lo);
    const clipLow = free.lo < lo ? lo : undefined;
    const clipHigh = free.hi > hi ? hi : undefined;
    if (b === 0n && m === divisor && clipLow === undefined && clipHigh === undefined) return x;
    return this.inInt64({ kind: "requantised", x, b, m, divisor, clipLow, clipHigh }, bounds);
  }

  joined(zip: ZipKind, a: ValueNode, b: ValueNode): ValueNode {
    const joined = JOINED_BOUNDS[zip](a.bounds, b.bounds);
    const isMagnitude = zip === "max" && (isNegative(a, b) || isNegative(b, a));
    const bounds = isMagnitude ? { lo: larger(joined.lo, 0n), hi: joined.hi } : joined;
    if (bounds.lo === bounds.hi) return this.constant(bounds.lo);
    return this.inInt64({ kind: "zip", zip, a, b }, bounds);
  }

  reduced(reduce: ReduceOp["reduce"], values: readonly ValueNode[]): ValueNode {
    const [first, ...rest] = values;
    if (first === undefined) throw this.unsupported("nothing to reduce");
    const fold = (zip: ZipKind) => rest.reduce((so, value) => this.joined(zip, value, so), first);
    switch (reduce) {
      case "sum":
        return fold("add");
      case "max":
        return fold("max");
      case "min":
        return fold("min");
      default: {
        if (rest.length === 0) return this.constant(0n);
        const bounds = { lo: 0n, hi: BigInt(rest.length) };
        return this.node({ kind: "pick", reduce, members: values }, bounds);
      }
    }
  }

  constant(value: bigint): ValueNode {
    const known = this.#constants.get(value);
    if (known !== undefined) return known;
    const node = this.inInt64({ kind: "constant", value }, { lo: value, hi: value });
    this.#constants.set(value, node);
    return node;
  }

  inInt64(form: ValueForm, bounds: Bounds): ValueNode {
    if (bounds.lo < INT64.lo || bounds.hi > INT64.hi)
      throw this.unsupported(`a value of ${bounds.lo} to ${bounds.hi} may leave int64`);
    return this.node(form, bounds);
  }

  node(form: ValueForm, bounds: Bounds): ValueNode {
    const id = this.list.length;
    if (id >= MAX_NODES) throw this.tooLarge(`over ${MAX_NODES} values`);
    const node = { ...form, id, bounds, step: this.#step } as ValueNode;
    this.list.push(node);
    return node;
  }

  unsupported(reason: string): ExactError {
    return new ExactError("exact-contract-unsupported", { reason, ...this.#where() });
  }

  tooLarge(reason: string): ExactError {
    return new ExactError("exact-contract-too-large", { reason, ...this.#where() });
  }

  #where(): { node: string; operator?: string } {
    if (this.#op === undefined) return { node: "input" };
    return { node: `step ${this.#step}`, operator: this.#op.kind };
  }
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

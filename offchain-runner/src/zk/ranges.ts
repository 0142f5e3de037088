import { INT64 } from "../exact/value.ts";
import { larger, smaller } from "../exact/wideNumbers.ts";
import { CircuitError } from "./circuitError.ts";

/** Lowest and highest value, both included. */
export interface Range {
  readonly lo: bigint;
  readonly hi: bigint;
}

export function rangeOf(...values: readonly bigint[]): Range {
  return { lo: values.reduce(smaller), hi: values.reduce(larger) };
}

export function union(a: Range, b: Range): Range {
  return { lo: smaller(a.lo, b.lo), hi: larger(a.hi, b.hi) };
}

export function unionOf(ranges: readonly Range[]): Range {
  return ranges.reduce(union);
}

export function plus(a: Range, b: Range): Range {
  return { lo: a.lo + b.lo, hi: a.hi + b.hi };
}

export function minus(a: Range, b: Range): Range {
  return { lo: a.lo - b.hi, hi: a.hi - b.lo };
}

export function times(a: Range, b: Range): Range {
  return rangeOf(a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi);
}

export function clipped(value: bigint, { lo, hi }: Range): bigint {
  return smaller(larger(value, lo), hi);
}

export function floorDiv(a: bigint, divisor: bigint): bigint {
  const quotient = a / divisor;
  return a < 0n && quotient * divisor !== a ? quotient - 1n : quotient;
}

/** Bits that hold every whole number from 0 to `value`, at least one. */
export function bitsFor(value: bigint): number {
  return value < 1n ? 1 : value.toString(2).length;
}

/** Bits n, at least one, with −2^n ≤ lo and hi < 2^n. */
export function signedBitsFor({ lo, hi }: Range): number {
  return bitsFor(larger(hi, -lo - 1n));
}

/** A value of the program, wherever it lies; two words with the same one are always equal. */
export interface ArenaValue {
  readonly range: Range;
  /** The value that it is the negative of, where it was computed as one. */
  readonly negated: ArenaValue | undefined;
}

/** What every word of the arena can be, while a program runs over all of its inputs at once. */
export class ArenaRanges {
  readonly #words: (ArenaValue | undefined)[];

  constructor(words: number) {
    this.#words = new Array<ArenaValue | undefined>(words).fill(undefined);
  }

  at(word: number): Range {
    return this.valueAt(word).range;
  }

  valueAt(word: number): ArenaValue {
    // Every arena begins as zeros.
    return this.#words[word] ?? ZERO;
  }

  /** A new value, of which no more is known than its range. */
  set(word: number, range: Range): void {
    this.put(word, { range, negated: undefined });
  }

  put(word: number, value: ArenaValue): void {
    const { lo, hi } = value.range;
    if (!(word >= 0 && word < this.#words.length))
      throw new CircuitError("circuit-range", { reason: `word ${word} lies outside the arena`, word });
    // The lowering proves this of every program; of other values the program says nothing.
    if (lo < INT64.lo || hi > INT64.hi)
      throw new CircuitError("circuit-range", {
        reason: `a value of ${lo} to ${hi} leaves int64`,
        word,
      });
    this.#words[word] = value;
  }
}

export function areOpposite(a: ArenaValue, b: ArenaValue): boolean {
  return a.negated === b || b.negated === a;
}

/** Of the larger one of a value and its opposite. */
export function magnitudeOf({ lo, hi }: Range): Range {
  return { lo: larger(larger(lo, -hi), 0n), hi: larger(-lo, hi) };
}

const ZERO: ArenaValue = { range: { lo: 0n, hi: 0n }, negated: undefined };

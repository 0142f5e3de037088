import type { Bounds } from "../value.ts";

const WORD_BITS = 256;

/** Where a column's sum lies in a word, and what is added so that it is never negative. */
export interface LanePlace {
  readonly column: number;
  readonly shift: number;
  readonly bits: number;
  readonly raise: bigint;
}

/**
 * Columns put side by side in words, each as wide as its sum can get and no wider, so that no lane ever reaches into the
 * next one. First fit, the widest first.
 */
export function laneWords(sums: readonly Bounds[]): LanePlace[][] {
  const columns = sums.map(({ lo, hi }, column) => ({ column, bits: bitsOf(hi - lo), raise: -lo }));
  columns.sort((a, b) => b.bits - a.bits || a.column - b.column);
  const words: { used: number; places: LanePlace[] }[] = [];
  for (const { column, bits, raise } of columns) {
    let word = words.find(({ used }) => used + bits <= WORD_BITS);
    if (word === undefined) {
      word = { used: 0, places: [] };
      words.push(word);
    }
    word.places.push({ column, shift: word.used, bits, raise });
    word.used += bits;
  }
  return words.map(({ places }) => places);
}

/** Bits of the largest value; at least one. */
function bitsOf(largest: bigint): number {
  return Math.max(1, largest.toString(2).length);
}

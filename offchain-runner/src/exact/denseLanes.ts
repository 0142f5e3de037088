import { denseWords } from "./denseLayout.ts";
import type { DenseOp } from "./program.ts";

const LANES = 10;
const LANE = 0xffffffn;
const FIRST_BYTES = Array.from({ length: LANES }, (_, lane) => 0xffn << BigInt(24 * lane)).reduce(
  (a, b) => a | b,
);

/**
 * One row's sums of products as the machine's lanes give them, whatever inputs and weights are. Where inputs are bytes
 * and no byte lies outside the columns, these are the sums of products; lanes overflow into each other elsewhere.
 */
export function laneSums(op: DenseOp, stream: Uint8Array, inputs: readonly bigint[]): bigint[] {
  const sums = new Array<bigint>(op.n).fill(0n);
  for (const { rows, columns, words } of denseWords(stream, op.weights, op.k, op.n)) {
    const block = inputs.slice(rows.from, rows.end);
    const count = columns.end - columns.from;
    const passes = passesOf(words, block, count);
    for (let i = 0; i < count; i++) {
      const lane = (passes[Math.floor(i / LANES)] as bigint) >> BigInt(24 * (i % LANES));
      sums[columns.from + i] = (sums[columns.from + i] as bigint) + (lane & LANE);
    }
  }
  return sums;
}

/** A word of ten lanes for each ten columns: masked sums of first and second bytes, and what they leave of all. */
function passesOf(words: readonly bigint[], inputs: readonly bigint[], columns: number): bigint[] {
  const sum = (mask: bigint) =>
    word(words.reduce((total, weights, k) => total + (weights & mask) * (inputs[k] as bigint), 0n));
  const whole = sum(word(-1n));
  if (columns <= LANES) return [whole];
  const first = sum(FIRST_BYTES);
  const others = word(whole - first);
  if (columns <= 2 * LANES) return [first, others >> 8n];
  const second = sum(FIRST_BYTES << 8n);
  return [first, second >> 8n, word(others - second) >> 16n];
}

function word(value: bigint): bigint {
  return BigInt.asUintN(256, value);
}

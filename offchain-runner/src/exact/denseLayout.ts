import { ByteReader, ByteWriter } from "./byteCursor.ts";
import { PARAM_BYTES } from "./program.ts";
import { ProgramError } from "./programError.ts";

/** Terms that one pass of lane sums takes without a lane overflowing: 256 · 255 · 255 < 2^24. */
export const K_BLOCK = 256;
/** Columns whose weights share a word: ten lanes of 24 bits, three bytes apart by 8. */
export const GROUP_COLUMNS = 30;
const LANES = 10;
const WORD_BYTES = 32;

/** Weights in row-major [k][n] order, as they are stored: 0..255; parameters by column. */
export type DenseParts = { k: number; n: number; weights: Uint8Array; m: bigint[]; b: bigint[] };

/** Bytes that the weights and parameters of a layer take in the stream. */
export function denseBytes(k: number, n: number): number {
  return Math.ceil(n / GROUP_COLUMNS) * k * WORD_BYTES + n * PARAM_BYTES;
}

/** The bytes that the machine's kernel reads, in the order in which it reads them. */
export function packDense(parts: DenseParts): Uint8Array {
  checkParts(parts);
  const { k, n, weights, m, b } = parts;
  const out = new ByteWriter();
  for (const { rows, columns, isLast } of blocksOf(k, n)) {
    for (let row = rows.from; row < rows.end; row++) {
      const word = new Uint8Array(WORD_BYTES);
      for (let column = columns.from; column < columns.end; column++) {
        word[byteOf(column - columns.from)] = weights[row * n + column] as number;
      }
      out.bytes(word);
    }
    if (!isLast) continue;
    for (let column = columns.from; column < columns.end; column++) {
      out.i64(m[column] as bigint);
      out.i64(b[column] as bigint);
    }
  }
  return out.finish();
}

/** What `packDense` packed. @throws ProgramError where the stream ends early or a byte lies in no lane of a column */
export function unpackDense(stream: Uint8Array, at: number, k: number, n: number): DenseParts {
  const { strayRow, ...parts } = readDense(stream, at, k, n);
  if (strayRow === undefined) return parts;
  throw new ProgramError("program-malformed", "a weight outside the columns of its layer", { row: strayRow });
}

/** The same whatever the bytes are; `strayRow` is the last in which one lies in no lane of a column. */
export function readDense(
  stream: Uint8Array,
  at: number,
  k: number,
  n: number,
): DenseParts & { strayRow: number | undefined } {
  const reader = new ByteReader(stream, at);
  const weights = new Uint8Array(k * n);
  const m: bigint[] = [];
  const b: bigint[] = [];
  let strayRow: number | undefined;
  for (const { rows, columns, isLast } of blocksOf(k, n)) {
    for (let row = rows.from; row < rows.end; row++) {
      const word = reader.bytes(WORD_BYTES);
      for (let column = columns.from; column < columns.end; column++) {
        const byte = byteOf(column - columns.from);
        weights[row * n + column] = word[byte] as number;
        word[byte] = 0;
      }
      if (word.some((byte) => byte !== 0)) strayRow = row;
    }
    if (!isLast) continue;
    for (let column = columns.from; column < columns.end; column++) {
      m.push(reader.i64());
      b.push(reader.i64());
    }
  }
  return { k, n, weights, m, b, strayRow };
}

/** The words of a layer, block by block, as the machine reads them. */
export function* denseWords(stream: Uint8Array, at: number, k: number, n: number) {
  const reader = new ByteReader(stream, at);
  for (const { rows, columns, isLast } of blocksOf(k, n)) {
    const words = Array.from({ length: rows.end - rows.from }, () =>
      BigInt(`0x${Buffer.from(reader.bytes(WORD_BYTES)).toString("hex")}`),
    );
    if (isLast) reader.bytes((columns.end - columns.from) * PARAM_BYTES);
    yield { rows, columns, words };
  }
}

/** Column c of a group is the byte of bits 24·(c mod 10) + 8·⌊c/10⌋, counted from the low end. */
function byteOf(column: number): number {
  return WORD_BYTES - 1 - 3 * (column % LANES) - Math.floor(column / LANES);
}

function* blocksOf(k: number, n: number) {
  for (let from = 0; from < k; from += K_BLOCK) {
    const rows = { from, end: Math.min(k, from + K_BLOCK) };
    for (let first = 0; first < n; first += GROUP_COLUMNS) {
      yield {
        rows,
        columns: { from: first, end: Math.min(n, first + GROUP_COLUMNS) },
        isLast: rows.end === k,
      };
    }
  }
}

function checkParts({ k, n, weights, m, b }: DenseParts): void {
  if (k >= 1 && n >= 1 && weights.length === k * n && m.length === n && b.length === n) return;
  throw new ProgramError("program-malformed", "the parts of a layer do not fit its size", {
    k,
    n,
    weights: weights.length,
  });
}

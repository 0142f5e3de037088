import { ExactError } from "./exactError.ts";
import type { LiveSegment } from "./program.ts";
import { ProgramError } from "./programError.ts";
import { wrapped } from "./wideNumbers.ts";

/**
 * The words of a program: numbers, or where a value is beyond 2^53 NaN, and the value beside it. The lowering proves that
 * every value fits int64; of a program that it did not write, words wrap where the machine's do.
 */
export class Arena {
  readonly words: Float64Array;
  readonly #wide = new Map<number, bigint>();

  constructor(size: number) {
    this.words = new Float64Array(size);
  }

  read(at: number): bigint {
    const word = this.words[at] as number;
    return Number.isNaN(word) ? (this.#wide.get(at) as bigint) : BigInt(word);
  }

  write(at: number, value: bigint): void {
    const word = Number(value);
    if (Number.isSafeInteger(word)) this.words[at] = word;
    else {
      this.words[at] = Number.NaN;
      this.#wide.set(at, wrapped(value));
    }
  }

  move(from: number, to: number): void {
    const word = this.words[from] as number;
    this.words[to] = word;
    if (Number.isNaN(word)) this.#wide.set(to, this.#wide.get(from) as bigint);
  }

  /** Big-endian elements of the segments, one behind the other: what a checkpoint holds. */
  pack(segments: readonly LiveSegment[]): Uint8Array {
    this.#check(segments);
    const bytes = new Uint8Array(packedBytes(segments));
    const view = new DataView(bytes.buffer);
    let at = 0;
    for (const { offset, count, width } of segments) {
      for (let i = 0; i < count; i++, at += width) writeElement(view, at, width, this.read(offset + i));
    }
    return bytes;
  }

  unpack(segments: readonly LiveSegment[], state: Uint8Array): void {
    this.#check(segments);
    const expected = packedBytes(segments);
    if (state.length !== expected)
      throw new ExactError("exact-state-invalid", { reason: `${state.length} bytes, ${expected} are alive` });
    const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
    let at = 0;
    for (const { offset, count, width, signed } of segments) {
      for (let i = 0; i < count; i++, at += width)
        this.write(offset + i, readElement(view, at, width, signed));
    }
  }

  #check(segments: readonly LiveSegment[]): void {
    const outside = segments.find(({ offset, count }) => offset + count > this.words.length);
    if (outside !== undefined)
      throw new ProgramError("program-out-of-bounds", "a segment leaves the arena", outside);
  }
}

function packedBytes(segments: readonly LiveSegment[]): number {
  return segments.reduce((sum, { count, width }) => sum + count * width, 0);
}

export function readElement(view: DataView, at: number, width: number, signed: boolean): bigint {
  if (width === 1) return BigInt(signed ? view.getInt8(at) : view.getUint8(at));
  if (width === 2) return BigInt(signed ? view.getInt16(at) : view.getUint16(at));
  if (width === 4) return BigInt(signed ? view.getInt32(at) : view.getUint32(at));
  return signed ? view.getBigInt64(at) : view.getBigUint64(at);
}

/** What a value has above its width is cut off. */
export function writeElement(
  view: DataView,
  at: number,
  width: number,
  value: bigint,
  littleEndian = false,
): void {
  if (width === 1) view.setUint8(at, Number(BigInt.asUintN(8, value)));
  else if (width === 2) view.setUint16(at, Number(BigInt.asUintN(16, value)), littleEndian);
  else if (width === 4) view.setUint32(at, Number(BigInt.asUintN(32, value)), littleEndian);
  else view.setBigUint64(at, BigInt.asUintN(64, value), littleEndian);
}

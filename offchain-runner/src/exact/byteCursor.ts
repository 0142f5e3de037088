import { ProgramError } from "./programError.ts";

const U32_END = 2 ** 32;
const I32_MIN = -(2 ** 31);
export const I64_MIN: bigint = -(2n ** 63n);
export const I64_MAX: bigint = 2n ** 63n - 1n;

/** Appends big-endian integers and refuses those that do not fit. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    requireInteger(value, 0, 2 ** 8, "u8");
    this.#room(1).setUint8(0, value);
  }

  u16(value: number): void {
    requireInteger(value, 0, 2 ** 16, "u16");
    this.#room(2).setUint16(0, value);
  }

  u32(value: number): void {
    requireInteger(value, 0, U32_END, "u32");
    this.#room(4).setUint32(0, value);
  }

  i32(value: number): void {
    requireInteger(value, I32_MIN, -I32_MIN, "i32");
    this.#room(4).setInt32(0, value);
  }

  u64(value: bigint): void {
    if (value < 0n || value >= 2n ** 64n) throw tooWide(value, "u64");
    this.#room(8).setBigUint64(0, value);
  }

  i64(value: bigint): void {
    if (value < I64_MIN || value > I64_MAX) throw tooWide(value, "i64");
    this.#room(8).setBigInt64(0, value);
  }

  bytes(value: Uint8Array): void {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #room(count: number): DataView {
    const at = this.#grow(count);
    return new DataView(this.#bytes.buffer, at, count);
  }

  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      wider.set(this.#bytes);
      this.#bytes = wider;
    }
    return at;
  }
}

/** Reads big-endian integers one after the other and refuses to read past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
    this.#end = Math.min(end, bytes.length);
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.slice(at, at + count);
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.left) {
      throw new ProgramError("program-truncated", `${count} bytes at ${at}, which leaves ${this.left}`, {
        at,
        needed: count,
        left: this.left,
      });
    }
    this.#at += count;
    return at;
  }
}

function requireInteger(value: number, from: number, end: number, type: string): void {
  if (Number.isInteger(value) && value >= from && value < end) return;
  throw tooWide(value, type);
}

function tooWide(value: number | bigint, type: string): ProgramError {
  return new ProgramError("program-malformed", `${value} is no ${type}`, { value, type });
}

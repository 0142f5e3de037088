import { keccak256 } from "ethers";

const WORD_DIGITS = 64;

/** A value of a static type as the ABI encodes it: 32 bytes in hex, without `0x`. Throws `TypeError` for any other. */
export function uintWord(value: bigint | number, bits = 256): string {
  const number = typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value;
  if (typeof number !== "bigint" || number < 0n || number >> BigInt(bits) !== 0n)
    throw new TypeError(`${String(value)} is not an unsigned integer of ${bits} bits`);
  return number.toString(16).padStart(WORD_DIGITS, "0");
}

/** The same of 32 bytes in hex. */
export function bytes32Word(value: string): string {
  if (!/^0x[0-9a-fA-F]{64}$/.test(value)) throw new TypeError(`${value} is not 32 bytes in hex`);
  return value.slice(2).toLowerCase();
}

/** The same of an address. */
export function addressWord(value: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(value)) throw new TypeError(`${value} is not an address`);
  return value.slice(2).toLowerCase().padStart(WORD_DIGITS, "0");
}

/** keccak256 of words. */
export function hashWords(words: readonly string[]): string {
  return keccak256(hexBytes(`0x${words.join("")}`));
}

/** keccak256 of bytes in hex; many times faster than by way of ethers, which reads hex a byte at a time. */
export function hashHex(hex: string): string {
  return keccak256(hexBytes(hex));
}

/** Bytes of hex with `0x`. Throws `TypeError` for other text. */
export function hexBytes(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || !hex.startsWith("0x")) throw new TypeError("not hex of whole bytes");
  const bytes = new Uint8Array(hex.length / 2 - 1);
  for (let i = 0; i < bytes.length; ++i) {
    const high = digit(hex.charCodeAt(2 * i + 2));
    const low = digit(hex.charCodeAt(2 * i + 3));
    if (high < 0 || low < 0) throw new TypeError("not hex of whole bytes");
    bytes[i] = high * 16 + low;
  }
  return bytes;
}

function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

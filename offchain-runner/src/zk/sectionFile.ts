import { type FileHandle, open } from "node:fs/promises";
import { toBeHex, toBigInt } from "ethers";
import { CircuitError, type CircuitErrorCode } from "./circuitError.ts";

const WORD = 32;
/** Of coordinates, which files have times 2^256 (Montgomery). */
const PRIME = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const INVERSE_RADIX = 20988524275117001072002809824448087578619730785600314334253784976379291040311n;

/** A file of the prover's library (format: iden3/snarkjs): how it begins, and what is said of one that is none. */
export interface FileKind {
  readonly magic: string;
  readonly name: string;
  readonly code: CircuitErrorCode;
}

export class SectionFile {
  readonly #file: FileHandle;
  readonly #kind: FileKind;

  constructor(file: FileHandle, kind: FileKind) {
    this.#file = file;
    this.#kind = kind;
  }

  /** @throws CircuitError of the file's kind where there are fewer */
  async bytesAt(at: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length, at);
    if (bytesRead !== length)
      throw new CircuitError(this.#kind.code, { reason: `the file of ${this.#kind.name} ends too early` });
    return buffer;
  }
}

/** Reads a section, from where it begins in the file. @throws CircuitError of the file's kind for another file */
export async function withSection<T>(
  path: string,
  kind: FileKind,
  wanted: number,
  read: (file: SectionFile, at: number) => Promise<T>,
): Promise<T> {
  const handle = await open(path);
  try {
    const file = new SectionFile(handle, kind);
    const start = await file.bytesAt(0, 12);
    if (start.toString("latin1", 0, 4) !== kind.magic)
      throw new CircuitError(kind.code, { reason: `${path} is no file of ${kind.name}` });
    let at = start.length;
    for (let left = start.readUInt32LE(8); left > 0; left--) {
      const head = await file.bytesAt(at, 12);
      at += head.length;
      if (head.readUInt32LE(0) === wanted) return await read(file, at);
      at += Number(head.readBigUInt64LE(4));
    }
    throw new CircuitError(kind.code, { reason: `${path} has no section ${wanted}` });
  } finally {
    await handle.close();
  }
}

/** A point of the first group, in words as the precompiles take them. */
export function wordsOfG1(point: Uint8Array): string[] {
  return [0, 1].map((i) => wordAt(point, i));
}

/** The same of the second group: the imaginary part of each coordinate first. */
export function wordsOfG2(point: Uint8Array): string[] {
  return [1, 0, 3, 2].map((i) => wordAt(point, i));
}

function wordAt(point: Uint8Array, index: number): string {
  const littleEndian = point.subarray(index * WORD, (index + 1) * WORD);
  return toBeHex((toBigInt(littleEndian.toReversed()) * INVERSE_RADIX) % PRIME, WORD);
}

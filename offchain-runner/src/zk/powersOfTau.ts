import type { FileHandle } from "node:fs/promises";
import { mkdir, mkdtemp, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { concat, keccak256, toBeHex, toBigInt } from "ethers";
import { CircuitError } from "./circuitError.ts";
import { sha256 } from "./compiledCircuit.ts";
import type { Prover } from "./prover.ts";

/** A file of powers of tau and what it was checked to be. */
export interface PowersOfTau {
  readonly file: string;
  readonly digest: string;
  /** `local`: made from a public beacon, so that everybody knows the secret; worth nothing beyond a local network. */
  readonly origin: "local" | "given";
}

/** sha256 of the local powers, as the library makes them from the beacon without knowing the secret. */
const LOCAL_DIGESTS: Readonly<Record<number, string>> = {
  8: "0xb852344c9475b0d1963f8894f96261fa0533b3b644629ad97297676ae202a0b2",
  10: "0xa7548ff73b011eb502ed6156b3858e667e1c5b481886d62a015c2e792accf3ce",
  12: "0x5351d837b0f989185672c9b60362269e33301968a0158fa256268ec697064685",
  14: "0x836fa5297def33f064a209846aaba9813e29d1140007f3ac78ed4bd8b6e7b25d",
  16: "0x133f30b630a3af7d6d3fcd6619aa273b3b532f368129c94b7237d2c521e00605",
};

const LOCAL_POWERS = Object.keys(LOCAL_DIGESTS).map(Number);

/** Sections of a file (format: iden3/snarkjs). */
const [HEADER, SECOND_GROUP] = [1, 3];
const WORD = 32;
/** Of coordinates, which the file has times 2^256 (Montgomery). */
const PRIME = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const INVERSE_RADIX = 20988524275117001072002809824448087578619730785600314334253784976379291040311n;

/** The powers that a publisher brings; local ones stay local. @throws CircuitError `powers-of-tau-mismatch` */
export async function givenPowers(file: string, given: string): Promise<PowersOfTau> {
  await checkDigest(file, given);
  const digest = given.toLowerCase();
  return { file, digest, origin: Object.values(LOCAL_DIGESTS).includes(digest) ? "local" : "given" };
}

/** The powers for a local network: made once, kept in a folder, checked whenever they are used. */
export async function localPowers(power: number, folder: string, prover: Prover): Promise<PowersOfTau> {
  const digest = LOCAL_DIGESTS[power];
  if (digest === undefined)
    throw new CircuitError("circuit-too-large", { reason: `no local powers of tau for 2^${power}`, power });
  const file = join(folder, `powers-${power}.ptau`);
  if ((await digestOf(file)) === digest) return { file, digest, origin: "local" };
  await mkdir(folder, { recursive: true });
  const draft = await mkdtemp(join(folder, "powers-"));
  try {
    const made = join(draft, "prepared");
    await prover.run({ kind: "powers", power, folder: draft, file: made });
    await checkDigest(made, digest);
    await rename(made, file);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return { file, digest, origin: "local" };
}

export function isWithinLocalPowers(power: number): boolean {
  return power <= Math.max(...LOCAL_POWERS);
}

/** The least local powers that hold a circuit of 2^power constraints. */
export function localPowerFor(power: number): number {
  const fitting = LOCAL_POWERS.filter((size) => size >= power);
  if (!isWithinLocalPowers(power))
    throw new CircuitError("circuit-too-large", { reason: `no local powers of tau for 2^${power}`, power });
  return Math.min(...fitting);
}

/** How many powers a file holds, as a power of two. @throws CircuitError `powers-of-tau-mismatch` for another file */
export async function powerOfFile(path: string): Promise<number> {
  return await withSection(path, HEADER, async (file, at) => {
    const fieldBytes = (await bytesAt(file, at, 4)).readUInt32LE(0);
    return (await bytesAt(file, at + 4 + fieldBytes, 4)).readUInt32LE(0);
  });
}

/**
 * What a verifier calls the powers that its keys may rest on: keccak256 of their secret's point of the second group, as
 * the precompile takes it.
 * @throws CircuitError `powers-of-tau-mismatch` for another file
 */
export async function powersIdOf(path: string): Promise<string> {
  // The first point is the generator.
  const point = await withSection(path, SECOND_GROUP, (file, at) => bytesAt(file, at + 4 * WORD, 4 * WORD));
  const words = [1, 0, 3, 2].map((i) =>
    toBeHex(fromMontgomery(point.subarray(i * WORD, (i + 1) * WORD)), WORD),
  );
  return keccak256(concat(words));
}

function fromMontgomery(littleEndian: Uint8Array): bigint {
  return (toBigInt(littleEndian.toReversed()) * INVERSE_RADIX) % PRIME;
}

async function withSection<T>(
  path: string,
  wanted: number,
  read: (file: FileHandle, at: number) => Promise<T>,
): Promise<T> {
  const file = await open(path);
  try {
    const start = await bytesAt(file, 0, 12);
    if (start.toString("latin1", 0, 4) !== "ptau")
      throw new CircuitError("powers-of-tau-mismatch", { reason: `${path} is no file of powers of tau` });
    let at = start.length;
    for (let left = start.readUInt32LE(8); left > 0; left--) {
      const head = await bytesAt(file, at, 12);
      at += head.length;
      if (head.readUInt32LE(0) === wanted) return await read(file, at);
      at += Number(head.readBigUInt64LE(4));
    }
    throw new CircuitError("powers-of-tau-mismatch", { reason: `${path} has no section ${wanted}` });
  } finally {
    await file.close();
  }
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
  if (bytesRead !== length)
    throw new CircuitError("powers-of-tau-mismatch", { reason: "the file of powers of tau ends too early" });
  return buffer;
}

async function checkDigest(file: string, digest: string): Promise<void> {
  const actual = await digestOf(file);
  if (actual !== digest.toLowerCase())
    throw new CircuitError("powers-of-tau-mismatch", {
      reason: `${file} is ${actual ?? "missing"}, not ${digest}`,
    });
}

async function digestOf(file: string): Promise<string | undefined> {
  try {
    return sha256(await readFile(file));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

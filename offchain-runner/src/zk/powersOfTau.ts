import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { concat, keccak256 } from "ethers";
import { CircuitError } from "./circuitError.ts";
import { sha256 } from "./compiledCircuit.ts";
import { LOCAL_POWERS_ID } from "./localPowers.ts";
import type { Prover } from "./prover.ts";
import { type FileKind, withSection, wordsOfG2 } from "./sectionFile.ts";

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

const POWERS_FILE: FileKind = { magic: "ptau", name: "powers of tau", code: "powers-of-tau-mismatch" };
const [HEADER, SECOND_GROUP] = [1, 3];
const G2 = 128;

/**
 * The powers that a publisher brings; local ones stay local, whatever else is in their file.
 * @throws CircuitError `powers-of-tau-mismatch`
 */
export async function givenPowers(file: string, given: string): Promise<PowersOfTau> {
  await checkDigest(file, given);
  const isLocal = (await powersIdOf(file)) === LOCAL_POWERS_ID;
  return { file, digest: given.toLowerCase(), origin: isLocal ? "local" : "given" };
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
  return await withSection(path, POWERS_FILE, HEADER, async (file, at) => {
    const fieldBytes = (await file.bytesAt(at, 4)).readUInt32LE(0);
    return (await file.bytesAt(at + 4 + fieldBytes, 4)).readUInt32LE(0);
  });
}

/**
 * What a verifier calls the powers that its keys may rest on: keccak256 of their secret's point of the second group, as
 * the precompile takes it.
 * @throws CircuitError `powers-of-tau-mismatch` for another file
 */
export async function powersIdOf(path: string): Promise<string> {
  // The first point is the generator.
  const point = await withSection(path, POWERS_FILE, SECOND_GROUP, (file, at) => file.bytesAt(at + G2, G2));
  return keccak256(concat(wordsOfG2(point)));
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

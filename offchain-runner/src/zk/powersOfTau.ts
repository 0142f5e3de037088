import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
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
};

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

/** The least local powers that hold a circuit of 2^power constraints. */
export function localPowerFor(power: number): number {
  const fitting = Object.keys(LOCAL_DIGESTS)
    .map(Number)
    .filter((size) => size >= power);
  if (fitting.length === 0)
    throw new CircuitError("circuit-too-large", { reason: `no local powers of tau for 2^${power}`, power });
  return Math.min(...fitting);
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

import { readFile } from "node:fs/promises";
import type { Groth16Proof } from "snarkjs";
import type { GraphRoot } from "../exact/program.ts";
import { CircuitError } from "./circuitError.ts";
import type { CompiledCircuit } from "./compiledCircuit.ts";
import { sha256 } from "./compiledCircuit.ts";
import type { PowersOfTau } from "./powersOfTau.ts";
import type { Prover } from "./prover.ts";
import type { ProverResults, VerifyingKey } from "./proverProtocol.ts";
import { circuitInput } from "./statement.ts";

/** How the keys were made: who could make false proofs. */
export type KeyOrigin =
  /** One contribution: whoever made it, if it kept the secret. */
  | { readonly kind: "single"; readonly contribution: string }
  /** Every contributor of a ceremony together; the digest names its transcript. */
  | { readonly kind: "ceremony"; readonly transcript: string }
  /** No secret of the circuit's own: those of the powers of tau alone. */
  | { readonly kind: "universal" };

/** Keys of one circuit, and what they were made from. */
export interface CircuitKeys {
  readonly provingKey: string;
  readonly provingKeyDigest: string;
  readonly verifyingKey: VerifyingKey;
  readonly r1csDigest: string;
  readonly powers: PowersOfTau;
  readonly origin: KeyOrigin;
}

/** Makes keys with one contribution (`single`), whose secret is drawn and dropped in the prover's process. */
export async function setUp(
  circuit: CompiledCircuit,
  powers: PowersOfTau,
  provingKey: string,
  prover: Prover,
): Promise<CircuitKeys> {
  const { r1cs } = circuit.files;
  const { contribution } = await prover.run({
    kind: "set-up",
    r1cs,
    powers: powers.file,
    key: provingKey,
    name: circuit.graphRoot,
  });
  return await keysOf(circuit, powers, provingKey, { kind: "single", contribution }, prover);
}

/** Takes keys that a ceremony made. @throws CircuitError `key-mismatch` unless they are of this circuit and powers */
export async function adoptCeremony(
  circuit: CompiledCircuit,
  powers: PowersOfTau,
  { provingKey, transcript }: { provingKey: string; transcript: string },
  prover: Prover,
): Promise<CircuitKeys> {
  const { isRight } = await prover.run({
    kind: "check-key",
    r1cs: circuit.files.r1cs,
    powers: powers.file,
    key: provingKey,
  });
  if (!isRight)
    throw new CircuitError("key-mismatch", {
      reason: "the contributions do not lead from the circuit to it",
    });
  return await keysOf(circuit, powers, provingKey, { kind: "ceremony", transcript }, prover);
}

export interface Proved {
  readonly proof: Groth16Proof;
  readonly signals: readonly bigint[];
  readonly witnessMs: number;
  readonly provingMs: number;
  readonly cpuMs: number;
}

/** Proves what the graph gives for `input`, for the operator and the release of `binding` (`bindingOf`). */
export async function prove(
  {
    circuit,
    keys,
    root,
  }: { circuit: CompiledCircuit; keys: Pick<CircuitKeys, "provingKey" | "r1csDigest">; root: GraphRoot },
  { input, binding }: { input: Uint8Array; binding: bigint },
  prover: Prover,
  signal?: AbortSignal,
): Promise<Proved> {
  if (keys.r1csDigest !== circuit.r1csDigest)
    throw new CircuitError("key-mismatch", {
      reason: `made for ${keys.r1csDigest}, not ${circuit.r1csDigest}`,
    });
  const result: ProverResults["prove"] = await prover.run(
    {
      kind: "prove",
      wasm: circuit.files.wasm,
      key: keys.provingKey,
      input: circuitInput(root, input, binding),
    },
    signal,
  );
  return { ...result, signals: result.signals.map(BigInt) };
}

export async function verify(
  verifyingKey: VerifyingKey,
  { proof, signals }: Pick<Proved, "proof" | "signals">,
  prover: Prover,
): Promise<boolean> {
  const { isRight } = await prover.run({ kind: "verify", verifyingKey, signals: signals.map(String), proof });
  return isRight;
}

async function keysOf(
  circuit: CompiledCircuit,
  powers: PowersOfTau,
  provingKey: string,
  origin: KeyOrigin,
  prover: Prover,
): Promise<CircuitKeys> {
  const verifyingKey = await prover.run({ kind: "verifying-key", key: provingKey });
  const provingKeyDigest = sha256(await readFile(provingKey));
  return { provingKey, provingKeyDigest, verifyingKey, r1csDigest: circuit.r1csDigest, powers, origin };
}

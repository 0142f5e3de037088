import { readFile } from "node:fs/promises";
import type { GraphRoot } from "../exact/program.ts";
import { CircuitError } from "./circuitError.ts";
import type { CompiledCircuit } from "./compiledCircuit.ts";
import { sha256 } from "./compiledCircuit.ts";
import type { PowersOfTau } from "./powersOfTau.ts";
import type { Prover } from "./prover.ts";
import type { Proof, ProofSystem, ProverResults, VerifyingKey } from "./proverProtocol.ts";
import { circuitInput } from "./statement.ts";

/** How the keys were made: who could make false proofs. */
export type KeyOrigin =
  /** One contribution: whoever made it, if it kept the secret. */
  | { readonly kind: "single"; readonly contribution: string }
  /** Every contributor of a ceremony together; `transcriptDigest` of their contributions. */
  | { readonly kind: "ceremony"; readonly transcript: string }
  /** No secret of the circuit's own: those of the powers of tau alone. */
  | { readonly kind: "universal" };

/** Keys of one circuit, and what they were made from. Which proof system they are of, the verifying key says. */
export interface CircuitKeys<Key extends VerifyingKey = VerifyingKey> {
  readonly provingKey: string;
  readonly provingKeyDigest: string;
  readonly verifyingKey: Key;
  readonly r1csDigest: string;
  readonly powers: PowersOfTau;
  readonly origin: KeyOrigin;
}

/** What a proof is made with. */
export interface ProvingKey {
  readonly provingKey: string;
  readonly r1csDigest: string;
  readonly verifyingKey: { readonly protocol: ProofSystem };
}

export interface Proved {
  readonly proof: Proof;
  readonly signals: readonly bigint[];
  readonly witnessMs: number;
  readonly provingMs: number;
  readonly cpuMs: number;
}

/** Proves what the graph gives for `input`, for the operator and the release of `binding` (`bindingOf`). */
export async function prove(
  { circuit, keys, root }: { circuit: CompiledCircuit; keys: ProvingKey; root: GraphRoot },
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
      system: keys.verifyingKey.protocol,
      wasm: circuit.files.wasm,
      key: keys.provingKey,
      input: circuitInput(root, input, binding),
    },
    signal,
  );
  return { ...result, signals: result.signals.map(BigInt) };
}

/** False, too, for a proof of another proof system. */
export async function verify(
  verifyingKey: VerifyingKey,
  { proof, signals }: Pick<Proved, "proof" | "signals">,
  prover: Prover,
): Promise<boolean> {
  const { isRight } = await prover.run({ kind: "verify", verifyingKey, signals: signals.map(String), proof });
  return isRight;
}

/** Reads what a set-up wrote. @throws CircuitError `key-mismatch` where it is a key of another proof system */
export async function keysOf<System extends ProofSystem>(
  system: System,
  circuit: CompiledCircuit,
  made: { powers: PowersOfTau; provingKey: string; origin: KeyOrigin },
  prover: Prover,
): Promise<CircuitKeys<VerifyingKey & { readonly protocol: System }>> {
  const verifyingKey: VerifyingKey = await prover.run({ kind: "verifying-key", key: made.provingKey });
  if (!isOf(system, verifyingKey))
    throw new CircuitError("key-mismatch", { reason: `it is one of ${verifyingKey.protocol}` });
  const provingKeyDigest = sha256(await readFile(made.provingKey));
  return { ...made, provingKeyDigest, verifyingKey, r1csDigest: circuit.r1csDigest };
}

function isOf<System extends ProofSystem>(
  system: System,
  key: VerifyingKey,
): key is VerifyingKey & { readonly protocol: System } {
  return key.protocol === system;
}

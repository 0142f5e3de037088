import { CircuitError } from "./circuitError.ts";
import type { CompiledCircuit } from "./compiledCircuit.ts";
import { contributionsOf, transcriptDigest } from "./contributions.ts";
import type { PowersOfTau } from "./powersOfTau.ts";
import type { CircuitKeys } from "./proofSystem.ts";
import { keysOf } from "./proofSystem.ts";
import type { Prover } from "./prover.ts";
import type { Groth16VerifyingKey } from "./proverProtocol.ts";

/** Fewer than these are no ceremony: whoever made the only one could cheat. */
const LEAST_CONTRIBUTIONS = 2;

/** Makes keys with one contribution (`single`), whose secret is drawn and dropped in the prover's process. */
export async function setUp(
  circuit: CompiledCircuit,
  powers: PowersOfTau,
  provingKey: string,
  prover: Prover,
): Promise<CircuitKeys<Groth16VerifyingKey>> {
  const { r1cs } = circuit.files;
  const { contribution } = await prover.run({
    kind: "set-up",
    r1cs,
    powers: powers.file,
    key: provingKey,
    name: circuit.graphRoot,
  });
  const origin = { kind: "single", contribution } as const;
  return await keysOf("groth16", circuit, { powers, provingKey, origin }, prover);
}

/**
 * Takes keys that a ceremony made. That its contributors are several people, nobody can read from a key.
 * @throws CircuitError `key-mismatch` unless they are of this circuit and powers; `ceremony-too-small` for fewer than two
 * contributions, beacons apart
 */
export async function adoptCeremony(
  circuit: CompiledCircuit,
  powers: PowersOfTau,
  provingKey: string,
  prover: Prover,
): Promise<CircuitKeys<Groth16VerifyingKey>> {
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
  const contributions = await contributionsOf(provingKey);
  const count = contributions.filter(({ isBeacon }) => !isBeacon).length;
  if (count < LEAST_CONTRIBUTIONS)
    throw new CircuitError("ceremony-too-small", {
      reason: `it has ${count} contributions with a secret; a ceremony has ${LEAST_CONTRIBUTIONS} at the least`,
      count,
    });
  const origin = { kind: "ceremony", transcript: transcriptDigest(contributions) } as const;
  return await keysOf("groth16", circuit, { powers, provingKey, origin }, prover);
}

import { CircuitError } from "./circuitError.ts";
import type { CompiledCircuit } from "./compiledCircuit.ts";
import type { PowersOfTau } from "./powersOfTau.ts";
import type { CircuitKeys } from "./proofSystem.ts";
import { keysOf } from "./proofSystem.ts";
import type { Prover } from "./prover.ts";
import type { Groth16VerifyingKey } from "./proverProtocol.ts";

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

/** Takes keys that a ceremony made. @throws CircuitError `key-mismatch` unless they are of this circuit and powers */
export async function adoptCeremony(
  circuit: CompiledCircuit,
  powers: PowersOfTau,
  { provingKey, transcript }: { provingKey: string; transcript: string },
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
  const origin = { kind: "ceremony", transcript } as const;
  return await keysOf("groth16", circuit, { powers, provingKey, origin }, prover);
}

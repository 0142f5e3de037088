import { CircuitError } from "./circuitError.ts";
import type { CompiledCircuit } from "./compiledCircuit.ts";
import { constraintsOf } from "./compiledCircuit.ts";
import { gatesOf, powerOfGates } from "./plonkGates.ts";
import type { PowersOfTau } from "./powersOfTau.ts";
import { powerOfFile } from "./powersOfTau.ts";
import type { CircuitKeys } from "./proofSystem.ts";
import { keysOf } from "./proofSystem.ts";
import type { Prover } from "./prover.ts";
import type { PlonkVerifyingKey } from "./proverProtocol.ts";

/**
 * Makes keys that need no secret of their own (`universal`). Nothing is drawn: the same circuit and powers give the same
 * keys on every machine, so that anybody can make them again and compare.
 * @throws CircuitError `powers-of-tau-too-few`, with `gates` and `power`, the least that would do
 */
export async function setUpUniversal(
  circuit: CompiledCircuit,
  powers: PowersOfTau,
  provingKey: string,
  prover: Prover,
): Promise<CircuitKeys<PlonkVerifyingKey>> {
  const gates = gatesOf(await constraintsOf(circuit));
  const power = powerOfGates(gates);
  const given = await powerOfFile(powers.file);
  if (given < power)
    throw new CircuitError("powers-of-tau-too-few", {
      reason: `${gates} gates need 2^${power}, these are 2^${given}`,
      gates,
      power,
    });
  await prover.run({
    kind: "set-up-universal",
    r1cs: circuit.files.r1cs,
    powers: powers.file,
    key: provingKey,
  });
  return await keysOf("plonk", circuit, { powers, provingKey, origin: { kind: "universal" } }, prover);
}

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CompiledCircuit } from "../../offchain-runner/src/zk/compiledCircuit.ts";
import { buildCircuit, constraintsOf, powerOf } from "../../offchain-runner/src/zk/compiledCircuit.ts";
import { setUp } from "../../offchain-runner/src/zk/groth16.ts";
import { setUpUniversal } from "../../offchain-runner/src/zk/plonk.ts";
import { gatesOf, powerOfGates } from "../../offchain-runner/src/zk/plonkGates.ts";
import { isWithinLocalPowers, localPowerFor, localPowers } from "../../offchain-runner/src/zk/powersOfTau.ts";
import type { CircuitKeys } from "../../offchain-runner/src/zk/proofSystem.ts";
import { prove, verify } from "../../offchain-runner/src/zk/proofSystem.ts";
import { Prover } from "../../offchain-runner/src/zk/prover.ts";
import { publicSignals } from "../../offchain-runner/src/zk/statement.ts";
import { LOCAL } from "../../scripts/local/paths.ts";
import type { ExactModel } from "../exactRelease.ts";
import { exactModelNames, readExactModel } from "../exactRelease.ts";
import type { Figures } from "../figures.ts";
import { quantile } from "../quantile.ts";

const PROOFS = 9;
/** Of PLONK, which takes up to a minute for each. */
const PLONK_PROOFS = 2;
const BINDING = 7n << 120n;
/** Kept between runs: powers of tau are made once. */
const POWERS = fileURLToPath(new URL("../../cache/zk", import.meta.url));

/**
 * Shipped exact models as circuits: constraints, in all and for each activation, beside the bits that a check of every
 * value bit by bit takes at least; seconds from input to proof, witness included, in a process that is warm, and of all
 * cores together; the most memory that the process had. `plonk`: the same with keys that need no secret of their own, where
 * the local powers of tau hold the gates.
 */
export async function measure(): Promise<Figures> {
  const figures: Figures = {};
  for (const name of exactModelNames()) Object.assign(figures, await measureModel(name));
  return figures;
}

async function measureModel(name: string): Promise<Figures> {
  const folder = join(LOCAL, "bench-zk", name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const model = readExactModel(name);
  const maker = new Prover();
  try {
    const circuit = await buildCircuit(model.graph, folder, maker);
    const r1cs = await constraintsOf(circuit);
    const gates = gatesOf(r1cs);
    const powersFor = (power: number) => localPowers(localPowerFor(power), POWERS, maker);
    const groth16 = await setUp(circuit, await powersFor(powerOf(r1cs)), join(folder, "proving.zkey"), maker);
    const plonk = isWithinLocalPowers(powerOfGates(gates))
      ? await setUpUniversal(
          circuit,
          await powersFor(powerOfGates(gates)),
          join(folder, "universal.zkey"),
          maker,
        )
      : undefined;
    await maker.stop();
    const { activations, leastBits } = circuit.tally;
    return {
      [`zk.${name}.constraints`]: circuit.constraints,
      [`zk.${name}.activations`]: activations,
      [`zk.${name}.constraints-per-activation`]: round(circuit.constraints / activations),
      [`zk.${name}.least-per-activation`]: round(leastBits / activations),
      ...(await measureProofs(`zk.${name}`, model, circuit, groth16)),
      [`zk.${name}.plonk.gates`]: gates,
      [`zk.${name}.plonk.power`]: powerOfGates(gates),
      ...(plonk === undefined ? {} : await measureProofs(`zk.${name}.plonk`, model, circuit, plonk)),
    };
  } finally {
    await maker.stop();
  }
}

async function measureProofs(
  prefix: string,
  { name, graph, inputs, outputOf }: ExactModel,
  circuit: CompiledCircuit,
  keys: CircuitKeys,
): Promise<Figures> {
  const prover = new Prover();
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  try {
    const proofs = keys.verifyingKey.protocol === "plonk" ? PLONK_PROOFS : PROOFS;
    for (let i = 0; i <= proofs; i++) {
      const input = inputs[i % inputs.length] as Uint8Array;
      const start = performance.now();
      const proved = await prove({ circuit, keys, root: graph.root }, { input, binding: BINDING }, prover);
      // The first run starts the process.
      if (i > 0) {
        seconds.push((performance.now() - start) / 1_000);
        cpuSeconds.push(proved.cpuMs / 1_000);
      }
      const expected = publicSignals(graph.root, input, outputOf(input), BINDING);
      const isRight = proved.signals.join() === expected.join();
      if (!isRight || !(await verify(keys.verifyingKey, proved, prover)))
        throw new Error(`${name}: a proof is wrong`);
    }
    return {
      [`${prefix}.seconds`]: round(quantile(seconds, 0.5)),
      [`${prefix}.cpu-seconds`]: round(quantile(cpuSeconds, 0.5)),
      [`${prefix}.mib`]: Math.ceil(prover.peakBytes / 2 ** 20),
    };
  } finally {
    await prover.stop();
  }
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildCircuit, constraintsOf, powerOf } from "../../offchain-runner/src/zk/compiledCircuit.ts";
import { prove, setUp, verify } from "../../offchain-runner/src/zk/groth16.ts";
import { localPowerFor, localPowers } from "../../offchain-runner/src/zk/powersOfTau.ts";
import { Prover } from "../../offchain-runner/src/zk/prover.ts";
import { publicSignals } from "../../offchain-runner/src/zk/statement.ts";
import { LOCAL } from "../../scripts/local/paths.ts";
import { exactModelNames, readExactModel } from "../exactRelease.ts";
import type { Figures } from "../figures.ts";
import { quantile } from "../quantile.ts";

const PROOFS = 9;
const BINDING = 7n << 120n;
/** Kept between runs: powers of tau are made once. */
const POWERS = fileURLToPath(new URL("../../cache/zk", import.meta.url));

/**
 * Shipped exact models as circuits: constraints, in all and for each activation, beside the bits that a check of every
 * value bit by bit takes at least; seconds from input to proof, witness included, in a process that is warm, and of all
 * cores together; the most memory that the process had.
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
  const { graph, inputs, outputOf } = readExactModel(name);
  const maker = new Prover();
  const prover = new Prover();
  try {
    const circuit = await buildCircuit(graph, folder, maker);
    const power = localPowerFor(powerOf(await constraintsOf(circuit)));
    const powers = await localPowers(power, POWERS, maker);
    const keys = await setUp(circuit, powers, join(folder, "proving.zkey"), maker);
    await maker.stop();
    const seconds: number[] = [];
    const cpuSeconds: number[] = [];
    for (let i = 0; i <= PROOFS; i++) {
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
    const { activations, leastBits } = circuit.tally;
    return {
      [`zk.${name}.constraints`]: circuit.constraints,
      [`zk.${name}.activations`]: activations,
      [`zk.${name}.constraints-per-activation`]: round(circuit.constraints / activations),
      [`zk.${name}.least-per-activation`]: round(leastBits / activations),
      [`zk.${name}.seconds`]: round(quantile(seconds, 0.5)),
      [`zk.${name}.cpu-seconds`]: round(quantile(cpuSeconds, 0.5)),
      [`zk.${name}.mib`]: Math.ceil(prover.peakBytes / 2 ** 20),
    };
  } finally {
    await maker.stop();
    await prover.stop();
  }
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

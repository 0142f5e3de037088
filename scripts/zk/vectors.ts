// Writes a key and proofs that a verifier's tests in Solidity rest on: `node scripts/zk/vectors.ts <groth16 | plonk>`, then
// `npm run fmt`. Keys of Groth16 and all proofs are random, so they stay until the circuit or the statement changes; a test
// says when.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hexlify, id, toBeHex } from "ethers";
import { ExactInterpreter } from "../../offchain-runner/src/exact/interpreter.ts";
import { powerOf } from "../../offchain-runner/src/zk/compiledCircuit.ts";
import { evmProof } from "../../offchain-runner/src/zk/evmPoints.ts";
import { setUp } from "../../offchain-runner/src/zk/groth16.ts";
import { keyBlob } from "../../offchain-runner/src/zk/keyBlob.ts";
import { setUpUniversal } from "../../offchain-runner/src/zk/plonk.ts";
import { gatesOf, powerOfGates } from "../../offchain-runner/src/zk/plonkGates.ts";
import { localPowerFor, localPowers } from "../../offchain-runner/src/zk/powersOfTau.ts";
import { type CircuitKeys, prove } from "../../offchain-runner/src/zk/proofSystem.ts";
import type { ProofSystem } from "../../offchain-runner/src/zk/proverProtocol.ts";
import { bindingOf } from "../../offchain-runner/src/zk/statement.ts";
import { encodeTensors } from "../../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../../sdk/src/tensorValues.ts";
import { CircuitBench } from "../../test/fixtures/zk/circuits.ts";
import { smallNetwork } from "../../test/fixtures/zk/gadgetGraphs.ts";
import { proofBytes } from "../../test/fixtures/zk/knownKey.ts";
import { pointOutsideTheGroup } from "../../test/fixtures/zk/outsidePoint.ts";
import type { ProofVectors, ProvedStatement } from "../../test/fixtures/zk/proofVectors.ts";
import { vectorsFile } from "../../test/fixtures/zk/proofVectors.ts";

const POWERS = fileURLToPath(new URL("../../cache/zk", import.meta.url));
const SYSTEMS: readonly ProofSystem[] = ["groth16", "plonk"];
const CHAIN_ID = 31_337;
const VERIFIERS = [0x5a, 0x5b].map((byte) => toBeHex(byte, 1).slice(2).repeat(20));
const OPERATORS = [7, 8];
const RELEASES = ["a release", "another release"].map(id);
const INPUTS = [
  [200, 0, 17, 255],
  [1, 99, 128, 64],
];

async function vectorsOf(system: ProofSystem): Promise<ProofVectors> {
  const bench = new CircuitBench();
  try {
    const { circuit, graph, r1cs } = await bench.build(smallNetwork());
    const power = system === "plonk" ? powerOfGates(gatesOf(r1cs)) : powerOf(r1cs);
    const powers = await localPowers(localPowerFor(power), POWERS, bench.prover);
    const make = system === "plonk" ? setUpUniversal : setUp;
    const keys: CircuitKeys = await make(circuit, powers, join(bench.folder, "key.zkey"), bench.prover);
    const interpreter = new ExactInterpreter(graph);
    const statements: ProvedStatement[] = [];
    // The first, and what differs from it in one thing.
    for (const [operator, verifier, release, values] of [
      [0, 0, 0, 0],
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ] as const) {
      const input = encodeTensors([tensorFromNumbers("uint8", [4], INPUTS[values] ?? [])]);
      const bound = {
        operatorId: OPERATORS[operator] ?? 0,
        verifier: `0x${VERIFIERS[verifier]}`,
        release: RELEASES[release] ?? "",
      };
      const binding = bindingOf({ ...bound, chainId: BigInt(CHAIN_ID) });
      const proved = await prove({ circuit, keys, root: graph.root }, { input, binding }, bench.prover);
      statements.push({
        ...bound,
        input: hexlify(input),
        output: hexlify(interpreter.evaluate(input)),
        signals: proved.signals.map((signal) => toBeHex(signal, 32)),
        proof: proofBytes(evmProof(proved.proof)),
      });
    }
    return {
      graphRoot: graph.graphRoot,
      constraints: circuit.r1csDigest,
      verifyingKey: keys.verifyingKey,
      key: hexlify(keyBlob(graph, keys.verifyingKey)),
      chainId: CHAIN_ID,
      outside: pointOutsideTheGroup(),
      statements,
    };
  } finally {
    await bench.stop();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const system = SYSTEMS.find((name) => name === process.argv[2]);
  if (system === undefined) throw new Error(`usage: node scripts/zk/vectors.ts <${SYSTEMS.join(" | ")}>`);
  writeFileSync(vectorsFile(system), `${JSON.stringify(await vectorsOf(system), null, 2)}\n`);
}

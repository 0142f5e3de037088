import { join } from "node:path";
import { expect } from "chai";
import { dataLength, getBytes, hexlify, toBeHex } from "ethers";
import { ExactInterpreter } from "../../offchain-runner/src/exact/interpreter.ts";
import { evmVerifyingKey, PROOF_BYTES } from "../../offchain-runner/src/zk/evmPoints.ts";
import { keyBlob } from "../../offchain-runner/src/zk/keyBlob.ts";
import { setUpUniversal } from "../../offchain-runner/src/zk/plonk.ts";
import { gatesOf, powerOfGates } from "../../offchain-runner/src/zk/plonkGates.ts";
import { localPowerFor, localPowers } from "../../offchain-runner/src/zk/powersOfTau.ts";
import { bindingOf, publicSignals } from "../../offchain-runner/src/zk/statement.ts";
import { CircuitBench } from "../fixtures/zk/circuits.ts";
import { smallNetwork } from "../fixtures/zk/gadgetGraphs.ts";
import { POWERS } from "../fixtures/zk/keysFolder.ts";
import { pointOutsideTheGroup } from "../fixtures/zk/outsidePoint.ts";
import { readVectors } from "../fixtures/zk/proofVectors.ts";

describe("test/fixtures/zk/*Vectors.json", function () {
  this.timeout(120_000);
  const graph = smallNetwork();
  const bench = new CircuitBench();
  after(() => bench.stop());

  for (const system of ["groth16", "plonk"] as const) {
    const vectors = readVectors(system);

    it(`has the key of the circuit that is generated today, and the contract's form of it: ${system}`, async () => {
      const { circuit } = await bench.build(graph);
      expect(vectors.verifyingKey.protocol).to.equal(system);
      expect(vectors.constraints).to.equal(circuit.r1csDigest);
      expect(vectors.graphRoot).to.equal(graph.graphRoot);
      expect(vectors.key).to.equal(hexlify(keyBlob(graph, vectors.verifyingKey)));
      expect(vectors.verifyingKey.nPublic).to.equal(1);
      expect(vectors.outside).to.equal(pointOutsideTheGroup());
    });

    it(`has statements as they are made today: ${system}`, () => {
      const interpreter = new ExactInterpreter(graph);
      for (const { input, output, signals, proof, ...bound } of vectors.statements) {
        expect(hexlify(interpreter.evaluate(getBytes(input)))).to.equal(output);
        const binding = bindingOf({ ...bound, chainId: BigInt(vectors.chainId) });
        const today = publicSignals(graph.root, getBytes(input), getBytes(output), binding);
        expect(today.map((signal) => toBeHex(signal, 32))).to.deep.equal(signals);
        expect(dataLength(proof)).to.equal(PROOF_BYTES[system]);
      }
      expect(new Set(vectors.statements.map(({ signals }) => signals.join())).size).to.equal(5);
    });
  }

  it("has as many points for signals in the key of Groth16 as there are, and the constant's", () => {
    expect(evmVerifyingKey(readVectors("groth16").verifyingKey).signals).to.have.length(2);
  });

  it("has the key of PLONK that is made today: nothing in it is drawn", async () => {
    const { circuit, r1cs } = await bench.build(graph);
    const powers = await localPowers(localPowerFor(powerOfGates(gatesOf(r1cs))), POWERS, bench.prover);
    const keys = await setUpUniversal(circuit, powers, join(bench.folder, "key.zkey"), bench.prover);
    expect(hexlify(keyBlob(graph, keys.verifyingKey))).to.equal(readVectors("plonk").key);
  });
});

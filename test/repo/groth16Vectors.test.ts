import { expect } from "chai";
import { getBytes, hexlify, toBeHex } from "ethers";
import { ExactInterpreter } from "../../offchain-runner/src/exact/interpreter.ts";
import { evmVerifyingKey } from "../../offchain-runner/src/zk/evmPoints.ts";
import { keyBlob } from "../../offchain-runner/src/zk/keyBlob.ts";
import { bindingOf, publicSignals } from "../../offchain-runner/src/zk/statement.ts";
import { CircuitBench } from "../fixtures/zk/circuits.ts";
import { smallNetwork } from "../fixtures/zk/gadgetGraphs.ts";
import { readGroth16Vectors } from "../fixtures/zk/groth16Vectors.ts";
import { pointOutsideTheGroup } from "../fixtures/zk/outsidePoint.ts";

describe("test/fixtures/zk/groth16Vectors.json", () => {
  const vectors = readGroth16Vectors();
  const graph = smallNetwork();
  const bench = new CircuitBench();
  after(() => bench.stop());

  it("has the key of the circuit that is generated today, and the contract's form of it", async () => {
    const { circuit } = await bench.build(graph);
    expect(vectors.constraints).to.equal(circuit.r1csDigest);
    expect(vectors.graphRoot).to.equal(graph.graphRoot);
    expect(vectors.key).to.equal(hexlify(keyBlob(graph, vectors.verifyingKey)));
    expect(evmVerifyingKey(vectors.verifyingKey).signals).to.have.length(2);
    expect(vectors.outside).to.equal(pointOutsideTheGroup());
  });

  it("has statements as they are made today", () => {
    const interpreter = new ExactInterpreter(graph);
    for (const { input, output, signals, ...bound } of vectors.statements) {
      expect(hexlify(interpreter.evaluate(getBytes(input)))).to.equal(output);
      const binding = bindingOf({ ...bound, chainId: BigInt(vectors.chainId) });
      const today = publicSignals(graph.root, getBytes(input), getBytes(output), binding);
      expect(today.map((signal) => toBeHex(signal, 32))).to.deep.equal(signals);
    }
    expect(new Set(vectors.statements.map(({ signals }) => signals.join())).size).to.equal(5);
  });
});

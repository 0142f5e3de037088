import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { concat, toBeHex } from "ethers";
import { network } from "hardhat";
import { powerOf } from "../../../offchain-runner/src/zk/compiledCircuit.ts";
import type { EvmVerifyingKey } from "../../../offchain-runner/src/zk/evmPoints.ts";
import { evmProof, evmVerifyingKey } from "../../../offchain-runner/src/zk/evmPoints.ts";
import { prove, setUp } from "../../../offchain-runner/src/zk/groth16.ts";
import { localPowerFor, localPowers } from "../../../offchain-runner/src/zk/powersOfTau.ts";
import { encodeTensors } from "../../../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../../../sdk/src/tensorValues.ts";
import { CircuitBench } from "../../fixtures/zk/circuits.ts";
import { smallNetwork } from "../../fixtures/zk/gadgetGraphs.ts";

const POWERS = fileURLToPath(new URL("../../../cache/zk", import.meta.url));
const ADD = toBeHex(6, 20);
const MULTIPLY = toBeHex(7, 20);
const PAIRING = toBeHex(8, 20);
const PRIME = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

describe("a proof in the EVM", () => {
  it("passes the pairing check of the precompiles for its own signals alone", async function () {
    this.timeout(300_000);
    const bench = new CircuitBench();
    try {
      const { circuit, graph, r1cs } = await bench.build(smallNetwork());
      const powers = await localPowers(localPowerFor(powerOf(r1cs)), POWERS, bench.prover);
      const keys = await setUp(circuit, powers, join(bench.folder, "key.zkey"), bench.prover);
      const input = encodeTensors([tensorFromNumbers("uint8", [4], [200, 0, 17, 255])]);
      const proved = await prove({ circuit, keys, root: graph.root }, { input, binding: 5n }, bench.prover);
      const [key, proof] = [evmVerifyingKey(keys.verifyingKey), evmProof(proved.proof)];
      expect(await isProof(key, proof, proved.signals)).to.equal(true);
      expect(await isProof(key, proof, proved.signals.with(-1, 6n))).to.equal(false);
      expect(
        await isProof(key, proof.with(0, proof[6] as bigint).with(1, proof[7] as bigint), proved.signals),
      ).to.equal(false);
    } finally {
      await bench.stop();
    }
  });
});

/** e(−A, B) · e(alpha, beta) · e(Σ signals, gamma) · e(C, delta) = 1. */
async function isProof(
  key: EvmVerifyingKey,
  proof: readonly bigint[],
  signals: readonly bigint[],
): Promise<boolean> {
  const { ethers } = await network.create("op");
  const call = async (to: string, words: readonly bigint[]): Promise<bigint[]> => {
    const answer = await ethers.provider.call({ to, data: concat(words.map((word) => toBeHex(word, 32))) });
    return (answer.slice(2).match(/.{64}/g) ?? []).map((word) => BigInt(`0x${word}`));
  };
  let sum = key.signals[0] ?? [];
  for (const [i, signal] of signals.entries()) {
    sum = await call(ADD, [...sum, ...(await call(MULTIPLY, [...(key.signals[i + 1] ?? []), signal]))]);
  }
  const [x = 0n, y = 0n] = proof;
  const pairs = [
    x,
    PRIME - y,
    ...proof.slice(2, 6),
    ...key.alpha,
    ...key.beta,
    ...sum,
    ...key.gamma,
    ...proof.slice(6),
    ...key.delta,
  ];
  return (await call(PAIRING, pairs))[0] === 1n;
}

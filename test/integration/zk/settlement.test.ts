import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { AbiCoder, getBytes, hexlify, id, keccak256, ZeroHash } from "ethers";
import hre from "hardhat";
import { ExactInterpreter } from "../../../offchain-runner/src/exact/interpreter.ts";
import { powerOf } from "../../../offchain-runner/src/zk/compiledCircuit.ts";
import { evmProof } from "../../../offchain-runner/src/zk/evmPoints.ts";
import { prove, setUp } from "../../../offchain-runner/src/zk/groth16.ts";
import { keyBlob } from "../../../offchain-runner/src/zk/keyBlob.ts";
import { localPowerFor, localPowers } from "../../../offchain-runner/src/zk/powersOfTau.ts";
import { bindingOf } from "../../../offchain-runner/src/zk/statement.ts";
import { encodeTensors } from "../../../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../../../sdk/src/tensorValues.ts";
import { deployProtocol } from "../../fixtures/protocol.ts";
import { CircuitBench } from "../../fixtures/zk/circuits.ts";
import { smallNetwork } from "../../fixtures/zk/gadgetGraphs.ts";
import { proofBytes } from "../../fixtures/zk/knownKey.ts";

const POWERS = fileURLToPath(new URL("../../../cache/zk", import.meta.url));
const [ZK, SINGLE, OPERATOR, OTHER] = [1, 1, 3, 4];
const INPUTS = [
  [200, 0, 17, 255],
  [0, 0, 0, 0],
  [255, 255, 255, 255],
  [1, 99, 128, 64],
];

describe("a proved result on the deployed protocol", () => {
  const bench = new CircuitBench();
  after(() => bench.stop());

  it("is backed for its own release, operator, input and output alone", async function () {
    this.timeout(600_000);
    const connection = await hre.network.create("op");
    const { hub, blobs, settlement, groth16, deployer } = await deployProtocol(connection);
    expect(await settlement.verifierOf(ZK)).to.equal(await groth16.getAddress());
    const { circuit, graph, r1cs } = await bench.build(smallNetwork());
    const powers = await localPowers(localPowerFor(powerOf(r1cs)), POWERS, bench.prover);
    const keys = await setUp(circuit, powers, join(bench.folder, "key.zkey"), bench.prover);
    const key = keyBlob(graph, keys.verifyingKey);
    for (const blob of [...graph.blobs, key]) await (await blobs.put(blob)).wait();
    const exact = {
      graphRoot: graph.graphRoot,
      loweringVersion: graph.root.loweringVersion,
      zkVerifier: await groth16.getAddress(),
      zkKeyDigest: await blobs.digestOf(key),
      zkKeyOrigin: SINGLE,
    };
    const content = {
      entry: 0,
      files: [
        { path: "model.onnx", size: 1, sha256Digest: id("small"), uri: "https://models.example.org/1" },
      ],
      inputs: [{ name: "x", dtype: 2, shape: [4] }],
      outputs: [{ name: "y", dtype: 3, shape: [1] }],
      contributors: [],
      arithmetic: 1,
      exact,
    };
    await (await hub.createModel("small")).wait();
    const model = keccak256(AbiCoder.defaultAbiCoder().encode(["address", "string"], [deployer, "small"]));
    const published: string[] = [];
    for (const isMajor of [false, true]) {
      await (await hub.publish(model, isMajor, content, 0n, 0n, 2, "", ZeroHash)).wait();
      const release = await hub.releaseAt(model, isMajor ? 2 : 1, 0);
      await (await groth16.admitKey(release)).wait();
      published.push(release);
    }
    const [release = "", twin = ""] = published;

    const { chainId } = await connection.ethers.provider.getNetwork();
    const interpreter = new ExactInterpreter(graph);
    const binding = bindingOf({ operatorId: OPERATOR, chainId, verifier: exact.zkVerifier, release });
    for (const values of INPUTS) {
      const input = encodeTensors([tensorFromNumbers("uint8", [4], values)]);
      const output = interpreter.evaluate(input);
      const proved = await prove({ circuit, keys, root: graph.root }, { input, binding }, bench.prover);
      const proof = proofBytes(evmProof(proved.proof));
      const statement = {
        release,
        operatorId: OPERATOR,
        signer: deployer,
        input: hexlify(input),
        output: hexlify(output),
      };
      expect(await groth16.signalsOf(statement)).to.deep.equal(proved.signals);
      const backed = (given: {
        release?: string;
        operatorId?: number;
        input?: Uint8Array;
        output?: Uint8Array;
      }) => {
        const shown = given.input ?? input;
        return settlement.requireProof(
          ZK,
          given.release ?? release,
          given.operatorId ?? OPERATOR,
          deployer,
          keccak256(shown),
          given.output ?? output,
          AbiCoder.defaultAbiCoder().encode(["bytes", "bytes"], [shown, proof]),
        );
      };
      const rejected = async (given: Parameters<typeof backed>[0]) => {
        await expect(backed(given))
          .to.be.revertedWithCustomError(settlement, "ProofRejected")
          .withArgs(ZK, given.release ?? release);
      };
      await backed({});
      await rejected({ release: twin });
      await rejected({ operatorId: OTHER });
      const wrong = getBytes(hexlify(output));
      wrong[wrong.length - 32] = ((wrong[wrong.length - 32] ?? 0) + 1) & 0xff;
      await rejected({ output: wrong });
      await rejected({ input: encodeTensors([tensorFromNumbers("uint8", [4], values.with(0, 100))]) });
    }
  });
});

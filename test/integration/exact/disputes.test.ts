import { expect } from "chai";
import { keccak256, Wallet, ZeroHash } from "ethers";
import { network } from "hardhat";
import { exactContent, publishExact, readExactModel } from "../../../bench/exactRelease.ts";
import { randomStream } from "../../../bench/randomStream.ts";
import type { StoredGraph } from "../../../offchain-runner/src/exact/blobs.ts";
import { ExactInterpreter } from "../../../offchain-runner/src/exact/interpreter.ts";
import type { Op } from "../../../offchain-runner/src/exact/program.ts";
import { INFERENCE_RESULT_TYPES, operatorsDomain } from "../../../sdk/src/inferenceResult.ts";
import type { ReleaseContent } from "../../../sdk/src/manifest.ts";
import { encodeTensors } from "../../../sdk/src/tensorCodec.ts";
import { deployProtocol } from "../../fixtures/protocol.ts";
import { graphOf, vectorOf } from "./randomPrograms.ts";

const STAKE = 50_000n * 10n ** 18n;
const WORDS = 900;
const GAS_CAP = 2n ** 24n;
const HALF = STAKE / 2n;

/** A graph of int64 arithmetic over 900 values that no transaction can compute whole. */
function longGraph(): StoredGraph {
  const steps: Op[] = Array.from({ length: 160 }, (_, i) => ({
    kind: "map",
    src: 0,
    dst: 0,
    outer: 1,
    channels: 1,
    inner: WORDS,
    perChannel: false,
    m: BigInt(3 + (i % 5)),
    b: BigInt(i),
    divisor: 2n,
    lo: -(2n ** 40n),
    hi: 2n ** 40n,
  }));
  return graphOf({ arenaWords: WORDS, steps, constants: new Uint8Array() });
}

describe("disputes of exact releases", function () {
  this.timeout(180_000);

  async function setUp() {
    const connection = await network.create({ network: "op", chainType: "op" });
    const { ethers, networkHelpers } = connection;
    const protocol = await deployProtocol(connection);
    const [deployer, owner, challenger, worker] = await ethers.getSigners();
    if (!deployer || !owner || !challenger || !worker) throw new Error("the network has too few accounts");
    const { opg, operators, disputes } = protocol;
    const signer = new Wallet(`0x${"51".repeat(32)}`);
    const domain = operatorsDomain(31_337n, await operators.getAddress());
    const consent = await signer.signTypedData(
      { ...domain },
      { SignerConsent: [{ name: "owner", type: "address" }] },
      { owner: owner.address },
    );
    await opg.transfer(owner, STAKE);
    await opg.connect(owner).approve(operators, STAKE);
    await operators.connect(owner).register(signer, consent, 1, "");
    await operators.connect(owner).stake(1, STAKE);

    const sign = async (
      release: string,
      input: Uint8Array,
      output: Uint8Array,
      codec = 1,
      by: Wallet = signer,
    ) => {
      const result = {
        context: ZeroHash,
        release,
        mode: 0,
        codec,
        inputHash: keccak256(input),
        outputHash: keccak256(output),
        fee: 0n,
        maxCover: 0n,
        validUntil: (await networkHelpers.time.latest()) + 3_600,
      };
      const { ...types } = INFERENCE_RESULT_TYPES;
      const signature = await by.signTypedData({ ...domain }, types as never, result);
      return { result, path: [], signature };
    };
    const stakeLeft = async () => (await operators.standingById(1)).stake * 10n ** 12n;
    return {
      ...protocol,
      ethers,
      networkHelpers,
      deployer,
      owner,
      challenger,
      worker,
      sign,
      stakeLeft,
      disputes,
    };
  }

  for (const name of ["eth-volatility-1h-exact", "digits"]) {
    it(`proves lies about ${name} in one transaction, and no truth`, async () => {
      const chain = await setUp();
      const { disputes, challenger, sign, stakeLeft } = chain;
      const model = readExactModel(name);
      const release = await publishExact(chain, chain.deployer, model);
      const [input = new Uint8Array(), other = new Uint8Array()] = model.inputs;
      const right = model.outputOf(input);
      const prove = async (output: Uint8Array, bytes = input, codec = 1) =>
        disputes.connect(challenger).proveWrongOutput(await sign(release, bytes, output, codec), bytes);

      for (const sample of model.inputs) {
        await expect(prove(model.outputOf(sample), sample)).to.be.revertedWithCustomError(
          disputes,
          "OutputRight",
        );
      }
      expect(await stakeLeft()).to.equal(STAKE);

      const lastBit = right.slice();
      lastBit[lastBit.length - 32] = (lastBit[lastBit.length - 32] ?? 0) ^ 1;
      await prove(lastBit);
      expect(await stakeLeft()).to.equal(HALF);
      await expect(prove(lastBit)).to.be.revertedWithCustomError(disputes, "AlreadyPunished");
      await prove(model.outputOf(other));
      await prove(right.slice(0, -1));
      await prove(right, input, 2);
      expect(await stakeLeft()).to.equal(HALF / 8n);

      // A padding byte, a byte too many, one too few: no right answer exists.
      for (const broken of [new Uint8Array([...input, 0]), input.slice(0, -1), withByte(input, 31)]) {
        const before = await stakeLeft();
        await prove(right, broken);
        expect(await stakeLeft()).to.equal(before / 2n);
      }
    });
  }

  it("computes a long graph over many transactions to its verdict, and pays whom it should", async () => {
    const chain = await setUp();
    const { ethers, disputes, operators, opg, challenger, worker, sign, stakeLeft, networkHelpers } = chain;
    const graph = longGraph();
    expect(graph.root.gasBound > GAS_CAP).to.equal(true);
    const spec = { dtype: 7, shape: [WORDS] };
    const content = exactContent(contentOf(spec), graph);
    const release = await publishExact(chain, chain.deployer, { name: "long", content, graph });
    const random = randomStream("long graph");
    const values = Array.from({ length: WORDS }, () => BigInt(Math.floor(random() * 2 ** 40)) - 2n ** 39n);
    const input = encodeTensors([vectorOf(values)]);
    const interpreter = new ExactInterpreter(graph);
    const right = interpreter.evaluate(input);

    for (const isLie of [false, true]) {
      const output = isLie ? withByte(right, right.length - 8) : right;
      const signed = await sign(release, input, output);
      const claim = {
        operatorId: 1,
        era: 0,
        release,
        codec: 1,
        inputHash: signed.result.inputHash,
        outputHash: signed.result.outputHash,
      };
      const { baseFeePerGas } = (await ethers.provider.getBlock("latest")) ?? {};
      const bond = await disputes.bondFor(graph.graphRoot, baseFeePerGas ?? 0n);
      expect(bond > 0n).to.equal(true);
      await disputes.connect(challenger).openChallenge(signed, { value: bond * 2n });
      const { outputHash, ...asked } = claim;
      const coder = ethers.AbiCoder.defaultAbiCoder();
      const question = keccak256(
        coder.encode(["uint32", "uint16", "bytes32", "uint8", "bytes32"], Object.values(asked)),
      );
      const answer = keccak256(ethers.concat([question, outputHash]));
      const key = `${question.slice(0, 2 + 38)}${answer.slice(2 + 38)}`;
      const { openedAt } = await disputes.challengeOf(key);

      let checkpoint = { pc: 0, state: input };
      let steps = 0;
      for (;;) {
        const sent = await disputes
          .connect(worker)
          .continueChallenge(claim, checkpoint.pc, checkpoint.state, { gasLimit: GAS_CAP });
        const receipt = await sent.wait();
        steps++;
        expect(Number(receipt?.gasUsed)).to.be.at.most(Number(GAS_CAP));
        const { pc, opener, stateHash } = await disputes.challengeOf(key);
        if (opener === ethers.ZeroAddress) break;
        // Whoever watches computes the state that the checkpoint is of.
        const next = interpreter.resume(checkpoint, Number(pc));
        expect(keccak256(next.state)).to.equal(stateHash);
        await expect(
          disputes
            .connect(worker)
            .continueChallenge(claim, checkpoint.pc, checkpoint.state, { gasLimit: GAS_CAP }),
        ).to.be.revertedWithCustomError(disputes, "CheckpointStale");
        checkpoint = next;
      }
      expect(steps).to.be.greaterThan(1);
      expect(await disputes.isPunished(key)).to.equal(isLie);
      expect(await stakeLeft()).to.equal(isLie ? HALF : STAKE);
      if (!isLie) {
        expect(await disputes.creditOf(chain.owner)).to.be.greaterThan(0n);
        continue;
      }
      await networkHelpers.time.increase(3_600);
      await disputes.payBounty(key);
      await disputes.payWork(key, openedAt, worker);
      const bounty = (HALF * 15n) / 100n;
      expect(await opg.balanceOf(challenger)).to.equal(bounty / 2n);
      expect(await opg.balanceOf(worker)).to.equal(bounty / 2n);
      expect(await operators.unburned()).to.equal(HALF - bounty);
    }

    // Every wei of the bonds belongs to somebody, and can be taken.
    const owed = await Promise.all([challenger, worker, chain.owner].map((who) => disputes.creditOf(who)));
    const held = await ethers.provider.getBalance(disputes);
    expect(owed.reduce((sum, amount) => sum + amount, 0n)).to.equal(held);
    for (const who of [challenger, worker, chain.owner]) await disputes.connect(who).withdrawCoin(who);
    expect(await ethers.provider.getBalance(disputes)).to.equal(0n);
  });
});

function withByte(bytes: Uint8Array, place: number): Uint8Array {
  const changed = bytes.slice();
  changed[place] = (changed[place] ?? 0) ^ 1;
  return changed;
}

function contentOf(spec: { dtype: number; shape: number[] }): ReleaseContent {
  return {
    entry: 0,
    files: [{ path: "model.onnx", size: 1, sha256Digest: `0x${"11".repeat(32)}`, uri: "" }],
    inputs: [{ name: "x", ...spec }],
    outputs: [{ name: "y", ...spec }],
    contributors: [],
    arithmetic: 1,
    exact: {
      graphRoot: ZeroHash,
      loweringVersion: 0,
      zkVerifier: `0x${"0".repeat(40)}`,
      zkKeyDigest: ZeroHash,
      zkKeyOrigin: 0,
    },
  };
}

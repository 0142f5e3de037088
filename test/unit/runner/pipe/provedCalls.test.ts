import { decodeBundles } from "@opg-network/sdk/carriedResults";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import { signedResultsOf } from "@opg-network/sdk/signedBundle";
import { expect } from "chai";
import { AbiCoder, hexlify } from "ethers";
import { InferenceError } from "../../../../offchain-runner/src/inference/inferenceError.ts";
import { carriedProof } from "../../../../offchain-runner/src/proving/resultProver.ts";
import { CircuitError } from "../../../../offchain-runner/src/zk/circuitError.ts";
import { expectError } from "../expectError.ts";
import { CONSUMER, type FakeProver, FEE, PAYER, PipeNode, query } from "../fakes/pipeNode.ts";
import { inferring } from "../fakes/scriptedCalls.ts";

const ONLY_ZK = { modes: 0b10 };
const PROOF = Uint8Array.of(5, 6, 7);

describe("calls in mode ZK", () => {
  let node: PipeNode;
  let prover: { -readonly [Key in keyof FakeProver]: FakeProver[Key] };

  beforeEach(() => {
    prover = {
      prove: async () => PROOF,
      requireRoom: () => undefined,
      expectedMs: () => 1_000,
      waitMs: () => 250,
      load: { provers: 1, running: 1, waiting: 3 },
    };
    node = new PipeNode({}, { prover });
  });
  afterEach(() => node.dispose());

  it("gives the proof along with the result, at its own price", async () => {
    node.calls.onCall = inferring([query("0x01", ONLY_ZK)], PAYER, CONSUMER);
    const given = await node.run();
    expect(given).to.include({ complete: true, totalFee: 2n * FEE });
    const [bundle] = decodeBundles(given.results);
    expect(bundle?.results[0]).to.include({ mode: 1, proof: carriedProof(Uint8Array.of(1), PROOF) });
    const [input, proof] = AbiCoder.defaultAbiCoder().decode(
      ["bytes", "bytes"],
      bundle?.results[0]?.proof ?? "0x",
    );
    expect([input, proof]).to.deep.equal(["0x01", hexlify(PROOF)]);
  });

  it("signs the same whatever the proof is", async () => {
    node.calls.onCall = inferring([query("0x01", ONLY_ZK)], PAYER, CONSUMER);
    const signed = async () => {
      const bundles = decodeBundles((await node.run()).results);
      return bundles.map((bundle) => ({
        proof: bundle.results[0]?.proof,
        signature: bundle.signature,
        hashes: signedResultsOf(bundle, PAYER).map(resultHash),
      }))[0];
    };
    const first = await signed();
    prover.prove = async () => Uint8Array.of(9);
    const second = await signed();
    expect(first?.proof).to.not.equal(second?.proof);
    expect([first?.hashes, first?.signature]).to.deep.equal([second?.hashes, second?.signature]);
  });

  it("answers what allows both in the first mode of its configuration, and proves nothing for it", async () => {
    prover.prove = async () => expect.fail("proved");
    node.calls.onCall = inferring([query("0x01", { modes: 0b11 })], PAYER, CONSUMER);
    const given = await node.run();
    expect(given).to.include({ complete: true, totalFee: FEE });
    expect(given.inferences[0]).to.include({ mode: 0 });
  });

  it("leaves to other nodes what it would prove too late", async () => {
    prover.expectedMs = () => 60_000;
    node.calls.onCall = inferring([query("0x01", ONLY_ZK)], PAYER, CONSUMER);
    const given = await node.run();
    expect([given.complete, given.missing.length, node.runs]).to.deep.equal([false, 1, []]);
    prover.expectedMs = () => 1_000;
    expect(await node.run({ deadlineMs: 1_000 })).to.include({ complete: false });
    expect(await node.run({ deadlineMs: 5_000 })).to.include({ complete: true });
  });

  it("says why there is no proof and nothing of the prover, and books nothing for it", async () => {
    const said = { reason: "its process ended with SIGKILL", said: "/home/node/keys" };
    prover.prove = async () => {
      throw new CircuitError("proving-stopped", said);
    };
    node.calls.onCall = inferring([query("0x01", ONLY_ZK)], PAYER, CONSUMER);
    const error = await expectError(node.run(), "unavailable");
    expect(error).to.include({ retryable: true });
    expect(error.data).to.include({ reason: "proving-stopped" });
    expect(JSON.stringify([error.message, error.data])).to.not.include("/home");
    expect(node.quota.totals().served).to.equal(0);
  });

  it("runs nothing when as many proofs wait as may", async () => {
    prover.requireRoom = () => {
      throw new InferenceError("no-capacity", { waiting: 3 });
    };
    node.calls.onCall = inferring([query("0x01", ONLY_ZK)], PAYER, CONSUMER);
    await expectError(node.run(), "no-capacity");
    expect([node.runs, node.quota.totals().served]).to.deep.equal([[], 0]);
    node.calls.onCall = inferring([query("0x01")], PAYER, CONSUMER);
    expect(await node.run()).to.include({ complete: true });
  });
});

import { decodeBundles } from "@opg-network/sdk/carriedResults";
import type { InferenceQuery } from "@opg-network/sdk/inferenceQuery";
import { encodeInferenceRequired } from "@opg-network/sdk/inferenceQuery";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import type { PreexecuteResponse } from "@opg-network/sdk/nodeApi";
import { signedResultsOf } from "@opg-network/sdk/signedBundle";
import { expect } from "chai";
import { AbiCoder, hexlify } from "ethers";
import type { Caller } from "../../../../offchain-runner/src/pipe/caller.ts";
import { ProofPlaces } from "../../../../offchain-runner/src/pipe/proofPlaces.ts";
import { carriedProof } from "../../../../offchain-runner/src/proving/resultProver.ts";
import { CircuitError } from "../../../../offchain-runner/src/zk/circuitError.ts";
import { expectError } from "../expectError.ts";
import {
  ALICE,
  CONSUMER,
  type FakeProver,
  FEE,
  PAYER,
  PipeNode,
  PROOF_PLACES,
  query,
} from "../fakes/pipeNode.ts";
import { inferring } from "../fakes/scriptedCalls.ts";

const ONLY_ZK = { modes: 0b10 };
const PROOF = Uint8Array.of(5, 6, 7);

describe("calls in mode ZK", () => {
  let node: PipeNode;
  let prover: { -readonly [Key in keyof FakeProver]: FakeProver[Key] };

  beforeEach(() => {
    prover = {
      prove: async () => PROOF,
      hasProof: () => false,
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

  it("books a proof again that it has to make again, and not one that is at hand", async () => {
    node.calls.onCall = inferring([query("0x01", ONLY_ZK)], PAYER, CONSUMER);
    await node.run();
    prover.hasProof = () => true;
    await node.run();
    expect(node.quota.totals().served).to.equal(1);
    // Others have crowded it out of the few that are kept.
    prover.hasProof = () => false;
    await node.run();
    expect(node.quota.totals().served).to.equal(2);
  });

  it("gives one result that all queries allow which it answers, in whatever order they come", async () => {
    const either = { modes: 0b11 };
    for (const [first, second] of [
      [ONLY_ZK, either],
      [either, ONLY_ZK],
    ]) {
      const data = encodeInferenceRequired({
        ...{ account: PAYER, consumer: CONSUMER },
        queries: [query("0x01", first), query("0x01", second)],
      });
      node.calls.onCall = ({ outputs }) => (outputs.size === 0 ? { reverts: data } : { passes: 90_000n });
      const given = await node.run();
      expect(given.inferences.map(({ mode }) => mode)).to.deep.equal([1]);
    }
  });

  it("makes no result where the queries of one input allow none together", async () => {
    const data = encodeInferenceRequired({
      ...{ account: PAYER, consumer: CONSUMER },
      queries: [query("0x01", ONLY_ZK), query("0x01")],
    });
    node.calls.onCall = () => ({ reverts: data });
    expect(await node.run()).to.include({ complete: false, rounds: 0, totalFee: 0n });
    expect([node.runs, node.quota.totals().served]).to.deep.equal([[], 0]);
  });

  describe("that one caller makes too many of", () => {
    /** Proofs that are being made. */
    let held: (() => void)[];
    let inputs: number;

    beforeEach(() => {
      [held, inputs] = [[], 0];
      prover.prove = () => new Promise((resolve) => held.push(() => resolve(PROOF)));
    });

    const asked = (count: number, terms: object = ONLY_ZK) =>
      Array.from({ length: count }, () => query(`0x${(++inputs).toString(16).padStart(4, "0")}`, terms));

    function call(caller: Caller, queries: InferenceQuery[]): Promise<PreexecuteResponse> {
      node.calls.onCall = inferring(queries, PAYER, CONSUMER);
      return node.run({}, { caller });
    }

    async function until(count: number): Promise<void> {
      while (held.length < count) await new Promise((resolve) => setImmediate(resolve));
    }

    it("leaves three quarters of the places to others, under whatever names it asks at once", async () => {
      const share = PROOF_PLACES / 4;
      const own: Promise<PreexecuteResponse>[] = [];
      for (let number = 0; number < share; ++number) {
        own.push(call({ ...ALICE, id: `fresh-${number}` }, asked(1)));
        await until(own.length);
      }
      const runs = node.runs.length;
      for (const id of ["fresh-4", "fresh-5"]) {
        const error = await expectError(call({ ...ALICE, id }, asked(1)), "no-capacity");
        expect(error).to.include({ retryable: true });
      }
      expect([node.runs.length, node.quota.totals().served]).to.deep.equal([runs, share]);
      // Neither another network nor what needs no proof is kept waiting.
      own.push(call({ ...ALICE, id: "bob", network: "10.0.0.2" }, asked(1)));
      await until(share + 1);
      expect(await call({ ...ALICE, id: "fresh-6" }, asked(1, {}))).to.include({ complete: true });
      for (const finish of held) finish();
      for (const each of own) expect(await each).to.include({ complete: true });
      own.push(call({ ...ALICE, id: "fresh-7" }, asked(1)));
      await until(share + 2);
      held.at(-1)?.();
      expect(await own.at(-1)).to.include({ complete: true });
    });

    it("refuses more in one call than one caller has places, before anything is run", async () => {
      const data = encodeInferenceRequired({
        ...{ account: PAYER, consumer: CONSUMER },
        queries: asked(PROOF_PLACES / 4 + 1),
      });
      node.calls.onCall = () => ({ reverts: data });
      const error = await expectError(node.run(), "no-capacity");
      expect(error).to.include({ retryable: false });
      expect([node.runs, node.quota.totals().served]).to.deep.equal([[], 0]);
    });
  });
});

describe("ProofPlaces", () => {
  it("leaves half of all calls to what needs no proof", async () => {
    const places = new ProofPlaces({ places: 100, maxCalls: 4 });
    const [leave] = [places.take("a", 1), places.take("b", 1)];
    await expectError(
      Promise.resolve().then(() => places.take("c", 1)),
      "no-capacity",
    );
    leave?.();
    leave?.();
    places.take("c", 1);
    expect(() => places.take("d", 1)).to.throw();
  });

  it("has a place for everybody where there are few", () => {
    const places = new ProofPlaces({ places: 1, maxCalls: 1 });
    places.take("a", 1)();
    places.take("b", 1)();
  });
});

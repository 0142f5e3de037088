import { decodeBundles } from "@opg-network/sdk/carriedResults";
import { encodeInferenceRequired } from "@opg-network/sdk/inferenceQuery";
import { bundleSigner } from "@opg-network/sdk/signedBundle";
import { expect } from "chai";
import { keccak256, parseEther } from "ethers";
import { pipeInterface } from "../../../../offchain-runner/src/chain/contracts.ts";
import { InferenceError } from "../../../../offchain-runner/src/inference/inferenceError.ts";
import { NodeError } from "../../../../offchain-runner/src/nodeError.ts";
import { expectError } from "../expectError.ts";
import {
  CONSUMER,
  DOMAIN,
  EXECUTOR,
  FEE,
  HEAD_SEC,
  OPERATOR,
  OTHER_RELEASE,
  PAYER,
  PIPE,
  PipeNode,
  query,
} from "../fakes/pipeNode.ts";
import { inferring } from "../fakes/scriptedCalls.ts";

const STRANGER = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

describe("PreExecutor", () => {
  const nodes: PipeNode[] = [];

  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.dispose();
  });

  function open(...[overrides]: ConstructorParameters<typeof PipeNode>): PipeNode {
    const node = new PipeNode(overrides);
    nodes.push(node);
    return node;
  }

  it("asks the chain once a round, and signs for payer and consumer", async () => {
    const node = open();
    node.calls.onCall = inferring([query("0x01"), query("0x02")], PAYER, CONSUMER);
    const given = await node.run();
    expect(node.calls.methods).to.deep.equal(["eth_call", "eth_estimateGas", "eth_estimateGas"]);
    expect(given).to.include({ complete: true, rounds: 2, totalFee: 2n * FEE, gasUsed: 90_000n });
    expect(given.validUntil).to.equal(HEAD_SEC + node.config.resultValiditySec);
    expect(given.inferences.map(({ operatorId, consumer }) => [operatorId, consumer])).to.deep.equal([
      [OPERATOR, CONSUMER],
      [OPERATOR, CONSUMER],
    ]);
    const [bundle, ...others] = decodeBundles(given.results);
    expect(others).to.deep.equal([]);
    expect(bundle?.results.map(({ output }) => output)).to.deep.equal(["0x0101", "0x0201"]);
    expect(bundleSigner(bundle as never, PAYER, DOMAIN)).to.equal(node.signer);
  });

  it("gives back a call that infers nothing, unless nobody is called", async () => {
    const node = open();
    expect(await node.run()).to.include({ complete: true, results: "0x", rounds: 0, totalFee: 0n });
    node.calls.code = "0x";
    await expectError(node.run(), "invalid-request");
    await expectError(node.run({ carry: "batch" }), "invalid-request");
    await expectError(node.run({ carry: "executor" }), "invalid-request");
  });

  it("pretends the delegation only of an account that has no code", async () => {
    const node = open();
    const own = { from: PAYER, to: PAYER, data: "0x12" } as const;
    await node.run({ carry: "batch", call: own, delegate: EXECUTOR });
    expect(node.calls.seen.at(-1)?.override).to.equal(undefined);
    node.calls.code = "0x";
    await node.run({ carry: "batch", call: own, delegate: EXECUTOR });
    expect(node.calls.seen.at(-1)?.override).to.deep.equal({
      [PAYER]: { code: `0xef0100${EXECUTOR.slice(2)}` },
    });
  });

  it("runs nothing for a lack that results would not reach: of another contract, or on behalf of another", async () => {
    const node = open();
    node.calls.onCall = inferring([query("0x01")], PAYER, STRANGER);
    await expectError(node.run(), "call-reverts");
    node.calls.onCall = inferring([query("0x01")], STRANGER, CONSUMER);
    await expectError(node.run({ carry: "batch" }), "call-reverts");
    await expectError(node.run({ carry: "executor" }), "call-reverts");
    await expectError(node.run({ payer: PAYER }), "invalid-request");
    expect([node.runs, node.quota.totals().served]).to.deep.equal([[], 0]);
  });

  it("gives a contract that lies about what it lacks one answer, at its caller's expense", async () => {
    const node = open();
    const data = encodeInferenceRequired({ account: PAYER, consumer: CONSUMER, queries: [query("0x01")] });
    node.calls.onCall = () => ({ reverts: data });
    await expectError(node.run(), "call-reverts");
    expect([node.runs, node.calls.seen.length]).to.deep.equal([["01"], 2]);
    expect(node.quota.totals()).to.include({ served: 1, unpaidGrains: 100_000 });
  });

  it("ends a call that lacks something and does not say what", async () => {
    const node = open();
    const data = encodeInferenceRequired({ account: PAYER, consumer: CONSUMER, queries: [] });
    node.calls.onCall = () => ({ reverts: data });
    await expectError(node.run(), "call-reverts");
    expect(node.calls.seen).to.have.length(1);
  });

  it("ends a call that wants something else each round, or too much in one", async () => {
    const node = open({ maxRounds: 3, maxResults: 4 });
    let round = 0;
    const lacking = (count: number) =>
      encodeInferenceRequired({
        ...{ account: PAYER, consumer: CONSUMER },
        queries: Array.from({ length: count }, () => query(`0x${(++round).toString(16).padStart(2, "0")}`)),
      });
    node.calls.onCall = () => ({ reverts: lacking(1) });
    expect((await expectError(node.run(), "too-many-rounds")).data).to.deep.equal({ maxRounds: 3 });
    expect(node.runs).to.have.length(3);
    node.calls.onCall = () => ({ reverts: lacking(2) });
    expect((await expectError(node.run(), "too-many-rounds")).data).to.deep.equal({ maxResults: 4 });
    node.calls.onCall = () => ({ reverts: lacking(5) });
    await expectError(node.run(), "too-many-rounds");
    expect(node.runs).to.have.length(7);
  });

  it("answers its part, and leaves the rest to another node", async () => {
    const node = open();
    const [mine, other] = [query("0x01"), query("0x02", { release: OTHER_RELEASE })];
    const data = encodeInferenceRequired({ account: PAYER, consumer: CONSUMER, queries: [other, mine] });
    node.calls.onCall = () => ({ reverts: data });
    const given = await node.run();
    expect(given).to.include({ complete: false, totalFee: FEE, rounds: 1, gasUsed: 0n });
    expect(given.missing).to.deep.equal([other]);
    expect(decodeBundles(given.results)).to.have.length(1);
    node.calls.onCall = inferring([other], PAYER, CONSUMER);
    expect(await node.run()).to.deep.include({ complete: false, results: "0x", missing: [other] });
  });

  it("takes along what other nodes gave, and counts it", async () => {
    const [first, second] = [open(), open()];
    first.calls.onCall = inferring([query("0x01")], PAYER, CONSUMER);
    const { results } = await first.run();
    second.calls.onCall = inferring([query("0x01"), query("0x02")], PAYER, CONSUMER);
    const given = await second.run({ results: results as `0x${string}` });
    expect(given).to.include({ complete: true, totalFee: 2n * FEE, rounds: 1 });
    expect(given.results.startsWith(results)).to.equal(true);
    expect(second.runs).to.deep.equal(["02"]);
    const limited = second.run({ results: results as `0x${string}`, maxFee: 2n * FEE - 1n });
    await expectError(limited, "fee-above-maximum");
  });

  it("refuses what was brought and is broken or has expired", async () => {
    const node = open();
    await expectError(node.run({ results: "0x0011" }), "invalid-request");
    expect(node.calls.seen).to.deep.equal([]);
    node.calls.onCall = inferring([query("0x01")], PAYER, CONSUMER);
    const { results } = await node.run();
    const data = pipeInterface.encodeErrorResult("ResultNotValid", [1, 2]);
    node.calls.onCall = () => ({ reverts: data });
    const late = node.run({ results: results as `0x${string}` });
    expect((await expectError(late, "call-reverts")).data).to.deep.equal({ data });
  });

  it("runs nothing that its caller does not want to pay or its payer cannot", async () => {
    const node = open();
    node.budget = { balance: parseEther("10"), blockLimit: FEE - 1n };
    node.calls.onCall = inferring([query("0x01", { maxFee: FEE - 1n })], PAYER, CONSUMER);
    await expectError(node.run(), "fee-above-maximum");
    node.calls.onCall = inferring([query("0x01")], PAYER, CONSUMER);
    await expectError(node.run({ maxFee: FEE - 1n }), "fee-above-maximum");
    const { data } = await expectError(node.run(), "payer-cannot-pay");
    expect(data).to.include({ payer: PAYER, consumer: CONSUMER, means: `${FEE - 1n}`, needed: `${FEE}` });
    node.calls.onCall = inferring([query("0x01")], EXECUTOR, CONSUMER);
    node.balance = 0n;
    await expectError(node.run({ carry: "executor" }), "payer-cannot-pay");
    expect(node.runs).to.deep.equal([]);
  });

  it("sees a budget that was funded a moment ago", async () => {
    const node = open();
    node.calls.onCall = inferring([query("0x01")], PAYER, CONSUMER);
    node.budget = { balance: 0n, blockLimit: FEE };
    await expectError(node.run(), "payer-cannot-pay");
    node.budget = { balance: FEE, blockLimit: FEE };
    expect(await node.run()).to.include({ complete: true });
  });

  it("says that the payer cannot pay in this block when its limit is spent", async () => {
    const node = open();
    const data = pipeInterface.encodeErrorResult("BlockLimitReached", [PAYER, CONSUMER, 0n, FEE]);
    const infers = inferring([query("0x01")], PAYER, CONSUMER);
    node.calls.onCall = (call) => (call.outputs.size === 0 ? infers(call) : { reverts: data });
    const error = await expectError(node.run(), "payer-cannot-pay");
    expect(error.retryable).to.equal(true);
    expect(error.data).to.include({ kind: "block-limit", payer: PAYER, means: "0", needed: `${FEE}` });
  });

  it("tells of a revert what the contract said, and of a huge one the beginning", async () => {
    const node = open();
    node.calls.onCall = () => ({ reverts: "0xdeadbeef" });
    expect((await expectError(node.run(), "call-reverts")).data).to.deep.equal({ data: "0xdeadbeef" });
    node.calls.onCall = () => ({ reverts: `0x${"ab".repeat(3_000_000)}` });
    const beganAtMs = performance.now();
    const { data } = await expectError(node.run(), "call-reverts");
    expect(data.bytes).to.equal(3_000_000);
    expect((data.data as string).length).to.equal(2 + 2 * 16_384);
    expect(performance.now() - beganAtMs, "others wait meanwhile").to.be.lessThan(500);
  });

  it("passes on that the chain does not answer", async () => {
    const node = open();
    node.calls.onCall = () => {
      throw new NodeError("rpc-unavailable", "a chain endpoint does not answer", { retryable: true });
    };
    await expectError(node.run(), "rpc-unavailable");
  });

  it("books nothing for a failure of its own, and something for what an input does to the model", async () => {
    const node = open();
    node.calls.onCall = inferring([query("0x01")], PAYER, CONSUMER);
    node.onRun = async () => {
      throw new InferenceError("worker-lost");
    };
    await expectError(node.run(), "worker-lost");
    expect(node.quota.totals().served).to.equal(0);
    node.onRun = async () => {
      throw new InferenceError("inference-timeout");
    };
    await expectError(node.run(), "inference-timeout");
    expect(node.quota.totals().served).to.equal(1);
    node.onCheck = () => {
      throw new InferenceError("inference-failed");
    };
    await expectError(node.run(), "call-reverts");
  });

  it("gives nothing away before it is on disk, and simulates meanwhile", async () => {
    const node = open();
    node.calls.onCall = inferring([query("0x01")], PAYER, CONSUMER);
    let flush: (failure?: unknown) => void = () => undefined;
    node.onFlush = () =>
      new Promise((resolve, reject) => {
        flush = (failure) => (failure === undefined ? resolve() : reject(failure));
      });
    for (const failure of [undefined, "disk full"]) {
      let isGiven = false;
      const asked = node.run().then(
        () => {
          isGiven = true;
        },
        (error: unknown) => error,
      );
      const before = node.calls.seen.length;
      while (node.calls.seen.length < before + 2) await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(isGiven).to.equal(false);
      flush(failure);
      expect(await asked).to.equal(failure);
    }
  });

  it("signs nothing after the deadline, and keeps the output that came too late", async () => {
    const node = open();
    node.calls.onCall = inferring([query("0x01")], PAYER, CONSUMER);
    const stop = new AbortController();
    let finish: () => void = () => undefined;
    node.onRun = () =>
      new Promise((resolve) => {
        finish = () => resolve(Uint8Array.of(9));
      });
    const late = node.run({}, { signal: stop.signal }).catch((error: unknown) => error);
    while (node.runs.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort("too late");
    expect(await late).to.equal("too late");
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    const given = await node.run();
    expect(node.runs).to.deep.equal(["01"]);
    expect(given.inferences[0]?.inputHash).to.equal(keccak256("0x01"));
    expect(node.calls.methods).to.deep.equal(["eth_call", "eth_call", "eth_estimateGas"]);
  });

  it("names the contracts of the deployment when it goes through the executor", async () => {
    const node = open();
    await node.run({ carry: "executor" });
    const [called] = node.calls.seen;
    expect(pipeInterface.parseTransaction({ data: called?.data ?? "" })?.name).to.equal("execute");
    expect(PIPE).to.not.equal(CONSUMER);
  });
});

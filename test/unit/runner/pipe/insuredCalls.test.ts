import { decodeBundles, splitResults } from "@opg-network/sdk/carriedResults";
import { encodeInferenceRequired, type InferenceQuery } from "@opg-network/sdk/inferenceQuery";
import { expect } from "chai";
import { dataSlice, parseEther } from "ethers";
import { InferenceError } from "../../../../offchain-runner/src/inference/inferenceError.ts";
import { expectError } from "../expectError.ts";
import { pipeConfig } from "../fakes/pipeConfig.ts";
import { CONSUMER, HEAD_SEC, PAYER, PipeNode, query } from "../fakes/pipeNode.ts";
import { inferring } from "../fakes/scriptedCalls.ts";

const OTHER_CONSUMER = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
/** Of `PipeNode`: 150 for one payer. */
const COVER = "60";

describe("insured calls", () => {
  let node: PipeNode;

  beforeEach(() => {
    node = new PipeNode({ unpaid: { ...pipeConfig().unpaid, base: parseEther("1000") } });
  });
  afterEach(() => node.dispose());

  const insured = (input: string): InferenceQuery =>
    query(input, { cover: { amount: parseEther(COVER), beneficiary: OTHER_CONSUMER } });
  const asking = (...queries: InferenceQuery[]): void => {
    node.calls.onCall = inferring(queries, PAYER, CONSUMER);
  };
  const coversIn = (results: string): bigint =>
    decodeBundles(results)
      .flatMap((bundle) => bundle.results)
      .reduce((sum, { maxCover }) => sum + maxCover, 0n);

  it("insures of one batch what its limits allow, and leaves the rest to others", async () => {
    const queries = ["0x01", "0x02", "0x03", "0x04"].map(insured);
    const data = encodeInferenceRequired({ account: PAYER, consumer: CONSUMER, queries });
    node.calls.onCall = () => ({ reverts: data });
    const given = await node.run();
    expect(given.missing).to.deep.equal(queries.slice(2));
    expect(coversIn(given.results)).to.equal(parseEther("120"));
  });

  it("insures no more for being asked at the same time", async () => {
    node.calls.onCall = (seen) =>
      inferring([insured(dataSlice(splitResults(seen.data).call, 4))], PAYER, CONSUMER)(seen);
    const given = await Promise.all(
      ["01", "02", "03", "04", "05"].map((input) =>
        node.run({ call: { from: PAYER, to: CONSUMER, data: `0x12345678${input}` } }),
      ),
    );
    expect(given.filter(({ complete }) => complete)).to.have.length(2);
    expect(given.reduce((sum, { results }) => sum + coversIn(results), 0n)).to.equal(parseEther("120"));
  });

  it("signs the same again for a call that comes again, in a later block too", async () => {
    asking(insured("0x01"));
    const first = await node.run();
    for (const sec of [2, 100, 150]) {
      node.observe(HEAD_SEC + sec);
      expect((await node.run()).results).to.equal(first.results);
    }
    expect(first.validUntil).to.equal(HEAD_SEC + node.config.resultValiditySec);
  });

  it("counts a later validity and another consumer as further covers", async () => {
    asking(insured("0x01"));
    await node.run();
    node.observe(HEAD_SEC + 151);
    const again = await node.run();
    expect(again.validUntil).to.equal(HEAD_SEC + 151 + node.config.resultValiditySec);
    node.calls.onCall = inferring([insured("0x01")], PAYER, OTHER_CONSUMER);
    const call = { from: PAYER, to: OTHER_CONSUMER, data: "0x12345678" } as const;
    expect(await node.run({ call })).to.deep.include({ complete: false, results: "0x" });
    node.observe(HEAD_SEC + 301);
    expect(await node.run({ call })).to.include({ complete: true });
  });

  it("gives back what a run that failed had held", async () => {
    node.onRun = async () => {
      throw new InferenceError("worker-lost");
    };
    asking(insured("0x01"), insured("0x02"));
    for (let i = 0; i < 3; ++i) await expectError(node.run(), "worker-lost");
    node.onRun = async () => Uint8Array.of(1);
    asking(insured("0x03"), insured("0x04"));
    expect(await node.run()).to.include({ complete: true });
  });

  it("leaves to others what requests have taken of the same limits", async () => {
    node.requested = { ofPayer: parseEther("100"), total: parseEther("100"), lockable: 0n };
    asking(insured("0x01"));
    expect(await node.run()).to.include({ complete: false, results: "0x" });
  });
});

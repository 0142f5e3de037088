import { encodeBundle } from "@opg-network/sdk/carriedResults";
import { APPENDED, batchCarrier, executorCarrier } from "@opg-network/sdk/carrier";
import { encodeInferenceRequired } from "@opg-network/sdk/inferenceQuery";
import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { createCallSimulator } from "../../../../offchain-runner/src/pipe/callSimulator.ts";
import { expectError } from "../expectError.ts";
import { CONSUMER, EXECUTOR, PAYER, PIPE, query } from "../fakes/pipeNode.ts";
import { ScriptedCalls } from "../fakes/scriptedCalls.ts";

const GAS_LIMIT = 2n ** 24n;
const CALL = { from: PAYER, to: CONSUMER, data: "0x12345678", value: 0n };
const RESULT = {
  ...{ release: `0x${"01".repeat(32)}`, inputHash: `0x${"02".repeat(32)}`, mode: 0, codec: 1 },
  ...{ fee: 0n, maxCover: 0n, output: "0x01", proof: "0x" },
};
const RESULTS = encodeBundle({
  ...{ consumer: ZeroAddress, validUntil: 1, results: [RESULT] },
  signature: `0x${"00".repeat(65)}`,
});
const LACK = encodeInferenceRequired({ account: PAYER, consumer: CONSUMER, queries: [query("0x01")] });

describe("callSimulator", () => {
  let calls: ScriptedCalls;

  beforeEach(() => {
    calls = new ScriptedCalls();
  });

  const simulate = (results = RESULTS, carrier = APPENDED) =>
    createCallSimulator(calls, GAS_LIMIT).simulate(carrier, CALL, results, new AbortController().signal);

  it("takes the estimate of a call that is sent as it is simulated for its simulation", async () => {
    expect(await simulate()).to.deep.equal({ kind: "passed", gasUsed: 50_000n });
    expect(calls.methods).to.deep.equal(["eth_estimateGas"]);
    calls.onCall = () => ({ reverts: LACK });
    expect(await simulate()).to.deep.include({ kind: "required", data: LACK });
    expect(calls.methods).to.deep.equal(["eth_estimateGas", "eth_estimateGas"]);
  });

  it("asks first what a call lacks that carries nothing, and its gas when it lacks nothing", async () => {
    expect(await simulate("0x")).to.deep.equal({ kind: "passed", gasUsed: 50_000n });
    expect(calls.methods).to.deep.equal(["eth_call", "eth_estimateGas"]);
  });

  it("asks both at once where the two differ, and believes the rehearsal", async () => {
    const carrier = executorCarrier(PIPE, EXECUTOR);
    calls.onCall = ({ method }) => (method === "eth_call" ? { reverts: LACK } : { passes: 1n });
    expect((await simulate(RESULTS, carrier)).kind).to.equal("required");
    expect([...calls.methods].sort()).to.deep.equal(["eth_call", "eth_estimateGas"]);
    calls.onCall = ({ method }) => (method === "eth_call" ? { passes: 1n } : { reverts: "0x01" });
    expect(await simulate(RESULTS, carrier)).to.deep.equal({ kind: "reverted", data: "0x01" });
  });

  it("asks again where an endpoint keeps what an estimate reverted with to itself", async () => {
    calls.onCall = ({ method }) => ({ reverts: method === "eth_call" ? LACK : null });
    expect((await simulate()).kind).to.equal("required");
    expect(calls.methods).to.deep.equal(["eth_estimateGas", "eth_call"]);
  });

  it("measures the gas where code is pretended", async () => {
    calls.onCall = ({ gas }) => (gas >= 123_456n ? { passes: 0n } : { reverts: null });
    const end = await simulate(RESULTS, batchCarrier(PIPE, PAYER, EXECUTOR));
    expect(new Set(calls.methods)).to.deep.equal(new Set(["eth_call"]));
    const { gasUsed } = end as { gasUsed: bigint };
    expect(gasUsed >= 123_456n && gasUsed < (123_456n * 33n) / 32n).to.equal(true);
  });

  it("measures nothing for a call that does not pass", async () => {
    calls.onCall = () => ({ reverts: LACK });
    expect((await simulate(RESULTS, batchCarrier(PIPE, PAYER, EXECUTOR))).kind).to.equal("required");
    expect(calls.seen).to.have.length(1);
  });

  it("takes a failure of the call for one, with data or without", async () => {
    for (const [reverts, code, data] of [
      ["0xdeadbeef", 3, "0xdeadbeef"],
      ["0x", 3, "0x"],
      [null, -32_000, "0x"],
      [null, -32_015, "0x"],
    ] as const) {
      calls.onCall = () => ({ reverts, code });
      expect(await simulate("0x")).to.deep.equal({ kind: "reverted", data });
    }
  });

  it("finds revert data where endpoints hide it", async () => {
    calls.sendAlone = async () => ({ error: { code: -32_603, message: "x", data: { data: "0x1234" } } });
    expect(await simulate()).to.deep.equal({ kind: "reverted", data: "0x1234" });
  });

  it("does not take a question that was not understood for a call that fails", async () => {
    for (const code of [-32_601, -32_602]) {
      calls.onCall = () => ({ reverts: null, code });
      await expectError(simulate(), "rpc-refused");
    }
  });

  it("refuses answers that are none", async () => {
    for (const result of [null, 7, "0x", "50000", {}]) {
      calls.sendAlone = async (method) => ({ result: method === "eth_call" ? "0x" : result });
      await expectError(simulate(), "rpc-refused");
    }
    for (const result of [null, 7, {}]) {
      calls.sendAlone = async () => ({ result });
      await expectError(simulate("0x"), "rpc-refused");
    }
  });
});

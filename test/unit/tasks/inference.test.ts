import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { expect } from "chai";
import { hexlify } from "ethers";
import hre from "hardhat";
import { fulfil, modelOutput } from "../../fixtures/answers.ts";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";

const MODEL = path.join(hre.config.paths.root, "models", "eth-volatility-1h");
const CANDLES = path.join(MODEL, "sample.json");
const WINDOW_SEC = 86_400;

interface Sample {
  cases: { name: string; candles: number[][]; volatility?: number; output?: number }[];
}

interface Result {
  verdict: string;
  signature: string;
  rerun: { kind: string; maxDifference?: number };
  standingThen: { status: string; stake: string };
  standingNow: { status: string };
}

describe("inference commands", () => {
  let cli: CommandLine;
  let signer: string;
  let requester: string;
  let output: string;
  const release = "eth-volatility-1h";

  before(async () => {
    cli = await commandLine();
    [, signer = "", requester = ""] = cli.accounts;
    await cli.value("hub publish", { folder: MODEL });
    await cli.value("operator onboard", { release, signer, stake: "2000", price: "0.05", slots: "4" });
    await cli.protocol.opg.transfer(requester, 100n * 10n ** 18n);
  });

  after(async () => await cli.close());

  const ask = async (args: Record<string, unknown> = {}) =>
    await cli.value("inference request", { release, candles: CANDLES, from: requester, yes: true, ...args });

  async function inputOf(id: unknown): Promise<string> {
    const [log] = await cli.protocol.requests.queryFilter(
      cli.protocol.requests.filters.RequestOpened(String(id)),
    );
    return log?.args.input ?? "";
  }

  async function answer(...ids: unknown[]) {
    const shown = await cli.value("hub show", { release });
    const runnable = { ...shown, id: String(shown.release), entry: 0 } as unknown as Parameters<
      typeof modelOutput
    >[0];
    output ??= await modelOutput(runnable, await inputOf(ids[0]));
    return await fulfil(
      cli,
      signer,
      ids.map((request) => ({ request, output })),
    );
  }

  /** An output like the model's, moved by `difference`. */
  function moved(difference: number): string {
    const bytes = Buffer.from(output.slice(2), "hex");
    const at = bytes.length - 32;
    return hexlify(
      encodeTensors([tensorFromNumbers("float32", [1, 1], [bytes.readFloatLE(at) + difference])]),
    );
  }

  it("asks before it deposits, then asks the model at the cheapest price", async () => {
    const unpaid = await cli.failure("inference request", { release, candles: CANDLES, from: requester });
    expect(unpaid).to.include({ code: "not-confirmed" });

    const asked = await ask();
    expect(asked).to.include({ requester, lane: 0, mode: "VANILLA", fee: "0.05" });
    expect(await cli.value("inference show", { request: asked.request })).to.deep.include({
      state: "open",
      output: null,
      fulfilment: null,
    });
  });

  it("normalises candles by the last close, as the model takes them", async () => {
    const asked = await ask({ case: "calm" });
    const { cases } = JSON.parse(await readFile(CANDLES, "utf8")) as Sample;
    const rows = cases.find(({ name }) => name === "calm")?.candles ?? [];
    const last = rows.at(-1)?.[3] ?? Number.NaN;
    const expected = tensorFromNumbers(
      "float32",
      [1, 24, 4],
      rows.flat().map((price) => price / last - 1),
    );
    expect(await inputOf(asked.request)).to.equal(hexlify(encodeTensors([expected])));

    const file = path.join(cli.folder, "input.json");
    const rowsNormalised = rows.map((row) => row.map((price) => price / last - 1));
    await writeFile(file, JSON.stringify({ candles: [rowsNormalised] }));
    const again = await ask({ candles: undefined, input: file });
    expect(await inputOf(again.request)).to.equal(await inputOf(asked.request));
    await writeFile(file, JSON.stringify({ candles: { shape: [1, 24, 4], data: rowsNormalised.flat() } }));
    const flat = await ask({ candles: undefined, input: file });
    expect(await inputOf(flat.request)).to.equal(await inputOf(asked.request));
  });

  it("follows a request to its answer and decodes it", async () => {
    const asked = await ask();
    const waiting = cli.value("inference wait", { request: asked.request, timeout: "30" });
    const receipt = await answer(asked.request);
    const done = await waiting;

    expect(done).to.deep.include({ state: "fulfilled" });
    expect(done.fulfilment).to.deep.include({ operatorId: 1, paid: "0.05", transaction: receipt.hash });
    const [volatility] = done.output as { name: string; values: number[] }[];
    expect(volatility?.name).to.equal("volatility");
    expect(volatility?.values[0]).to.be.within(0.0001, 0.05);
  });

  it("asks and waits in one command", async () => {
    const opened = cli.protocol.requests.filters.RequestOpened();
    const before = (await cli.protocol.requests.queryFilter(opened)).length;
    const asking = cli.value("inference request", {
      release,
      candles: CANDLES,
      from: requester,
      yes: true,
      wait: true,
    });
    let logs = await cli.protocol.requests.queryFilter(opened);
    for (; logs.length === before; logs = await cli.protocol.requests.queryFilter(opened)) {
      await new Promise((wake) => setTimeout(wake, 20));
    }
    const id = logs.at(-1)?.args.id;
    await answer(id);
    expect(await asking).to.include({ request: id, state: "fulfilled", requester });
  });

  it("still knows an answer when its lane has moved on", async () => {
    const asked = await ask({ lane: "9" });
    await answer(asked.request);
    await ask({ lane: "9" });
    expect(await cli.value("inference show", { request: asked.request })).to.include({ state: "fulfilled" });
  });

  it("RULES 9: rebuilds what was signed from the logs, and finds the model agreeing", async () => {
    const asked = await ask();
    const { hash } = await answer(asked.request);
    const verified = await cli.value("inference verify", { transaction: hash });

    const [result] = verified.results as Result[];
    expect(result).to.include({
      verdict: "reproduced",
      signature: "valid",
      arithmetic: "approximate",
      operator: 1,
      signer,
    });
    expect(result?.rerun).to.deep.equal({ kind: "bit-equal" });
    expect(result?.standingThen).to.include({ status: "active", stake: "2000" });
  });

  it("RULES 9: the same for a batch under one signature, one of its results not used", async () => {
    const asked = [await ask(), await ask(), await ask()];
    await answer(asked[1]?.request);
    const { hash } = await answer(...asked.map(({ request }) => request));
    const verified = await cli.value("inference verify", { transaction: hash });

    expect(
      (verified.results as Result[]).map(({ verdict, signature }) => `${verdict} ${signature}`),
    ).to.deep.equal(["reproduced valid", "reproduced valid"]);
    expect(verified.skipped).to.have.length(1);
  });

  it("never calls an approximate answer verified", async () => {
    const asked = await ask();
    const { hash } = await answer(asked.request);
    const { stdout } = await cli.run("inference verify", { transaction: hash });
    expect(stdout)
      .to.include("reproduced")
      .and.to.include("no proof")
      .and.not.to.match(/verified/i);
  });

  it("calls small differences consistent and large ones contradicted, and fails for these", async () => {
    const close = await ask();
    const { hash } = await fulfil(cli, signer, [{ request: close.request, output: moved(1e-7) }]);
    const [result] = (await cli.value("inference verify", { transaction: hash })).results as Result[];
    expect(result?.verdict).to.equal("consistent");
    expect(result?.rerun.maxDifference).to.be.within(0.5e-7, 2e-7);
    const [strict] = JSON.parse(
      (await cli.run("inference verify", { transaction: hash, tolerance: "0", json: true })).stdout,
    ).results as Result[];
    expect(strict?.verdict).to.equal("contradicted");

    const wrong = await ask();
    const bad = await fulfil(cli, signer, [{ request: wrong.request, output: moved(0.01) }]);
    const { outcome, stdout } = await cli.run("inference verify", { transaction: bad.hash, json: true });
    expect(outcome.success).to.equal(false);
    expect((JSON.parse(stdout) as { results: Result[] }).results[0]?.verdict).to.equal("contradicted");
  });

  it("shows an answer that is no tensor for what it is", async () => {
    const asked = await ask();
    const { hash } = await fulfil(cli, signer, [{ request: asked.request, output: "0x1234" }]);
    const shown = await cli.value("inference show", { request: asked.request });
    expect(shown.output).to.have.property("problem");
    const { outcome, stdout } = await cli.run("inference verify", { transaction: hash, json: true });
    expect(outcome.success).to.equal(false);
    expect((JSON.parse(stdout) as { results: Result[] }).results[0]).to.include({
      verdict: "contradicted",
      signature: "valid",
    });
  });

  it("says so when the model cannot be run here", async () => {
    const asked = await ask();
    const { hash } = await answer(asked.request);
    const { outcome, stdout } = await cli.run("inference verify", {
      transaction: hash,
      modelFolder: cli.folder,
      json: true,
    });
    expect(outcome.success).to.equal(false);
    expect((JSON.parse(stdout) as { results: Result[] }).results[0]).to.include({
      verdict: "not-rerun",
      signature: "valid",
    });
  });

  it("tells the operator's standing then and now apart", async () => {
    const asked = await ask();
    const { hash } = await answer(asked.request);
    const snapshot = await cli.connection.provider.request({ method: "evm_snapshot" });
    await cli.value("operator revoke-signer", { yes: true });
    const [result] = (await cli.value("inference verify", { transaction: hash })).results as Result[];
    expect(result?.standingThen.status).to.equal("active");
    expect(result?.standingNow.status).to.equal("revoked");
    await cli.connection.provider.request({ method: "evm_revert", params: [snapshot] });
  });

  it("refuses to verify what is no fulfilment", async () => {
    const { transaction } = await ask();
    expect(await cli.failure("inference verify", { transaction })).to.include({ code: "not-a-fulfilment" });
    expect(await cli.failure("inference verify", { transaction: `0x${"34".repeat(32)}` })).to.include({
      code: "transaction-unknown",
    });
    expect(await cli.failure("inference verify", { transaction: "0x1234" })).to.include({
      code: "argument-invalid",
    });
    expect(await cli.failure("inference verify", { transaction, tolerance: "much" })).to.include({
      code: "argument-invalid",
    });
  });

  it("refuses inputs that do not fit the model", async () => {
    const file = path.join(cli.folder, "bad.json");
    const attempt = async (content: unknown, option: "input" | "candles") => {
      await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
      return (await cli.failure("inference request", { release, [option]: file, from: requester, yes: true }))
        .code;
    };
    expect(await attempt("{", "input")).to.equal("input-invalid");
    expect(await attempt({ prices: [[1]] }, "input")).to.equal("input-invalid");
    expect(await attempt({}, "input")).to.equal("input-invalid");
    expect(await attempt([[[1, 2], [3]]], "input")).to.equal("input-invalid");
    expect(await attempt([[["x", 2, 3, 4]]], "input")).to.equal("input-invalid");
    expect(await attempt([[[1, 2, 3, 4]]], "input")).to.equal("tensor-dimension-wrong");
    expect(await attempt({ shape: [1, 24, 4], data: [1, 2] }, "input")).to.equal("tensor-value-count-wrong");
    expect(await attempt([[1, 2, 3, 4]], "candles")).to.equal("input-invalid");
    expect(await attempt([[1, 2, -3, 4]], "candles")).to.equal("input-invalid");
    expect(await attempt("no json", "candles")).to.equal("input-invalid");
    const noCase = await cli.failure("inference request", {
      release,
      candles: CANDLES,
      case: "wild guess",
      from: requester,
    });
    expect(noCase).to.include({ code: "input-invalid" });
    const noFile = await cli.failure("inference request", {
      release,
      input: path.join(cli.folder, "none.json"),
      from: requester,
    });
    expect(noFile).to.include({ code: "file-unreadable" });
  });

  it("refuses terms that the contract would refuse, or that are missing", async () => {
    const codeOf = async (args: Record<string, unknown>) =>
      (
        await cli.failure("inference request", {
          release,
          candles: CANDLES,
          from: requester,
          yes: true,
          ...args,
        })
      ).code;
    expect(await codeOf({ candles: undefined })).to.equal("argument-missing");
    expect(await codeOf({ input: CANDLES })).to.equal("arguments-conflict");
    expect(await codeOf({ fee: "0.000001" })).to.equal("fee-too-low");
    expect(await codeOf({ fee: "free" })).to.equal("argument-invalid");
    expect(await codeOf({ mode: "ZK" })).to.equal("argument-invalid");
    expect(await codeOf({ deadline: "0" })).to.equal("argument-invalid");
    expect(await codeOf({ fullFee: "601" })).to.equal("argument-invalid");
    expect(await codeOf({ release: "nothing-here" })).to.equal("release-unknown");
    expect(await codeOf({ fee: "1000" })).to.equal("balance-low");
    const busy = await ask({ lane: "20" });
    expect(busy).to.include({ lane: 20 });
    const again = await cli.failure("inference request", {
      release,
      candles: CANDLES,
      from: requester,
      yes: true,
      lane: "20",
    });
    expect(again.data).to.include({ error: "LaneBusy" });
  });

  it("warns when nobody could serve the request", async () => {
    const { stdout, outcome } = await cli.run("inference request", {
      release,
      candles: CANDLES,
      from: requester,
      yes: true,
      operator: "7",
    });
    expect(outcome.success).to.equal(true);
    expect(stdout).to.match(/Warning: no operator/);
  });

  it("gives up waiting after the timeout, and for a request that has ended", async () => {
    const asked = await ask();
    expect(await cli.failure("inference wait", { request: asked.request, timeout: "0" })).to.include({
      code: "wait-timeout",
    });
    expect(await cli.failure("inference wait", { request: `0x${"56".repeat(32)}` })).to.include({
      code: "request-unknown",
    });
    expect(await cli.failure("inference show", { request: "12" })).to.include({ code: "argument-invalid" });

    const early = await cli.failure("inference cancel", { request: asked.request, from: requester });
    expect(early.data).to.include({ error: "CancelTooEarly" });
    await cli.increaseTime(301);
    expect(await cli.value("inference cancel", { request: asked.request, from: requester })).to.include({
      refund: "0.05",
    });
    expect(await cli.failure("inference wait", { request: asked.request })).to.include({
      code: "request-ended",
    });
  });

  it("refunds a request that nobody answered", async () => {
    const asked = await ask({ deadline: "60" });
    expect((await cli.failure("inference expire", { request: asked.request })).data).to.include({
      error: "DeadlineNotPassed",
    });
    await cli.increaseTime(61);
    expect(await cli.failure("inference wait", { request: asked.request })).to.include({
      code: "request-ended",
    });
    expect(await cli.value("inference expire", { request: asked.request })).to.include({ refund: "0.05" });
    expect(await cli.value("inference show", { request: asked.request })).to.deep.include({
      state: "expired",
      refund: "0.05",
    });
  });

  it("divides matured earnings, exact to the last grain", async () => {
    const unripe = await cli.failure("escrow claim");
    expect(unripe).to.include({ code: "nothing-to-claim" });
    await cli.increaseTime(2 * WINDOW_SEC + 1);
    const { claims } = await cli.value("escrow claim", { release });
    const [claim] = claims as Record<string, string>[];
    const sum = ["protocolFee", "royalty", "operatorShare", "forfeited"].reduce(
      (total, part) => total + Math.round(Number(claim?.[part]) * 1e6),
      0,
    );
    expect(sum).to.equal(Math.round(Number(claim?.total) * 1e6));
    expect(Number(claim?.total)).to.be.greaterThan(0);
    expect(await cli.failure("escrow claim")).to.include({ code: "nothing-to-claim" });
  });
});

describe("network coverage command", () => {
  let cli: CommandLine;
  const release = "eth-volatility-1h";

  before(async () => {
    cli = await commandLine();
    await cli.value("hub publish", { folder: MODEL });
  });

  after(async () => await cli.close());

  it("says when there is nobody", async () => {
    expect((await cli.value("network coverage", { release })).candidates).to.deep.equal([]);
    expect((await cli.run("network coverage", { release })).stdout).to.match(/No operator/);
  });

  it("lists who could serve, cheapest first, with endpoints", async () => {
    await cli.value("operator onboard", {
      release,
      signer: cli.accounts[1],
      stake: "1000",
      price: "0.09",
      endpoint: "http://a.example",
    });
    await cli.value("operator onboard", {
      release,
      signer: cli.accounts[2],
      stake: "1000",
      price: "0.02",
      slots: "3",
    });
    const { candidates } = await cli.value("network coverage", { release });
    expect(
      (candidates as { operator: number; price: string }[]).map(({ operator, price }) => [operator, price]),
    ).to.deep.equal([
      [2, "0.02"],
      [1, "0.09"],
    ]);
    expect((candidates as { endpoint: string }[])[1]?.endpoint).to.equal("http://a.example");
  });

  it("refuses unknown modes and releases; a mode that is not offered has nobody", async () => {
    expect((await cli.value("network coverage", { release, mode: "tee" })).candidates).to.deep.equal([]);
    expect(await cli.failure("network coverage", { release, mode: "MAGIC" })).to.include({
      code: "argument-invalid",
    });
    expect(await cli.failure("network coverage", { release: "none" })).to.include({
      code: "release-unknown",
    });
  });
});

import { resultOfRequest } from "@opg-network/sdk/evidence/requestEvidence";
import {
  domainSeparatorOf,
  operatorsDomain,
  resultHash,
  SIGNER_CONSENT_TYPES,
} from "@opg-network/sdk/inferenceResult";
import { NO_ACCEPTANCE, type PackedRequest, packRequest, unpackRequest } from "@opg-network/sdk/request";
import { bundleDigest } from "@opg-network/sdk/resultBundle";
import { expect } from "chai";
import { hexlify, parseEther, Wallet } from "ethers";
import { type ExactModel, publishExact, readExactModel } from "../../../bench/exactRelease.ts";
import { withWrongBit } from "../../e2e/fixture/verifierNode.ts";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";
import { exactModelOf } from "../../fixtures/models/exactModel.ts";
import { rescaled } from "../../fixtures/models/make.ts";

const HOUR = 3_600;
const STAKE = parseEther("2000");
/** The second lies after the first is in jail. */
const LIARS = ["6e", "6f"].map((byte) => new Wallet(`0x${byte.repeat(32)}`));

describe("dispute commands", function () {
  this.timeout(120_000);

  let cli: CommandLine;
  let digits: ExactModel;
  let long: ExactModel;
  const releases = new Map<ExactModel, string>();
  let lanes = 0;

  before(async () => {
    cli = await commandLine();
    const { connection, protocol, accounts } = cli;
    const { ethers } = connection;
    const [deployer] = await ethers.getSigners();
    if (deployer === undefined) throw new Error("the network has no account");
    const { opg, operators, requests } = protocol;
    digits = readExactModel("digits");
    const numbers = Array.from({ length: 900 }, (_, i) => (i * 37) % 2_000);
    long = exactModelOf("long", rescaled(), [numbers]);
    for (const model of [digits, long])
      releases.set(model, await publishExact({ ...protocol, ethers } as never, deployer, model));
    const domain = { ...operatorsDomain(31_337n, await operators.getAddress()) };
    await opg.approve(operators, 2n * STAKE);
    for (const [index, liar] of LIARS.entries()) {
      const consent = await liar.signTypedData(domain, SIGNER_CONSENT_TYPES, { owner: accounts[0] });
      await operators.register(liar, consent, 1, "");
      await operators.stake(index + 1, STAKE);
    }
    await opg.approve(requests, STAKE);
    await requests.deposit(accounts[0] ?? "", parseEther("100"));
  });

  after(async () => await cli.close());

  /** Has the liar answer a request. @returns hash of the fulfilment */
  async function answered(model: ExactModel, output: Uint8Array, liar = LIARS[0]): Promise<string> {
    const { requests, operators } = cli.protocol;
    const now = (await cli.connection.ethers.provider.getBlock("latest"))?.timestamp ?? 0;
    const terms = {
      release: releases.get(model) ?? "",
      ...{ mode: 0, codec: 1, fee: parseEther("1"), acceptPeriod: 0, lane: lanes++, callbackGas: 0 },
      ...{
        delivery: 0,
        minStake: 0n,
        operatorId: 0,
        cover: 0n,
        fullFeeUntil: now + HOUR,
        deadline: now + 2 * HOUR,
      },
    };
    const [input = new Uint8Array()] = model.inputs;
    const asked = await (await requests.request(terms, input)).wait();
    const opened = asked?.logs.map((log) => requests.interface.parseLog(log)).find((event) => event !== null);
    if (liar === undefined || !opened) throw new Error("nobody asked, or nobody answers");
    const { id, request: packed } = opened.args as unknown as { id: string; request: PackedRequest };
    const request = unpackRequest(packed);
    const validUntil = now + HOUR;
    const leaf = resultHash(resultOfRequest({ id, request }, hexlify(output), validUntil));
    const separator = domainSeparatorOf(operatorsDomain(31_337n, await operators.getAddress()));
    const { serialized } = liar.signingKey.sign(bundleDigest(separator, [leaf]));
    const item = {
      request: packRequest(request),
      ...{ output, proof: "0x", acceptance: NO_ACCEPTANCE },
    };
    return (await requests.fulfil([item], serialized, validUntil)).hash;
  }

  const right = (model: ExactModel): Uint8Array => model.outputOf(model.inputs[0] ?? new Uint8Array());

  it("finds nothing to say against the truth", async () => {
    const transaction = await answered(digits, right(digits));
    const { results } = await cli.value("dispute open", { transaction, check: true });
    expect((results as { grade: string }[]).map(({ grade }) => grade)).to.deep.equal(["right"]);
    expect(await cli.failure("dispute open", { transaction })).to.include({ code: "nothing-wrong" });
    expect((await cli.value("dispute list")).disputes).to.deep.equal([]);
  });

  it("proves a lie in one transaction, tells its story, and pays what is due", async () => {
    const transaction = await answered(digits, withWrongBit(right(digits)));
    const { acts } = await cli.value("dispute open", { transaction });
    const [act] = acts as { key: string; act: string; slashed: string }[];
    expect(act).to.include({ act: "proved", slashed: "1000" });
    const key = act?.key ?? "";
    expect((await cli.value("dispute list")).disputes).to.have.length(1);
    expect(await cli.value("dispute show", { key })).to.include({ state: "proved", operator: 1 });
    const { stdout } = await cli.run("dispute show", { key });
    expect(stdout).to.match(/proved: one transaction computed/);
    const { paid } = await cli.value("dispute claim", { key });
    expect((paid as { what: string; amount: string }[])[0]).to.include({ what: "award", amount: "150 OPG" });
    expect(await cli.failure("dispute claim", { key })).to.include({ code: "nothing-due" });
    const again = await cli.value("dispute open", { transaction });
    expect((again.acts as { act: string }[])[0]).to.include({ act: "none" });
  });

  it("challenges what no transaction can compute, and computes it to the verdict", async () => {
    const transaction = await answered(long, withWrongBit(right(long)), LIARS[1]);
    expect(await cli.failure("dispute open", { transaction })).to.include({ code: "not-confirmed" });
    const { acts } = await cli.value("dispute open", { transaction, yes: true });
    const [{ key } = { key: "" }] = acts as { key: string; act: string }[];
    expect((acts as { act: string }[])[0]).to.include({ act: "challenged" });
    expect(await cli.value("dispute continue", { key, steps: "1" })).to.include({ state: "open" });
    const shown = await cli.run("dispute show", { key });
    expect(shown.stdout).to.match(/progress +\d+ % of the program/);
    expect(shown.stdout).to.match(/step 1: to \d+ by/);
    const over = await cli.run("dispute continue", { key });
    expect(over.stdout).to.match(/step 1: 100 %, gas \d+, the verdict has fallen/);
    expect(over.stdout).to.match(/the output is wrong; 1000 OPG slashed/);
    expect(await cli.value("dispute show", { key })).to.include({ state: "wrong", isProvedWrong: true });
    expect(await cli.failure("dispute continue", { key })).to.include({ code: "challenge-not-open" });
    await cli.increaseTime(2 * HOUR);
    const { paid } = await cli.value("dispute claim", { key });
    expect((paid as { what: string }[]).map(({ what }) => what)).to.deep.equal(["wages", "bounty", "coin"]);
  });

  it("refuses what is no key, no transaction and no number", async () => {
    for (const command of ["dispute show", "dispute continue", "dispute claim"]) {
      expect(await cli.failure(command, { key: "0x12" })).to.include({ code: "argument-invalid" });
      expect(await cli.failure(command, { key: `0x${"12".repeat(32)}` })).to.include({
        code: "dispute-unknown",
      });
    }
    expect(await cli.failure("dispute open", { transaction: "1" })).to.include({ code: "argument-invalid" });
    expect(await cli.failure("dispute open", { transaction: `0x${"12".repeat(32)}` })).to.include({
      code: "transaction-unknown",
    });
    expect(await cli.failure("dispute list", { operator: "none" })).to.include({ code: "argument-invalid" });
    const { steps } = { steps: "0" };
    expect(await cli.failure("dispute continue", { key: `0x${"12".repeat(32)}`, steps })).to.include({
      code: "argument-invalid",
    });
  });
});

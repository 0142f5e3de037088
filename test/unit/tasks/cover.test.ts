import { writeFile } from "node:fs/promises";
import path from "node:path";
import { appendResults, encodeBundle } from "@opg-network/sdk/carriedResults";
import { packCover } from "@opg-network/sdk/cover";
import { resultOfRequest } from "@opg-network/sdk/evidence/requestEvidence";
import {
  domainSeparatorOf,
  operatorsDomain,
  resultHash,
  SIGNER_CONSENT_TYPES,
} from "@opg-network/sdk/inferenceResult";
import { NO_ACCEPTANCE, type PackedRequest, unpackRequest } from "@opg-network/sdk/request";
import { bundleDigest } from "@opg-network/sdk/resultBundle";
import { carriedDigest } from "@opg-network/sdk/signedBundle";
import { decodeTensors } from "@opg-network/sdk/tensorCodec";
import { expect } from "chai";
import { getAddress, hexlify, keccak256, parseEther, Wallet } from "ethers";
import { type ExactModel, publishExact, readExactModel } from "../../../bench/exactRelease.ts";
import { CarryingConsumer__factory } from "../../../types/factories/contracts/mocks/CarryingConsumer__factory.ts";
import { withWrongBit } from "../../e2e/fixture/verifierNode.ts";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";

const HOUR = 3_600;
const WEEK = 7 * 86_400;
const LIAR = new Wallet(`0x${"6e".repeat(32)}`);
const BENEFICIARY = getAddress("0x00000000000000000000000000000000000c0fe5");

describe("cover commands", function () {
  this.timeout(120_000);

  let cli: CommandLine;
  let digits: ExactModel;
  let release: string;
  let input: Uint8Array;
  let blank: string;

  before(async () => {
    cli = await commandLine();
    const { connection, protocol, accounts } = cli;
    const { ethers } = connection;
    const [deployer] = await ethers.getSigners();
    if (deployer === undefined) throw new Error("the network has no account");
    const { opg, operators } = protocol;
    digits = readExactModel("digits");
    [input = new Uint8Array()] = digits.inputs;
    release = await publishExact({ ...protocol, ethers } as never, deployer, digits);
    const domain = { ...operatorsDomain(31_337n, await operators.getAddress()) };
    const consent = await LIAR.signTypedData(domain, SIGNER_CONSENT_TYPES, { owner: accounts[0] });
    await operators.register(LIAR, consent, 1, "");
    await opg.approve(operators, parseEther("4000"));
    await operators.stake(1, parseEther("4000"));
    await operators.setSlots(1, 1);
    await cli.value("operator serve", { release, price: "0.1" });
    blank = path.join(cli.folder, "image.json");
    await writeFile(blank, JSON.stringify({ image: imageOf(input) }));
  });

  after(async () => await cli.close());

  const separator = async () =>
    domainSeparatorOf(operatorsDomain(31_337n, await cli.protocol.operators.getAddress()));
  const chainNow = async () => (await cli.connection.ethers.provider.getBlock("latest"))?.timestamp ?? 0;
  const wrong = () => withWrongBit(digits.outputOf(input));

  /** Has the liar answer the request that a transaction opened. @returns hash of the fulfilment */
  async function answerTo(transaction: unknown, output: Uint8Array): Promise<string> {
    const { requests } = cli.protocol;
    const receipt = await cli.connection.ethers.provider.getTransactionReceipt(String(transaction));
    const opened = receipt?.logs
      .map((log) => requests.interface.parseLog(log))
      .find((event) => event !== null);
    if (!opened) throw new Error("nothing was asked");
    const { id, request: packed } = opened.args as unknown as { id: string; request: PackedRequest };
    const validUntil = (await chainNow()) + HOUR;
    const leaf = resultHash(
      resultOfRequest({ id, request: unpackRequest(packed) }, hexlify(output), validUntil),
    );
    const { serialized } = LIAR.signingKey.sign(bundleDigest(await separator(), [leaf]));
    const { origin, price, times, release: of, cover, inputHash } = packed;
    const request = { origin, price, times, release: of, cover, inputHash };
    const item = { request, output, proof: "0x", acceptance: NO_ACCEPTANCE };
    return (await requests.fulfil([item], serialized, validUntil)).hash;
  }

  /** Has the liar answer inside a transaction, insured. */
  async function tellInsured(output: Uint8Array, amount: bigint): Promise<string> {
    const { pipe, opg } = cli.protocol;
    const [payer] = await cli.connection.ethers.getSigners();
    if (payer === undefined) throw new Error("the network has no account");
    const asker = await new CarryingConsumer__factory(payer as never).deploy(pipe, false);
    await opg.approve(pipe, parseEther("10"));
    await pipe.deposit(payer, parseEther("10"));
    await pipe.fundBudget(asker, parseEther("10"), parseEther("10"));
    const unsigned = {
      consumer: await asker.getAddress(),
      validUntil: (await chainNow()) + HOUR,
      results: [
        {
          ...{
            release,
            inputHash: keccak256(input),
            mode: 0,
            codec: 1,
            fee: parseEther("1"),
            maxCover: amount,
          },
          ...{ output: hexlify(output), proof: "0x" },
        },
      ],
    };
    const digest = carriedDigest(unsigned, payer.address, await separator());
    const { serialized: signature } = LIAR.signingKey.sign(digest);
    const query = {
      ...{ release, codec: 1, cover: packCover({ amount, beneficiary: BENEFICIARY }), modes: 1 },
      ...{ operatorId: 0, maxFee: parseEther("1"), minStake: 0n, input },
    };
    const call = asker.interface.encodeFunctionData("askAny", [query]);
    const data = appendResults(call, encodeBundle({ ...unsigned, signature }));
    return (await payer.sendTransaction({ to: asker, data })).hash;
  }

  it("sets stake aside, within half of it", async () => {
    const { operators, pipe, requests } = cli.protocol;
    const { transactions } = await cli.value("operator cover", { pipe: "20", requests: "30" });
    expect(transactions).to.have.length(2);
    expect(await operators.coverPercentOf(1, pipe)).to.equal(20n);
    expect(await operators.coverPercentOf(1, requests)).to.equal(30n);
    expect(await cli.failure("operator cover", { pipe: "21" })).to.include({ code: "reverted" });
    for (const pipe of ["51", "-1", "2.5", "half"])
      expect(await cli.failure("operator cover", { pipe })).to.include({ code: "argument-invalid" });
  });

  it("sends nothing where any argument is wrong", async () => {
    const { operators, requests } = cli.protocol;
    const blockBefore = await cli.connection.ethers.provider.getBlockNumber();
    for (const wrongLater of [
      { pipe: "10", requests: "99" },
      { pipe: "10", release, rateBps: "10001" },
      { pipe: "10", release },
      { pipe: "10", freeze: "pipe" },
      { pipe: "10", freeze: "escrow" },
      { pipe: "10", release: `0x${"ab".repeat(32)}`, rateBps: "50" },
    ])
      expect(await cli.failure("operator cover", wrongLater)).to.have.property("code");
    expect(await cli.connection.ethers.provider.getBlockNumber()).to.equal(blockBefore);
    expect(await operators.coverPercentOf(1, requests)).to.equal(30n);
  });

  it("freezes a coverer at once, and lets it lock again", async () => {
    const { operators, pipe } = cli.protocol;
    const frozen = await cli.run("operator cover", { freeze: "pipe" });
    expect(frozen.stdout).to.match(/insures nothing more by pipe/);
    await expect(tellInsured(wrong(), parseEther("40"))).to.be.revertedWithCustomError(
      operators,
      "CovererNotAllowed",
    );
    expect(await operators.coverPercentOf(1, pipe)).to.equal(20n);
    await cli.value("operator cover", { pipe: "19" });
    await cli.value("operator cover", { pipe: "20" });
    expect((await cli.value("operator show", {})).setAsidePercent).to.equal(50);
  });

  it("says what insuring costs, of a release that it serves", async () => {
    expect(await cli.failure("operator cover", {})).to.include({ code: "argument-missing" });
    expect(await cli.failure("operator cover", { release })).to.include({ code: "arguments-conflict" });
    expect(await cli.failure("operator cover", { rateBps: "50" })).to.include({ code: "arguments-conflict" });
    expect(await cli.failure("operator cover", { release, rateBps: "10001" })).to.include({
      code: "argument-invalid",
    });
    const { stdout } = await cli.run("operator cover", { release, rateBps: "50" });
    expect(stdout).to.match(/costs 0\.5 % of the cover/);
    const { candidates } = await cli.value("network coverage", { release });
    expect((candidates as object[])[0]).to.include({ operator: 1, coverRateBps: 50 });
  });

  it("has nothing to tell of who is not insured", async () => {
    expect((await cli.value("cover list", {})).covers).to.deep.equal([]);
    expect((await cli.run("cover list", { beneficiary: BENEFICIARY })).stdout).to.match(/Nothing insures/);
    expect((await cli.run("cover claim", { beneficiary: BENEFICIARY })).stdout).to.match(/Nothing that/);
    for (const command of ["cover list", "cover claim"])
      expect(await cli.failure(command, { beneficiary: "0x12" })).to.include({ code: "argument-invalid" });
  });

  it("refuses a beneficiary of nothing, and amounts that are none", async () => {
    const asked = { release, input: blank, yes: true };
    expect(await cli.failure("inference request", { ...asked, beneficiary: BENEFICIARY })).to.include({
      code: "arguments-conflict",
    });
    for (const cover of ["-1", "0.0000001", "much"])
      expect(await cli.failure("inference request", { ...asked, cover })).to.include({
        code: "argument-invalid",
      });
  });

  it("follows covers from the question to the payment, of requests and inside transactions", async () => {
    const { opg, requests, pipe } = cli.protocol;
    const beneficiary = BENEFICIARY;
    const asked = await cli.value("inference request", {
      ...{ release, input: blank, cover: "100", beneficiary, yes: true },
    });
    // The price and half a percent of the cover.
    expect(asked).to.include({ fee: "0.6" });
    const ofRequest = await answerTo(asked.transaction, wrong());
    await tellInsured(wrong(), parseEther("40"));
    const { covers } = await cli.value("cover list", { beneficiary });
    const listed = (covers as { coverer: string; amount: string; operator: number }[])
      .map(({ coverer, amount, operator }) => [coverer, amount, operator])
      .sort();
    const expected = [
      [await requests.getAddress(), "100", 1],
      [await pipe.getAddress(), "40", 1],
    ].sort();
    expect(listed).to.deep.equal(expected);
    expect((await cli.run("cover list", { beneficiary })).stdout).to.match(/2 result\(s\) insure/);

    expect((await cli.value("cover claim", { beneficiary })).claimed).to.deep.equal([]);
    await cli.value("dispute open", { transaction: ofRequest });
    const claimed = await cli.value("cover claim", { beneficiary });
    expect((claimed.claimed as { amount: string }[]).map(({ amount }) => amount).sort()).to.deep.equal([
      "100",
      "40",
    ]);
    expect(claimed.paid).to.deep.equal([]);
    expect((await cli.run("cover claim", { beneficiary })).stdout).to.match(/100 OPG can be paid from 20/);
    expect((await cli.value("cover list", { beneficiary })).covers).to.deep.equal([]);
    expect(await opg.balanceOf(beneficiary)).to.equal(0n);

    await cli.increaseTime(WEEK);
    const paid = await cli.value("cover claim", { beneficiary });
    expect(paid.paid).to.have.length(2);
    expect(await opg.balanceOf(beneficiary)).to.equal(parseEther("140"));
    expect((await cli.value("cover claim", { beneficiary })).paid).to.deep.equal([]);
  });

  it("insures the asker where nobody is named", async () => {
    const { requests } = cli.protocol;
    const asked = { release, input: blank, cover: "1", fee: "1", yes: true };
    const { transaction } = await cli.value("inference request", asked);
    const receipt = await cli.connection.ethers.provider.getTransactionReceipt(String(transaction));
    const event = receipt?.logs.map((log) => requests.interface.parseLog(log)).find((each) => each !== null);
    const { cover } = unpackRequest(event?.args.request as unknown as PackedRequest);
    expect(cover).to.deep.equal({ amount: parseEther("1"), beneficiary: cli.accounts[0] });
  });
});

/** The tensor of one image as nested arrays. */
function imageOf(encoded: Uint8Array): unknown {
  const [tensor] = decodeTensors(encoded);
  if (tensor === undefined) throw new Error("no image");
  const values = Array.from(tensor.data);
  const nest = (shape: readonly number[], from: number): unknown => {
    const [size = 0, ...rest] = shape;
    if (rest.length === 0) return values.slice(from, from + size);
    const stride = rest.reduce((product, each) => product * each, 1);
    return Array.from({ length: size }, (_, i) => nest(rest, from + i * stride));
  };
  return nest(tensor.shape.map(Number), 0);
}

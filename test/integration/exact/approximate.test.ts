import { readFileSync } from "node:fs";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { expect } from "chai";
import { parseEther, type Wallet } from "ethers";
import { readExactModel } from "../../../bench/exactRelease.ts";
import { type Court, deployCourt } from "../../e2e/fixture/court.ts";
import { type LocalChain, startLocalChain } from "../../e2e/fixture/localChain.ts";
import { LyingOperator } from "../../e2e/fixture/lyingOperator.ts";
import { MODEL_FOLDER } from "../../e2e/fixture/protocol.ts";
import { type LoggedResult, loggedResults } from "../../fixtures/loggedResults.ts";
import { prove } from "../../fixtures/prosecution.ts";

const STAKE = parseEther("2000");
/** What the liar says of a wild day, so that those who rely on it charge too little: 0.01 % an hour. */
const CALM = 0.0001;

interface Sample {
  cases: { name: string; candles: number[][]; volatility: number }[];
}

// What a float release risks that an exact one does not: the same question, the same wrong answer.
describe("one lie about a float model and about its exact form", function () {
  this.timeout(60_000);

  let chain: LocalChain;
  let court: Court;
  let accuser: Wallet;
  let floatRelease: string;
  let exactRelease: string;
  let floatInput: Uint8Array;
  let exactInput: Uint8Array;

  before(async () => {
    chain = await startLocalChain();
    court = await deployCourt(chain);
    accuser = chain.account(2);
    const exact = readExactModel("eth-volatility-1h-exact");
    floatRelease = await court.publish();
    exactRelease = await court.publishExact(exact);
    const sample = JSON.parse(readFileSync(`${MODEL_FOLDER}eth-volatility-1h/sample.json`, "utf8")) as Sample;
    // Both models' samples hold the same days.
    const stormy = sample.cases.findIndex(({ name }) => name === "stormy");
    const day = sample.cases[stormy];
    if (day === undefined) throw new Error("the sample has no stormy day");
    expect(day.volatility).to.be.greaterThan(10 * CALM);
    const last = day.candles.at(-1)?.at(-1) ?? Number.NaN;
    const relative = day.candles.flat().map((price) => price / last - 1);
    floatInput = encodeTensors([tensorFromNumbers("float32", [1, 24, 4], relative)]);
    exactInput = exact.inputs[stormy] ?? new Uint8Array();
  });

  after(async () => {
    await chain.stop();
  });

  const floatAnswer = (value: number) => encodeTensors([tensorFromNumbers("float32", [1, 1], [value])]);
  const exactAnswer = (value: number) =>
    encodeTensors([tensorFromNumbers("int64", [1, 1], [Math.round(value * 1e6)])]);

  /** Answers a contract inside its transaction, paid, and finds the answer in the logs. */
  async function answer(
    liar: LyingOperator,
    release: string,
    input: Uint8Array,
    output: Uint8Array,
    payer = court.users[0],
  ): Promise<LoggedResult> {
    const from = (await chain.provider.getBlockNumber()) + 1;
    await liar.tellInTransaction([{ release, input, output }], payer && { payer });
    const [logged] = await loggedResults(court, from);
    if (logged === undefined) throw new Error("the answer was not logged");
    return logged;
  }

  it("cannot be proved for the float release, in any way", async () => {
    expect(await court.hub.isExact(floatRelease)).to.equal(false);
    const liar = await LyingOperator.enlist(court);
    const told = await answer(liar, floatRelease, floatInput, floatAnswer(CALM));
    const { disputes } = court;
    const notExact = async (sent: Promise<unknown>) =>
      await expect(sent).to.be.revertedWithCustomError(disputes, "ResultNotExact").withArgs(floatRelease, 0);
    await notExact(disputes.connect(accuser).proveWrongOutput.staticCall(told.signed, told.input ?? "0x"));
    await notExact(
      disputes.connect(accuser).openChallenge.staticCall(told.signed, { value: parseEther("1") }),
    );

    // Not even when it tells the next caller something else: honest machines may differ, too.
    const [, other] = court.users;
    const contradiction = await answer(liar, floatRelease, floatInput, floatAnswer(0.05), other);
    await expect(
      disputes.connect(accuser).proveEquivocation.staticCall(told.signed, contradiction.signed),
    ).to.be.revertedWithCustomError(disputes, "ContextsDiffer");
    const { jailed, slashCount } = await court.operators.standingById(liar.operatorId);
    expect([await liar.stake(), jailed, slashCount]).to.deep.equal([STAKE, false, 0n]);
  });

  it("can be attributed: who contradicts itself to one caller pays for that, not for being wrong", async () => {
    const liar = await LyingOperator.enlist(court);
    const told = await answer(liar, floatRelease, floatInput, floatAnswer(CALM));
    const contradiction = await answer(liar, floatRelease, floatInput, floatAnswer(0.05));
    expect(told.signer).to.equal(liar.signer.address);
    expect(told.signed.result.context).to.equal(contradiction.signed.result.context);
    await (await court.disputes.connect(accuser).proveEquivocation(told.signed, contradiction.signed)).wait();
    expect(await liar.stake()).to.equal(STAKE / 2n);
  });

  it("costs half of the stake for the exact release, at once, whoever shows it", async () => {
    expect(await court.hub.isExact(exactRelease)).to.equal(true);
    const liar = await LyingOperator.enlist(court);
    const told = await answer(liar, exactRelease, exactInput, exactAnswer(CALM));
    await prove(court, accuser, told);
    const { jailed, slashCount } = await court.operators.standingById(liar.operatorId);
    expect([await liar.stake(), jailed, slashCount]).to.deep.equal([STAKE / 2n, true, 1n]);
    expect(await court.operators.awardOf(accuser)).to.be.greaterThan(0n);
  });
});

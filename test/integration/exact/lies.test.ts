import { expect } from "chai";
import { getBytes, keccak256, parseEther, type Wallet } from "ethers";
import { type ExactModel, readExactModel } from "../../../bench/exactRelease.ts";
import { ExactInterpreter } from "../../../offchain-runner/src/exact/interpreter.ts";
import { type Court, deployCourt } from "../../e2e/fixture/court.ts";
import { type LocalChain, startLocalChain } from "../../e2e/fixture/localChain.ts";
import { askRequests, LyingOperator } from "../../e2e/fixture/lyingOperator.ts";
import { invalidInputs, LIE_NAMES, type LieName, lie, truthOf } from "../../fixtures/lies.ts";
import { type LoggedResult, loggedResults } from "../../fixtures/loggedResults.ts";
import { claimOf, computeToTheEnd, keyOf, openChallenge, prove } from "../../fixtures/prosecution.ts";

const STAKE = parseEther("2000");
const BOUNTY = (STAKE / 2n) * 15n / 100n;
const WAYS = ["Pipe", "requests"] as const;

/** Every lie, told in both ways, found in the logs, and proved in both ways. */
describe("lies about exact releases", function () {
  this.timeout(120_000);

  let chain: LocalChain;
  let court: Court;
  let accuser: Wallet;
  let honest: LyingOperator;
  let models: { digits: ExactModel; volatility: ExactModel };
  let releases: { digits: string; volatility: string };
  let lane = 0;

  before(async () => {
    chain = await startLocalChain();
    court = await deployCourt(chain);
    accuser = chain.account(2);
    models = { digits: readExactModel("digits"), volatility: readExactModel("eth-volatility-1h-exact") };
    releases = {
      digits: await court.publishExact(models.digits),
      volatility: await court.publishExact(models.volatility),
    };
    honest = await LyingOperator.enlist(court);
  });

  after(async () => {
    await chain.stop();
  });

  /** Gets an answer on chain, and reads it back out of the logs. */
  async function tell(
    liar: LyingOperator,
    way: (typeof WAYS)[number],
    release: string,
    input: Uint8Array,
    output: Uint8Array,
  ): Promise<LoggedResult> {
    const from = await chain.provider.getBlockNumber();
    if (way === "Pipe") await liar.tellInTransaction([{ release, input, output }]);
    else {
      lane += 1;
      await liar.fulfil([{ opened: await askRequests(court, release, input, lane), output }]);
    }
    const [logged, ...others] = await loggedResults(court, from + 1);
    if (logged === undefined || others.length !== 0) throw new Error("one result was to be logged");
    expect(logged.output).to.equal(`0x${Buffer.from(output).toString("hex")}`);
    return logged;
  }

  async function awardOf(who: Wallet): Promise<bigint> {
    return await court.operators.awardOf(who);
  }

  /** Nothing of anybody else moves, and whoever answered right keeps its stake. */
  async function onlyTheLiarPays(proof: () => Promise<unknown>): Promise<void> {
    const before = await court.thirdParties();
    await proof();
    expect(await court.thirdParties()).to.deep.equal(before);
    expect(await honest.stake()).to.equal(STAKE);
    expect((await court.operators.standingById(honest.operatorId)).jailed).to.equal(false);
  }

  const CASES = (["digits", "volatility"] as const).flatMap((name) =>
    LIE_NAMES.map((story) => [name, story] as const),
  );
  for (const [name, story] of CASES) {
    it(`costs the stake to answer ${name} with ${story}`, async () => {
      const [model, other] =
        name === "digits" ? [models.digits, models.volatility] : [models.volatility, models.digits];
      const release = releases[name];
      const [input = new Uint8Array()] = model.inputs;
      const truth = truthOf(model, input, other);
      const told = lie(story as LieName, truth);
      for (const way of WAYS) {
        const liar = await LyingOperator.enlist(court);
        const logged = await tell(liar, way, release, input, told);
        const before = await awardOf(accuser);
        await onlyTheLiarPays(() => prove(court, accuser, logged));
        expect(await liar.stake()).to.equal(STAKE / 2n);
        expect((await court.operators.standingById(liar.operatorId)).jailed).to.equal(true);
        expect((await awardOf(accuser)) - before).to.equal(BOUNTY);
        expect(await court.disputes.isPunished(keyOf(await claimOf(court, logged)))).to.equal(true);
        await expect(prove(court, accuser, logged)).to.be.revertedWithCustomError(
          court.disputes,
          "AlreadyPunished",
        );
      }
    });

    it(`costs the stake to answer ${name} with ${story}, computed in a challenge`, async () => {
      const [model, other] =
        name === "digits" ? [models.digits, models.volatility] : [models.volatility, models.digits];
      const release = releases[name];
      const [input = new Uint8Array()] = model.inputs;
      const told = lie(story as LieName, truthOf(model, input, other));
      const interpreter = new ExactInterpreter(model.graph);
      for (const way of WAYS) {
        const liar = await LyingOperator.enlist(court);
        const logged = await tell(liar, way, release, input, told);
        const claim = await claimOf(court, logged);
        await onlyTheLiarPays(async () => {
          await openChallenge(court, accuser, logged);
          await computeToTheEnd(court, chain.account(1), claim, input, interpreter);
        });
        expect(await liar.stake()).to.equal(STAKE / 2n);
        expect((await court.disputes.bountyOf(keyOf(claim))).claimant).to.equal(accuser.address);
      }
    });
  }
});

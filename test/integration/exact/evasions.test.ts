import { claimKey } from "@opg-network/sdk/evidence/claim";
import { expect } from "chai";
import { getBytes, keccak256, parseEther, type Wallet } from "ethers";
import { type ExactModel, readExactModel } from "../../../bench/exactRelease.ts";
import { ExactInterpreter } from "../../../offchain-runner/src/exact/interpreter.ts";
import { type Court, deployCourt } from "../../e2e/fixture/court.ts";
import { type LocalChain, startLocalChain } from "../../e2e/fixture/localChain.ts";
import { LyingOperator } from "../../e2e/fixture/lyingOperator.ts";
import { campaign } from "../../fixtures/campaign.ts";
import { lie, truthOf, variedInputs } from "../../fixtures/lies.ts";
import { type LoggedResult, loggedResults } from "../../fixtures/loggedResults.ts";
import { exactModelOf } from "../../fixtures/models/exactModel.ts";
import { brightest, rescaled } from "../../fixtures/models/make.ts";
import { claimOf, computeToTheEnd, openChallenge, prove } from "../../fixtures/prosecution.ts";

const STAKE = parseEther("2000");
const WINDOW_SEC = 86_400;
const MAX_VALIDITY_SEC = 3_600;
const FORCED_INCLUSION_SEC = 12 * 3_600;
const JAIL_SEC = 604_800;
const CALLERS = campaign.runs(200, 1_000);
const BATCH = 100;
/** So that a graph of 10 million gas takes more than one step. */
const SHORT_STEP_GAS = 7_000_000n;
const GRAIN = 10n ** 12n;
/** 1,000 OPG are 10^9 grains. */
const LIES_TO_NOTHING = 32;

// Circumstances in which a liar may hope to keep its stake.
describe("liars who hope to get away", function () {
  this.timeout(120_000);

  let chain: LocalChain;
  let court: Court;
  let accuser: Wallet;
  let accomplice: Wallet;
  let digits: ExactModel;
  let volatility: ExactModel;
  let release: string;
  let inputs: Uint8Array[];

  before(async () => {
    chain = await startLocalChain();
    court = await deployCourt(chain);
    accuser = chain.account(2);
    accomplice = chain.account(1);
    digits = readExactModel("digits");
    volatility = readExactModel("eth-volatility-1h-exact");
    release = await court.publishExact(digits);
    inputs = variedInputs(digits, 64);
  });

  after(async () => {
    await chain.stop();
  });

  /** A lie about the next input. */
  function nextLie() {
    const input = inputs.pop() ?? new Uint8Array();
    return { release, input, output: lie("the last bit", truthOf(digits, input, volatility)) };
  }

  /** What is logged while something is done, which is one result. */
  async function oneLogged(done: () => Promise<unknown>): Promise<LoggedResult> {
    const from = (await chain.provider.getBlockNumber()) + 1;
    await done();
    const [logged, ...others] = await loggedResults(court, from);
    if (logged === undefined || others.length !== 0) throw new Error("one result was to be logged");
    return logged;
  }

  async function unbonding({ operatorId }: LyingOperator): Promise<bigint> {
    return (await court.operators.unbondingOf(operatorId)).amount;
  }

  it("takes the stake that stood behind a lie told in the last second before unbonding ends", async () => {
    const { operators } = court;
    const liar = await LyingOperator.enlist(court, { stake: "5000" });
    await (await operators.unbond(liar.operatorId, parseEther("3000"))).wait();
    const { releaseAt } = await operators.unbondingOf(liar.operatorId);
    await chain.nextBlockAt(Number(releaseAt) - 1);
    const validUntil = Number(releaseAt) + MAX_VALIDITY_SEC - 1;
    const logged = await oneLogged(() => liar.tellInTransaction([nextLie()], { validUntil }));
    // What was on its way out counted for no minimum; what counted is on its way from now on.
    await chain.nextBlockAt(Number(releaseAt));
    await (await operators.withdrawUnbonded(liar.operatorId, chain.account(0))).wait();
    await (await operators.unbond(liar.operatorId, STAKE)).wait();
    expect([await liar.stake(), await unbonding(liar)]).to.deep.equal([0n, STAKE]);

    await chain.nextBlockAt(validUntil + WINDOW_SEC);
    await prove(court, accuser, logged);
    expect(await unbonding(liar)).to.equal(STAKE / 2n);
  });

  it("takes it in a challenge that is opened in the last second of the evidence and takes its day", async () => {
    const slow = exactModelOf("rescaled", rescaled(64), [Array.from({ length: 900 }, (_, i) => i - 450)]);
    const slowRelease = await court.publishExact(slow);
    const [input = new Uint8Array()] = slow.inputs;
    const output = lie("the last bit", {
      right: slow.outputOf(input),
      toAnotherInput: new Uint8Array(),
      ofAnotherRelease: new Uint8Array(),
    });
    const liar = await LyingOperator.enlist(court);
    const validUntil = (await chain.timestamp()) + MAX_VALIDITY_SEC;
    const logged = await oneLogged(() =>
      liar.tellUnused([{ release: slowRelease, input, output }], { validUntil }),
    );
    await (await court.operators.unbond(liar.operatorId, STAKE)).wait();
    const { releaseAt } = await court.operators.unbondingOf(liar.operatorId);

    await chain.nextBlockAt(validUntil + WINDOW_SEC);
    await openChallenge(court, accuser, logged);
    await chain.pass(6 * 3_600 - 10);
    const claim = await claimOf(court, logged);
    const interpreter = new ExactInterpreter(slow.graph);
    const steps = await computeToTheEnd(court, accuser, claim, input, interpreter, SHORT_STEP_GAS);
    expect(steps).to.be.greaterThan(1);
    expect(await unbonding(liar)).to.equal(STAKE / 2n);
    expect(validUntil + WINDOW_SEC + 86_400).to.be.lessThan(Number(releaseAt));
  });

  it("hears of a lie told before half a day without blocks, until its evidence ends", async () => {
    const liar = await LyingOperator.enlist(court);
    const until = (await chain.timestamp()) + MAX_VALIDITY_SEC;
    const [first, second] = [nextLie(), nextLie()];
    const logged = await oneLogged(() => liar.tellInTransaction([first], { validUntil: until }));
    // The second is loaded in the last second in which it can be.
    await chain.nextBlockAt(until);
    const late = await oneLogged(() => liar.tellInTransaction([second], { validUntil: until }));
    await chain.nextBlockAt(until + FORCED_INCLUSION_SEC);
    await prove(court, accuser, logged);
    await chain.nextBlockAt(until + WINDOW_SEC);
    await prove(court, accuser, late);
    expect(await liar.stake()).to.equal(STAKE / 4n);

    const third = await LyingOperator.enlist(court);
    const tooLate = await oneLogged(async () => third.tellInTransaction([nextLie()]));
    await chain.nextBlockAt(Number(tooLate.signed.result.validUntil) + WINDOW_SEC + 1);
    await expect(prove(court, accuser, tooLate)).to.be.revertedWithCustomError(
      court.disputes,
      "EvidenceExpired",
    );
  });

  it("punishes the same lie to many callers once, whoever of them shows it", async () => {
    const liar = await LyingOperator.enlist(court);
    const { input, output } = nextLie();
    const from = (await chain.provider.getBlockNumber()) + 1;
    for (let told = 0; told < CALLERS; told += BATCH) {
      await liar.tellRequests(Array.from({ length: BATCH }, () => ({ release, input, output })));
    }
    const logged = await loggedResults(court, from);
    expect(logged).to.have.length(CALLERS);
    expect(new Set(logged.map(({ signed }) => signed.result.context)).size).to.equal(CALLERS);
    const proved = logged[117];
    if (proved === undefined) throw new Error("the lie was not logged");
    const others = await court.thirdParties();
    await prove(court, accuser, proved);
    expect(await liar.stake()).to.equal(STAKE / 2n);
    for (const place of [0, 1, 116, 118, CALLERS - 1]) {
      const again = logged[place];
      if (again === undefined) throw new Error("the lie was not logged");
      await expect(prove(court, accuser, again)).to.be.revertedWithCustomError(
        court.disputes,
        "AlreadyPunished",
      );
    }
    expect(await liar.stake()).to.equal(STAKE / 2n);
    expect(await court.thirdParties()).to.deep.equal(others);
  });

  it("finds the one lie in a bundle of right answers", async () => {
    const liar = await LyingOperator.enlist(court);
    const told = inputs.splice(-9).map((input) => ({ release, input, output: digits.outputOf(input) }));
    const hidden = told[6];
    if (hidden === undefined) throw new Error("there are nine answers");
    hidden.output = lie("the answer to another input", truthOf(digits, hidden.input, volatility));
    const from = (await chain.provider.getBlockNumber()) + 1;
    await liar.tellInTransaction(told);
    for (const result of await loggedResults(court, from)) {
      const isLie = result.signed.result.inputHash === keccak256(hidden.input);
      if (!isLie)
        await expect(prove(court, accuser, result)).to.be.revertedWithCustomError(
          court.disputes,
          "OutputRight",
        );
      else await prove(court, accuser, result);
    }
    expect(await liar.stake()).to.equal(STAKE / 2n);
  });

  for (const isRotated of [false, true]) {
    it(`takes two answers to one input as a proof${isRotated ? ", also from two keys around a rotation" : ""}`, async () => {
      const liar = await LyingOperator.enlist(court);
      const told = nextLie();
      const truth = { ...told, output: digits.outputOf(told.input) };
      const wrong = await oneLogged(() => liar.tellInTransaction([told]));
      if (isRotated) await liar.rotate();
      const [payer] = court.users.slice(1);
      const right = await oneLogged(() => liar.tellInTransaction([truth], payer && { payer }));
      expect(right.signer === wrong.signer).to.equal(!isRotated);

      await (await court.disputes.connect(accuser).proveEquivocation(wrong.signed, right.signed)).wait();
      expect(await liar.stake()).to.equal(STAKE / 2n);
      // One lie, one slash, whichever of the two was marked.
      await prove(court, accuser, wrong).catch(() => undefined);
      expect(await liar.stake()).to.equal(STAKE / 2n);
      await expect(prove(court, accuser, right)).to.be.revertedWithCustomError(court.disputes, "OutputRight");
    });
  }

  it("follows a lie to the operator whose key was revoked, and replaced, right after it", async () => {
    const liar = await LyingOperator.enlist(court);
    const logged = await oneLogged(() => liar.tellInTransaction([nextLie()]));
    await (await court.operators.revokeSigner(liar.signer)).wait();
    await liar.rotate();
    await prove(court, accuser, logged);
    expect(await liar.stake()).to.equal(STAKE / 2n);
  });

  it("decides at once while an accomplice keeps a challenge of the same lie open", async () => {
    const { disputes, opg } = court;
    const liar = await LyingOperator.enlist(court);
    const logged = await oneLogged(() => liar.tellInTransaction([nextLie()]));
    await openChallenge(court, accomplice, logged);
    const key = claimKey(await claimOf(court, logged));
    const { openedAt } = await disputes.challengeOf(key);
    await prove(court, accuser, logged);
    expect(await liar.stake()).to.equal(STAKE / 2n);
    expect((await disputes.challengeOf(key)).bond).to.equal(0n);

    // The proof is the challenge's last step: half of the bounty is the opener's, half the prover's.
    const earned = await opg.balanceOf(accuser);
    await (await disputes.payWork(key, openedAt, accuser)).wait();
    expect((await opg.balanceOf(accuser)) - earned).to.equal((STAKE * 15n) / 400n);
    expect(await disputes.creditOf(accuser)).to.be.greaterThan(0n);
  });

  it("punishes a lie again that is told again after jail, behind more stake", async () => {
    const { operators } = court;
    const owner = chain.account(0);
    const liar = await LyingOperator.enlist(court, { stake: "1000" });
    const told = nextLie();
    const small = await oneLogged(() => liar.tellInTransaction([told]));
    await prove(court, accuser, small);
    await chain.pass(JAIL_SEC);
    await (await operators.connect(owner).stake(liar.operatorId, parseEther("9500"))).wait();
    await (await operators.connect(owner).leaveJail(liar.operatorId)).wait();

    const large = await oneLogged(() => liar.tellInTransaction([told]));
    expect(large.signed.result.outputHash).to.equal(small.signed.result.outputHash);
    await prove(court, accuser, large);
    expect(await liar.stake()).to.equal(parseEther("5000"));
  });

  it("goes on with the challenge that an accomplice opened to let it lapse", async () => {
    const liar = await LyingOperator.enlist(court);
    const logged = await oneLogged(() => liar.tellInTransaction([nextLie()]));
    await openChallenge(court, accomplice, logged);
    await expect(openChallenge(court, accuser, logged)).to.be.revertedWithCustomError(
      court.disputes,
      "ChallengeAlreadyOpen",
    );
    const claim = await claimOf(court, logged);
    const { openedAt } = await court.disputes.challengeOf(claimKey(claim));
    await computeToTheEnd(court, accuser, claim, getBytes(logged.input ?? "0x"), undefined);
    expect(await liar.stake()).to.equal(STAKE / 2n);
    const earned = await court.opg.balanceOf(accuser);
    await (await court.disputes.payWork(claimKey(claim), openedAt, accuser)).wait();
    expect((await court.opg.balanceOf(accuser)) - earned).to.equal((STAKE * 15n) / 400n);
  });

  it("proves the lies of an operator with the least stake, down to its last grain", async () => {
    const { operators } = court;
    const liar = await LyingOperator.enlist(court, { stake: "1000" });
    const told = Array.from({ length: LIES_TO_NOTHING }, nextLie);
    const from = (await chain.provider.getBlockNumber()) + 1;
    await liar.tellInTransaction(told);
    // Nothing is saved by taking it out.
    await (await operators.unbond(liar.operatorId, parseEther("1000"))).wait();
    const before = await operators.awardOf(accuser);
    let [proved, first] = [0, 0n];
    for (const logged of await loggedResults(court, from)) {
      if ((await unbonding(liar)) === GRAIN) break;
      await prove(court, accuser, logged);
      proved += 1;
      if (proved === 1) first = (await operators.awardOf(accuser)) - before;
    }
    expect(first).to.equal(parseEther("75"));
    expect([await liar.stake(), await unbonding(liar)]).to.deep.equal([0n, GRAIN]);
    // At least 70 % burned, whatever the bounty floor wants.
    expect((await operators.awardOf(accuser)) - before).to.be.at.most(parseEther("300"));
    console.log(`      ${proved} proofs leave a grain of 1,000 OPG`);
  });

  it("computes an answer to an input of 16 KiB, the most that an exact release takes", async () => {
    const model = exactModelOf("brightest", brightest(), [
      Array.from({ length: 16_064 }, (_, i) => (i * 7) % 251),
      Array.from({ length: 16_064 }, (_, i) => (i * 11) % 249),
    ]);
    const [input = new Uint8Array()] = model.inputs;
    expect(input).to.have.length(16_384);
    const output = lie("the last bit", truthOf(model, input, digits));
    const large = await court.publishExact(model);
    const liar = await LyingOperator.enlist(court, { stake: "4000" });
    const asked = await oneLogged(() => liar.tellRequests([{ release: large, input, output }]));
    const proof = await prove(court, accuser, asked);
    console.log(`      a proof about 16 KiB: ${proof?.gasUsed} gas`);
    expect(await liar.stake()).to.equal(parseEther("2000"));
  });

  it("refuses to load an answer in another codec, which costs the stake wherever it is shown", async () => {
    const liar = await LyingOperator.enlist(court);
    const { input } = nextLie();
    const truth = { release, input, output: digits.outputOf(input), codec: 2 };
    const refused = expect(liar.tellUnused([truth])).to.be;
    await refused.revertedWithCustomError(court.pipe, "CodecUnknown");
    const shown = await liar.sign(truth);
    await (await court.disputes.connect(accuser).proveWrongOutput(shown, input)).wait();
    expect(await liar.stake()).to.equal(STAKE / 2n);
  });

  it("knows an answer that was loaded and not used by hash alone, and proves it once the input is known", async () => {
    const liar = await LyingOperator.enlist(court);
    const told = nextLie();
    const logged = await oneLogged(() => liar.tellUnused([told]));
    expect([logged.input, logged.signed.result.inputHash]).to.deep.equal([undefined, keccak256(told.input)]);
    // Somebody else asks the same, so the log now holds what the hash is of.
    const other = await LyingOperator.enlist(court);
    const truth = { ...told, output: digits.outputOf(told.input) };
    const { input } = await oneLogged(() => other.tellInTransaction([truth]));
    await prove(court, accuser, { ...logged, input });
    expect(await liar.stake()).to.equal(STAKE / 2n);
    expect(await other.stake()).to.equal(STAKE);
  });
});

import { claimKey } from "@opg-network/sdk/evidence/claim";
import { expect } from "chai";
import { getBytes, keccak256, parseEther, type Wallet } from "ethers";
import { type ExactModel, readExactModel } from "../../../bench/exactRelease.ts";
import { ExactInterpreter } from "../../../offchain-runner/src/exact/interpreter.ts";
import { type Court, deployCourt } from "../../e2e/fixture/court.ts";
import { type LocalChain, startLocalChain } from "../../e2e/fixture/localChain.ts";
import { LyingOperator, type Told } from "../../e2e/fixture/lyingOperator.ts";
import { INVALID_INPUTS, invalidInput, LIE_NAMES, lie, truthOf, variedInputs } from "../../fixtures/lies.ts";
import { type LoggedResult, loggedResults } from "../../fixtures/loggedResults.ts";
import { claimOf, computeToTheEnd, openChallenge, prove } from "../../fixtures/prosecution.ts";

/** So much that it can be halved for every lie. */
const STAKE = parseEther("1000000");
const HONEST_STAKE = parseEther("2000");
const WAYS = ["inside a transaction", "to a request"] as const;
const PROOFS = ["in one transaction", "in a challenge"] as const;
const CASES = [
  ...LIE_NAMES.map((name) => ({ title: name, name, input: undefined })),
  ...INVALID_INPUTS.map((input) => ({
    title: `an answer to an input with ${input}`,
    name: undefined,
    input,
  })),
];

// Every lie comes on chain in both ways, is read out of the logs, and is proved in both ways.
describe("lies about exact releases", function () {
  this.timeout(120_000);

  let chain: LocalChain;
  let court: Court;
  let accuser: Wallet;
  let worker: Wallet;
  let honest: LyingOperator;
  let digits: ExactModel;
  let volatility: ExactModel;
  const releases = new Map<ExactModel, string>();

  before(async () => {
    chain = await startLocalChain();
    court = await deployCourt(chain);
    accuser = chain.account(2);
    worker = chain.account(1);
    digits = readExactModel("digits");
    volatility = readExactModel("eth-volatility-1h-exact");
    for (const model of [digits, volatility]) releases.set(model, await court.publishExact(model));
    honest = await LyingOperator.enlist(court);
  });

  after(async () => {
    await chain.stop();
  });

  /** One lie of each kind, about both models in turn. */
  function allLies(turn: number): (Told & { title: string; model: ExactModel })[] {
    const inputs = new Map([digits, volatility].map((model) => [model, variedInputs(model, CASES.length)]));
    return CASES.map(({ title, name, input: problem }, index) => {
      const [model, other] = (index + turn) % 2 === 0 ? [digits, volatility] : [volatility, digits];
      const asked = inputs.get(model)?.[index] ?? new Uint8Array();
      const truth = truthOf(model, asked, other);
      return {
        title,
        model,
        release: releases.get(model) ?? "",
        input: problem === undefined ? asked : invalidInput(problem, asked),
        output: name === undefined ? truth.right : lie(name, truth),
      };
    });
  }

  async function tell(
    way: (typeof WAYS)[number],
    liar: LyingOperator,
    told: Told[],
  ): Promise<LoggedResult[]> {
    const from = (await chain.provider.getBlockNumber()) + 1;
    if (way === "inside a transaction") {
      for (const release of releases.values())
        await liar.tellInTransaction(told.filter((lie) => lie.release === release));
    } else {
      await liar.tellRequests(told);
    }
    return await loggedResults(court, from);
  }

  for (const [turn, way] of WAYS.entries()) {
    for (const proof of PROOFS) {
      describe(`told ${way}, proved ${proof}`, () => {
        let liar: LyingOperator;
        let lies: ReturnType<typeof allLies>;
        let logged: LoggedResult[];
        let others: Record<string, bigint>;

        before(async () => {
          liar = await LyingOperator.enlist(court, { stake: "1000000" });
          lies = allLies(turn);
          logged = await tell(way, liar, lies);
          expect(logged).to.have.length(lies.length);
          expect(await liar.stake()).to.equal(STAKE);
          others = await court.thirdParties();
        });

        after(async () => {
          expect(await court.thirdParties()).to.deep.equal(others);
        });

        for (const { title } of CASES) {
          it(`takes half of the stake for ${title}`, async () => {
            const { input, output, model } = lies.find((lie) => lie.title === title) ?? {};
            const evidence = logged.find(
              ({ signed: { result } }) =>
                result.inputHash === keccak256(input ?? "0x") &&
                result.outputHash === keccak256(output ?? "0x"),
            );
            if (evidence === undefined || model === undefined) throw new Error("the lie was not logged");
            const staked = await liar.stake();
            const awarded = await court.operators.awardOf(accuser);
            const claim = await claimOf(court, evidence);

            if (proof === "in one transaction") {
              await prove(court, accuser, evidence);
              expect(await court.operators.awardOf(accuser)).to.be.greaterThan(awarded);
            } else {
              await openChallenge(court, accuser, evidence);
              const bytes = getBytes(evidence.input ?? "0x");
              await computeToTheEnd(court, worker, claim, bytes, new ExactInterpreter(model.graph));
              const { claimant, grains } = await court.disputes.bountyOf(claimKey(claim));
              expect(claimant).to.equal(accuser.address);
              expect(grains).to.be.greaterThan(0n);
            }
            const { jailed } = await court.operators.standingById(liar.operatorId);
            expect([await liar.stake(), jailed]).to.deep.equal([grainsOfHalf(staked), true]);
            await expect(prove(court, accuser, evidence)).to.be.revertedWithCustomError(
              court.disputes,
              "AlreadyPunished",
            );
          });
        }
      });
    }
  }

  it("leaves whoever answered right alone", async () => {
    const told = [digits, volatility].flatMap((model) =>
      model.inputs.map((input) => ({
        release: releases.get(model) ?? "",
        input,
        output: model.outputOf(input),
      })),
    );
    for (const way of WAYS) {
      for (const truth of await tell(way, honest, told)) {
        await expect(prove(court, accuser, truth)).to.be.revertedWithCustomError(
          court.disputes,
          "OutputRight",
        );
      }
    }
    const { jailed, slashCount } = await court.operators.standingById(honest.operatorId);
    expect([await honest.stake(), jailed, slashCount]).to.deep.equal([HONEST_STAKE, false, 0n]);
  });
});

/** What a slash of half leaves: the half that is taken is rounded down to a grain. */
function grainsOfHalf(stake: bigint): bigint {
  const grains = stake / 10n ** 12n;
  return (grains - grains / 2n) * 10n ** 12n;
}

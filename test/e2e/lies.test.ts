import type { Cover } from "@opg-network/sdk/cover";
import { expect } from "chai";
import { keccak256, parseEther, type Wallet } from "ethers";
import { type ExactModel, readExactModel } from "../../bench/exactRelease.ts";
import { campaign } from "../fixtures/campaign.ts";
import { INVALID_INPUTS, invalidInput, LIE_NAMES, lie, truthOf, variedInputs } from "../fixtures/lies.ts";
import { loggedResults } from "../fixtures/loggedResults.ts";
import { exactModelOf } from "../fixtures/models/exactModel.ts";
import { brightest, rescaled } from "../fixtures/models/make.ts";
import { openChallenge } from "../fixtures/prosecution.ts";
import { type Court, deployCourt } from "./fixture/court.ts";
import { type LocalChain, startLocalChain } from "./fixture/localChain.ts";
import { askRequests, LyingOperator, type Told } from "./fixture/lyingOperator.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import { sampleInput } from "./fixture/protocol.ts";
import { VerifierNode } from "./fixture/verifierNode.ts";

const GRAIN = 10n ** 12n;
const CALLERS = campaign.runs(200, 1_000);
const BATCH = 100;
/** How far the chain's clock goes at each look: a commitment counts after 5 minutes, a bounty is paid after an hour. */
const LOOK_SEC = 60;
const PATIENCE_MS = 180_000;
const FORCED_INCLUSION_SEC = 12 * 3_600;
/** Of those that the other tests take, two. */
const INVALID = INVALID_INPUTS.slice(1, 3);
/** OPG that half of a stake of 2,000 insures: for each of them 7/3 more are locked, to burn. */
const FULL_COVER = "300";
const INSURED = "0x00000000000000000000000000000000000c0fe5";
const WEEK_SEC = 7 * 86_400;
const DEAD = "http://127.0.0.1:9/model.onnx";

/** One thing that a liar does. */
interface Crime {
  title: string;
  /** OPG, 2,000 by default. */
  stake?: string;
  /** Slashes that must come of it, one by default. */
  lies?: number;
  /** OPG that it insures, all that half of its stake can. */
  cover?: string;
  coverer?: "Pipe" | "InferenceRequests";
  tell: (liar: LyingOperator) => Promise<unknown>;
}

// Liars on a real chain, beside a node that serves honestly, and one that checks. Nobody else acts.
describe("lies, end to end", function () {
  this.timeout(300_000);

  let chain: LocalChain;
  let court: Court;
  let verifier: VerifierNode;
  let server: NodeProcess;
  let honestId: number;
  let digits: ExactModel;
  let volatility: ExactModel;
  let slow: ExactModel;
  let large: ExactModel;
  let release: Record<"digits" | "volatility" | "dead" | "slow" | "large" | "float", string>;
  let inputs: Uint8Array[];
  let done = 0;

  before(async () => {
    chain = await startLocalChain();
    court = await deployCourt(chain);
    digits = readExactModel("digits");
    volatility = readExactModel("eth-volatility-1h-exact");
    slow = exactModelOf("rescaled", rescaled(112), [Array.from({ length: 900 }, (_, i) => i - 450)]);
    const bytes = (factor: number) => Array.from({ length: 16_064 }, (_, i) => (i * factor) % 251);
    large = exactModelOf("brightest", brightest(), [bytes(7), bytes(11)]);
    release = {
      digits: await court.publishExact(digits),
      volatility: await court.publishExact(volatility),
      dead: await court.publishExact(digits, DEAD),
      slow: await court.publishExact(slow, DEAD),
      large: await court.publishExact(large, DEAD),
      float: await court.publish(),
    };
    inputs = variedInputs(digits, 64);

    honestId = await court.register(chain.account(1));
    const served = [release.digits, release.volatility];
    server = new NodeProcess(chain, court, chain.account(1), served, { verifier: { share: 0 } });
    verifier = new VerifierNode(court, 2);
    await Promise.all([server.start(), verifier.start()]);
  });

  after(async () => {
    await Promise.all([server.dispose(), verifier.dispose()]);
    await chain.stop();
  });

  /** A lie about digits, each about another input. */
  function nextLie(of = release.digits): Told {
    const input = inputs.pop() ?? new Uint8Array();
    return { release: of, input, output: lie("the last bit", truthOf(digits, input, volatility)) };
  }

  function truth(told: Told): Told {
    return { ...told, output: digits.outputOf(told.input) };
  }

  /** One lie of each kind, and an answer to each input that has none. */
  function everyLie(): Told[] {
    const told = LIE_NAMES.map((name) => {
      const { input } = nextLie();
      return { release: release.digits, input, output: lie(name, truthOf(digits, input, volatility)) };
    });
    const answered = INVALID.map((problem) => {
      const { input, output } = truth(nextLie());
      return { release: release.digits, input: invalidInput(problem, input), output };
    });
    return [...told, ...answered];
  }

  function insuring(beneficiary: string): Cover {
    return { amount: parseEther(FULL_COVER), beneficiary };
  }

  /** Tells a lie that is insured, and has an accomplice show the truth that the liar signed too: no proof of which is wrong. */
  async function contradictInsured(liar: LyingOperator, told: Told, right: Uint8Array): Promise<void> {
    const from = (await chain.provider.getBlockNumber()) + 1;
    await liar.tellInsured(told, { cover: insuring(INSURED) });
    const [logged] = await loggedResults(court, from);
    const other = await liar.sign({ ...told, output: right });
    if (logged === undefined) throw new Error("nothing was told");
    const accomplice = court.disputes.connect(chain.account(5));
    await (await accomplice.proveEquivocation(logged.signed, other)).wait();
  }

  /** A contradiction punishes the higher of its two outputs. */
  function isHigher(output: Uint8Array, than: Uint8Array): boolean {
    return keccak256(output) > keccak256(than);
  }

  const KINDS = LIE_NAMES.length + INVALID.length;
  const half = (turn: number) => everyLie().filter((_, index) => index % 2 === turn);
  const samePublicWords = { said: undefined as Told | undefined, validUntil: 0 };

  const CRIMES: Crime[] = [
    {
      title: "every second kind of lie, inside a transaction",
      stake: "1000000",
      lies: KINDS / 2,
      tell: (liar) => liar.tellInTransaction(half(0)),
    },
    {
      title: "the other kinds, to requests",
      stake: "1000000",
      lies: KINDS / 2,
      tell: (liar) => liar.tellRequests(half(1)),
    },
    {
      title: `the same lie to ${CALLERS} callers`,
      async tell(liar) {
        const same = nextLie();
        for (let told = 0; told < CALLERS; told += BATCH) await liar.tellRequests(Array(BATCH).fill(same));
      },
    },
    {
      title: "a lie about a model that no server has any more",
      tell: (liar) => liar.tellInTransaction([nextLie(release.dead)]),
    },
    {
      title: "a lie with the least stake behind it, on its way out at once",
      stake: "1000",
      async tell(liar) {
        await liar.tellInTransaction([nextLie()]);
        await (await court.operators.unbond(liar.operatorId, parseEther("1000"))).wait();
      },
    },
    {
      title: "a lie about an input of 16 KiB",
      async tell(liar) {
        const [input = new Uint8Array()] = large.inputs;
        const output = lie("the last bit", truthOf(large, input, digits));
        await liar.tellRequests([{ release: release.large, input, output }]);
      },
    },
    {
      title: "a lie in a bundle of right answers",
      tell: (liar) =>
        liar.tellInTransaction([truth(nextLie()), truth(nextLie()), nextLie(), truth(nextLie())]),
    },
    {
      title: "a lie beside the answer of a float model",
      async tell(liar) {
        const float = { release: release.float, input: sampleInput(), output: sampleInput() };
        await liar.tellRequests([float]);
        const isMet = async () => ((await checks())?.checked.unmeasured ?? 0) > 0;
        await verifier.until(isMet, "the verifier has met the approximate release", PATIENCE_MS);
        await liar.tellRequests([float, nextLie()]);
      },
    },
    {
      title: "a lie insured for itself with all that it may",
      ...{ cover: FULL_COVER, coverer: "Pipe" },
      tell: (liar) => liar.tellInsured(nextLie(), { cover: insuring(liar.signer.address) }),
    },
    {
      title: "a lie insured for another with all that it may",
      ...{ cover: FULL_COVER, coverer: "Pipe" },
      tell: (liar) => liar.tellInsured(nextLie(), { cover: insuring(INSURED) }),
    },
    {
      title: "a lie to a request insured with all that it may",
      ...{ cover: FULL_COVER, coverer: "InferenceRequests" },
      tell: (liar) => liar.tellRequests([nextLie()], insuring(INSURED)),
    },
    {
      title: "an insured lie that its own contradiction was punished for first",
      ...{ cover: FULL_COVER, coverer: "Pipe" },
      async tell(liar) {
        let told = nextLie();
        while (!isHigher(told.output, truth(told).output)) told = nextLie();
        await contradictInsured(liar, told, truth(told).output);
      },
    },
    {
      title: "the same about what no transaction can compute",
      ...{ cover: FULL_COVER, coverer: "Pipe" },
      async tell(liar) {
        const [input = new Uint8Array()] = slow.inputs;
        const right = slow.outputOf(input);
        const output = right.slice();
        const last = output.length - 8;
        do output[last] = (output[last] ?? 0) + 1;
        while (!isHigher(output, right));
        await contradictInsured(liar, { release: release.slow, input, output }, right);
      },
    },
    ...["first", "second"].map((which) => ({
      title: `the same words for anybody, from the ${which} of two operators`,
      async tell(liar: LyingOperator) {
        if (samePublicWords.said === undefined)
          samePublicWords.validUntil = (await chain.timestamp()) + 3_600;
        samePublicWords.said ??= nextLie();
        const { said, validUntil } = samePublicWords;
        await liar.tellInTransaction([said], { isPublic: true, validUntil });
      },
    })),
    {
      title: "two answers from the two keys of a rotation, to an input that nobody shows",
      async tell(liar) {
        const said = nextLie();
        const [, payer] = court.users;
        await liar.tellUnused([said]);
        await liar.rotate();
        await liar.tellUnused([truth(said)], payer && { payer });
      },
    },
    {
      title: "an unused lie, about an input that an honest node is asked for later",
      async tell(liar) {
        const later = nextLie();
        await liar.tellUnused([later]);
        const [opened] = await askRequests(court, [later], honestId);
        if (opened !== undefined) await server.reaches(opened.id, "fulfilled");
      },
    },
    {
      title: "a lie that takes long to compute, which an accomplice accused to let it lapse",
      async tell(liar) {
        const [input = new Uint8Array()] = slow.inputs;
        const right = slow.outputOf(input);
        const output = lie("the last bit", { right, toAnotherInput: right, ofAnotherRelease: right });
        const from = (await chain.provider.getBlockNumber()) + 1;
        await liar.tellInTransaction([{ release: release.slow, input, output }]);
        const [logged] = await loggedResults(court, from);
        if (logged !== undefined) await openChallenge(court, chain.account(5), logged);
      },
    },
  ];

  const INSURED_CRIMES = CRIMES.filter(({ cover }) => cover !== undefined);

  /** Waits until all covers are as far as that. */
  async function untilCovers(state: "claimed" | "paid"): Promise<void> {
    const isSo = async () => {
      await chain.pass(LOOK_SEC);
      return (await checks())?.covers[state] === INSURED_CRIMES.length;
    };
    await verifier.until(isSo, `all covers are ${state}`, PATIENCE_MS);
  }

  /** Lets the chain's time pass until the verifier has brought so many more disputes to their end. */
  async function untilDone(count: number): Promise<void> {
    done += count;
    let state = "";
    const isDone = async () => {
      await chain.pass(LOOK_SEC);
      const status = await checks();
      state = JSON.stringify(status);
      return status?.disputes.done === done;
    };
    await verifier.until(isDone, `${done} disputes are done`, PATIENCE_MS).catch((error: unknown) => {
      throw new Error(`the verifier says ${state}`, { cause: error });
    });
  }

  /** What the verifier says of itself; undefined while the machine is too busy for it to say anything. */
  async function checks() {
    return await verifier.status().then(
      (status) => status.verifier,
      () => undefined,
    );
  }

  /** Grains at stake and on their way out, and how often the operator was slashed. */
  async function standingOf(operatorId: number) {
    const [{ stake, slashCount, jailed }, { amount }] = await Promise.all([
      court.operators.standingById(operatorId),
      court.operators.unbondingOf(operatorId),
    ]);
    return { grains: stake + amount / GRAIN, slashCount: Number(slashCount), jailed };
  }

  describe("told all at once", () => {
    const liars = new Map<string, LyingOperator>();
    let verifierWallet: Wallet;
    let owned: bigint;
    let others: Record<string, bigint>;
    let fromBlock: number;

    before(async () => {
      verifierWallet = chain.account(2);
      owned = await court.opg.balanceOf(verifierWallet);
      fromBlock = await chain.provider.getBlockNumber();
      for (const { title, stake = "2000", coverer, tell } of CRIMES) {
        const liar = await LyingOperator.enlist(court, {
          stake,
          coverer: coverer === undefined ? undefined : court.addresses[coverer],
        });
        liars.set(title, liar);
        await tell(liar);
      }
      others = await court.thirdParties();
      await untilDone(CRIMES.reduce((sum, { lies = 1 }) => sum + lies, 0));
      await untilCovers("claimed");
    });

    for (const { title, stake = "2000", lies = 1, cover = "0" } of CRIMES) {
      it(`takes the stake for ${title}`, async () => {
        const { grains, slashCount, jailed } = await standingOf(liars.get(title)?.operatorId ?? 0);
        expect([slashCount, jailed]).to.deep.equal([lies, true]);
        let left = parseEther(stake) / GRAIN;
        for (let slash = 0; slash < lies; slash++) left -= left / 2n;
        // What was locked no slash may take: the cover and what burns with it.
        left -= (parseEther(cover) * 10n) / 3n / GRAIN;
        expect(grains).to.equal(left);
      });
    }

    it("pays the verifier every bounty, but for the part of whoever accused first", async () => {
      const slashed = await court.operators.queryFilter(court.operators.filters.OperatorSlashed(), fromBlock);
      const bounties = slashed.reduce((sum, { args }) => sum + args.bounty, 0n);
      // Half of a bounty for opening a challenge, and all of one for each contradiction.
      const accomplices = parseEther("75") + 2n * parseEther("150");
      expect((await court.opg.balanceOf(verifierWallet)) - owned).to.equal(bounties - accomplices);
      expect(await court.disputes.creditOf(verifierWallet)).to.equal(0n);
    });

    it("has each bounty told by the dispute that it came of, once", async () => {
      const told = (await checks())?.recentDisputes ?? [];
      // Fifteen of a hundred, or half of them for the one that an accomplice opened.
      for (const { bounty, slashed, key } of told)
        expect(BigInt(bounty) * 100n, key).to.be.at.most(BigInt(slashed) * 15n);
    });

    it("pays whom the lies were insured for a week after, each once", async () => {
      const { operators, opg } = court;
      const claims = await operators.queryFilter(operators.filters.CoverClaimed(), fromBlock);
      const amounts = claims.map(({ args }) => [args.amount, args.burned]);
      const [paid, burned] = [parseEther(FULL_COVER), parseEther("700")];
      expect(amounts).to.deep.equal(Array(INSURED_CRIMES.length).fill([paid, burned]));
      expect(await opg.balanceOf(INSURED)).to.equal(0n);
      const [self] = INSURED_CRIMES.map(({ title }) => liars.get(title)?.signer.address ?? "");
      await chain.pass(WEEK_SEC);
      await untilCovers("paid");
      expect(await opg.balanceOf(self ?? "")).to.equal(paid);
      expect(await opg.balanceOf(INSURED)).to.equal(BigInt(INSURED_CRIMES.length - 1) * paid);
      const paidOut = await operators.queryFilter(operators.filters.CoverPaid(), fromBlock);
      expect(paidOut).to.have.length(INSURED_CRIMES.length);
    });

    it("moves nothing of anybody else, and leaves the operator beside alone", async () => {
      expect(await court.thirdParties()).to.deep.equal(others);
      const grains = parseEther("2000") / GRAIN;
      expect(await standingOf(honestId)).to.deep.equal({ grains, slashCount: 0, jailed: false });
      expect((await checks())?.checked.right).to.be.greaterThan(3);
    });
  });

  it("takes the stake for a lie that is followed by half a day without a block", async () => {
    const liar = await LyingOperator.enlist(court);
    await liar.tellInTransaction([nextLie()]);
    await chain.pass(FORCED_INCLUSION_SEC);
    await untilDone(1);
    expect((await standingOf(liar.operatorId)).slashCount).to.equal(1);
  });

  it("takes the stake for a lie in the last second before other stake has unbonded", async () => {
    const { operators } = court;
    const liar = await LyingOperator.enlist(court, { stake: "5000" });
    await (await operators.unbond(liar.operatorId, parseEther("3000"))).wait();
    const releaseAt = Number((await operators.unbondingOf(liar.operatorId)).releaseAt);
    await chain.nextBlockAt(releaseAt - 1);
    const validUntil = releaseAt + 3_500;
    await liar.tellInTransaction([nextLie()], { validUntil });
    await (await operators.withdrawUnbonded(liar.operatorId, chain.account(0))).wait();
    await (await operators.unbond(liar.operatorId, parseEther("2000"))).wait();
    await untilDone(1);
    expect((await standingOf(liar.operatorId)).grains).to.equal(parseEther("1000") / GRAIN);
  });
});

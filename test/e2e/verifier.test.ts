import { expect } from "chai";
import { type ExactModel, readExactModel } from "../../bench/exactRelease.ts";
import { lie, truthOf, variedInputs } from "../fixtures/lies.ts";
import { exactModelOf } from "../fixtures/models/exactModel.ts";
import { rescaled } from "../fixtures/models/make.ts";
import { type Court, deployCourt } from "./fixture/court.ts";
import { type LocalChain, startLocalChain } from "./fixture/localChain.ts";
import { askRequests, LyingOperator } from "./fixture/lyingOperator.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";

const COMMITMENT_AGE = 300;
const BOUNTY_WAIT = 3_600;

describe("node end to end: verifier", function () {
  this.timeout(180_000);

  let chain: LocalChain;
  let court: Court;
  let digits: ExactModel;
  let volatility: ExactModel;
  let long: ExactModel;
  const releases = new Map<ExactModel, string>();
  let node: NodeProcess;

  before(async () => {
    chain = await startLocalChain();
    court = await deployCourt(chain);
    digits = readExactModel("digits");
    volatility = readExactModel("eth-volatility-1h-exact");
    long = exactModelOf("long", rescaled(), [Array.from({ length: 900 }, (_, i) => (i * 37) % 2_000)]);
    for (const model of [digits, volatility, long]) releases.set(model, await court.publishExact(model));
  });

  after(async () => {
    await chain.stop();
  });

  beforeEach(() => {
    node = verifierNode();
  });

  afterEach(async () => {
    await node.dispose();
  });

  function verifierNode(account = 1, options: object = {}): NodeProcess {
    return new NodeProcess(chain, court, chain.account(account), [], {
      roles: ["verifier"],
      fees: { maxFeeGwei: "100" },
      verifier: options,
    });
  }

  async function state(index = 0): Promise<string | undefined> {
    return (await node.status()).verifier?.recentDisputes[index]?.state;
  }

  async function reaches(wanted: string): Promise<void> {
    await node.until(async () => (await state()) === wanted, `the dispute is ${wanted}`, 60_000);
  }

  it("finds a lie among truths, commits, proves it and takes the bounty", async () => {
    const liar = await LyingOperator.enlist(court);
    const before = await liar.stake();
    await node.start();
    const [first = new Uint8Array(), second = new Uint8Array()] = variedInputs(digits, 2);
    const release = releases.get(digits) ?? "";
    await liar.tellInTransaction([
      { release, input: first, output: digits.outputOf(first) },
      { release, input: second, output: lie("the last bit", truthOf(digits, second, volatility)) },
    ]);
    await reaches("committed");
    await chain.pass(COMMITMENT_AGE);
    await reaches("proved");
    expect(await liar.stake()).to.equal(before / 2n);
    await chain.pass(BOUNTY_WAIT);
    await reaches("done");
    const account = chain.account(1).address;
    expect(await court.opg.balanceOf(account)).to.equal((before * 75n) / 1_000n);
    const { checked } = (await node.status()).verifier ?? {};
    expect(checked).to.deep.equal({ right: 1, wrong: 1 });
  });

  it("computes a long graph step by step to the verdict", async () => {
    const liar = await LyingOperator.enlist(court);
    const before = await liar.stake();
    await node.start();
    const [input = new Uint8Array()] = long.inputs;
    const release = releases.get(long) ?? "";
    await liar.fulfil(await askRequests(court, [{ release, input }]), [wrong(long.outputOf(input))]);
    await reaches("committed");
    await chain.pass(COMMITMENT_AGE);
    await reaches("proved");
    expect(await liar.stake()).to.equal(before / 2n);
    await chain.pass(BOUNTY_WAIT);
    await reaches("done");
    const [dispute] = (await node.status()).verifier?.recentDisputes ?? [];
    expect(dispute?.steps).to.be.greaterThan(0);
    expect(BigInt(dispute?.bounty ?? 0)).to.equal((before * 75n) / 1_000n);
    expect(await court.disputes.creditOf(chain.account(1))).to.equal(0n);
  });
});

/** The right output but for one bit. */
function wrong(right: Uint8Array): Uint8Array {
  const changed = right.slice();
  changed[changed.length - 8] = (changed[changed.length - 8] ?? 0) ^ 1;
  return changed;
}

import { expect } from "chai";
import { type ExactModel, readExactModel } from "../../bench/exactRelease.ts";
import { lie, truthOf, variedInputs } from "../fixtures/lies.ts";
import { exactModelOf } from "../fixtures/models/exactModel.ts";
import { rescaled } from "../fixtures/models/make.ts";
import { type Court, deployCourt } from "./fixture/court.ts";
import { type LocalChain, startLocalChain } from "./fixture/localChain.ts";
import { askRequests, LyingOperator } from "./fixture/lyingOperator.ts";
import {
  BOUNTY_WAIT_SEC,
  COMMITMENT_AGE_SEC,
  PATIENCE_MS,
  VerifierNode,
  withWrongBit,
} from "./fixture/verifierNode.ts";

describe("node end to end: verifier", function () {
  this.timeout(900_000);

  let chain: LocalChain;
  let court: Court;
  let digits: ExactModel;
  let volatility: ExactModel;
  let long: ExactModel;
  const releases = new Map<ExactModel, string>();
  let nodes: VerifierNode[] = [];

  before(async () => {
    chain = await startLocalChain();
    court = await deployCourt(chain);
    digits = readExactModel("digits");
    volatility = readExactModel("eth-volatility-1h-exact");
    const numbers = Array.from({ length: 900 }, (_, i) => (i * 37) % 2_000);
    long = exactModelOf("long", rescaled(240), [numbers]);
    for (const model of [digits, volatility, long]) releases.set(model, await court.publishExact(model));
  });

  after(async () => {
    await chain.stop();
  });

  afterEach(async () => {
    await chain.resumeMining();
    for (const node of nodes) await node.dispose();
    nodes = [];
  });

  function verifier(account = 1, options: object = {}): VerifierNode {
    const node = new VerifierNode(court, account, options);
    nodes.push(node);
    return node;
  }

  /** A lie about the long model, which no transaction can compute whole. */
  async function tellLongLie(liar: LyingOperator): Promise<void> {
    const [input = new Uint8Array()] = long.inputs;
    const release = releases.get(long) ?? "";
    const output = withWrongBit(long.outputOf(input));
    await liar.fulfil(await askRequests(court, [{ release, input }]), [output]);
  }

  const bountyOf = (stake: bigint): bigint => (stake * 75n) / 1_000n;

  it("finds a lie among truths, commits, proves it and takes the bounty", async () => {
    const node = verifier();
    const liar = await LyingOperator.enlist(court);
    const stake = await liar.stake();
    await node.start();
    const [first = new Uint8Array(), second = new Uint8Array()] = variedInputs(digits, 2);
    const release = releases.get(digits) ?? "";
    const before = await court.thirdParties();
    const owned = await court.opg.balanceOf(chain.account(1));
    await liar.tellInTransaction([
      { release, input: first, output: digits.outputOf(first) },
      { release, input: second, output: lie("the last bit", truthOf(digits, second, volatility)) },
    ]);
    const paid = await court.thirdParties();
    expect(paid).to.not.deep.equal(before);
    await node.disputeReaches("committed");
    await chain.pass(COMMITMENT_AGE_SEC);
    await node.disputeReaches("proved");
    expect(await liar.stake()).to.equal(stake / 2n);
    await chain.pass(BOUNTY_WAIT_SEC);
    await node.disputeReaches("done");
    expect((await court.opg.balanceOf(chain.account(1))) - owned).to.equal(bountyOf(stake));
    expect((await node.dispute())?.bounty).to.equal(String(bountyOf(stake)));
    expect(await court.thirdParties()).to.deep.equal(paid);

    const { checked, disputes } = (await node.status()).verifier ?? {};
    expect(checked).to.deep.equal({ right: 1, wrong: 1 });
    expect(disputes?.done).to.equal(1);
    const metrics = await (await node.get("/metrics")).text();
    expect(metrics).to.match(/opg_verifier_faults_total\{fault="wrong-output"\} 1/);
    expect(metrics).to.match(/opg_disputes\{state="done"\} 1/);
    expect(metrics).to.match(/opg_verifier_bounties_opg_total 150/);
  });

  it("computes a long graph step by step, killed at every transaction, and repeats nothing", async () => {
    const node = verifier();
    const account = chain.account(1).address;
    const from = await chain.provider.getBlockNumber();
    const nonce = await chain.provider.getTransactionCount(account);
    const liar = await LyingOperator.enlist(court);
    const stake = await liar.stake();
    const owned = await court.opg.balanceOf(account);
    await node.start();
    await tellLongLie(liar);
    await node.disputeReaches("committed");
    await node.kill();
    let lives = 1;
    await chain.stopMining();
    for (; (await lifeOf(node, account)) !== "over"; lives++) {
      await node.kill();
      if (lives % 2 === 0) {
        await chain.mine();
        continue;
      }
      // The other half of the times it is started again before its transaction is mined.
      const seen = node.logs.length;
      const since = (msg: string) => node.logs.slice(seen).some((line) => line.msg === msg);
      await node.start({ isReady: false });
      await node.until(() => since("transaction taken up again"), "the transaction is followed", PATIENCE_MS);
      await chain.mine();
      await node.until(() => since("transaction ended"), "the transaction has ended", PATIENCE_MS);
      await node.kill();
    }
    await chain.resumeMining();

    expect(lives).to.be.greaterThan(5);
    expect(await liar.stake()).to.equal(stake / 2n);
    expect((await court.opg.balanceOf(account)) - owned).to.equal(bountyOf(stake));
    expect(await court.disputes.creditOf(account)).to.equal(0n);
    const logs = await chain.provider.getLogs({ address: court.addresses.Disputes, fromBlock: from + 1 });
    const names = logs.map((log) => court.disputes.interface.parseLog(log)?.name);
    const once = ["EvidenceCommitted", "ChallengeOpened", "ChallengeEnded", "BountyPaid", "WorkPaid"];
    for (const name of once) expect(names.filter((each) => each === name)).to.have.length(1);
    const steps = names.filter((name) => name === "ChallengeContinued").length;
    expect(steps).to.be.greaterThan(1);
    // Commitment, opening, steps and the last one, wages, bounty, coin; nothing that failed.
    expect((await chain.provider.getTransactionCount(account)) - nonce).to.equal(steps + 6);
  });

  /** Runs it until a transaction of its account waits to be mined, or the dispute has come to its end. */
  async function lifeOf(node: VerifierNode, account: string): Promise<"sent" | "over"> {
    const isSent = async (): Promise<boolean> => {
      const [mined, sent] = await Promise.all([
        chain.provider.getTransactionCount(account, "latest"),
        chain.provider.getTransactionCount(account, "pending"),
      ]);
      return sent > mined;
    };
    await node.start({ isReady: false });
    for (;;) {
      let reason: string | undefined;
      await node.until(
        async () => {
          const dispute = await node.dispute();
          reason = dispute?.state === "done" ? "done" : dispute?.reason;
          const isIdle = ["done", "commitment-too-young", "bounty-not-payable"].includes(reason ?? "");
          return isIdle || (await isSent());
        },
        "the dispute goes on",
        PATIENCE_MS,
      );
      if (await isSent()) return "sent";
      if (reason === "done") return "over";
      await chain.pass(reason === "commitment-too-young" ? COMMITMENT_AGE_SEC : BOUNTY_WAIT_SEC);
      await node.until(
        async () => (await node.dispute())?.reason !== reason || isSent(),
        "time has passed",
        PATIENCE_MS,
      );
      if (await isSent()) return "sent";
    }
  }

  it("shares a challenge with another verifier, and divides the bounty with it", async () => {
    const pair = [verifier(1), verifier(2)];
    const accounts = [1, 2].map((index) => chain.account(index).address);
    const liar = await LyingOperator.enlist(court);
    const stake = await liar.stake();
    const owned = await Promise.all(accounts.map((account) => court.opg.balanceOf(account)));
    for (const node of pair) await node.start();
    await tellLongLie(liar);
    for (const node of pair) await node.disputeReaches("committed");
    await chain.pass(COMMITMENT_AGE_SEC);
    for (const node of pair) await node.disputeReaches("proved");
    expect(await liar.stake()).to.equal(stake / 2n);
    await chain.pass(BOUNTY_WAIT_SEC);
    for (const node of pair) await node.disputeReaches("done");
    const now = await Promise.all(accounts.map((account) => court.opg.balanceOf(account)));
    const gained = now.map((balance, i) => balance - (owned[i] ?? 0n));
    expect(gained.reduce((sum, each) => sum + each, 0n)).to.equal(bountyOf(stake));
    for (const account of accounts) expect(await court.disputes.creditOf(account)).to.equal(0n);
  });
});

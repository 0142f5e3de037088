import { expect } from "chai";
import { ChainTime } from "../../../offchain-runner/src/chain/chainTime.ts";
import { MAX_TRANSACTION_GAS } from "../../../offchain-runner/src/chain/gasModel.ts";
import type { SenderOptions } from "../../../offchain-runner/src/chain/transactionSender.ts";
import { TransactionSender } from "../../../offchain-runner/src/chain/transactionSender.ts";
import { TransactionStore } from "../../../offchain-runner/src/chain/transactionStore.ts";
import { ScriptedMempool } from "./fakes/scriptedMempool.ts";
import { silentLogger } from "./fakes/silentLogger.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

const NOW_SEC = 1_700_000_000;
const PLAN = {
  purpose: "fulfil",
  to: `0x${"bb".repeat(20)}`,
  data: "0x1234",
  gasLimit: 100_000n,
  validUntil: NOW_SEC + 60,
} as const;

describe("TransactionSender", () => {
  let temp: TempDatabase;
  let clock: SteppedClock;
  let chain: ScriptedMempool;
  let store: TransactionStore;
  let sender: TransactionSender;
  /** Of data and of the chain's operator, whatever the transaction. */
  let besideGas: bigint;
  const fees = { besideGas: () => besideGas, operatorFee: () => 0n };
  const signal = new AbortController().signal;
  const nothing = (): void => undefined;

  beforeEach(() => {
    temp = new TempDatabase();
    clock = new SteppedClock(NOW_SEC * 1000);
    chain = new ScriptedMempool();
    besideGas = 0n;
    sender = freshSender();
  });

  afterEach(() => temp.dispose());

  /** As a new process would make it. */
  function freshSender(caps: Partial<SenderOptions> = {}): TransactionSender {
    const time = new ChainTime(clock);
    time.observe({ number: 1, hash: "0x1", parentHash: "0x0", timestamp: NOW_SEC, baseFee: 100n });
    store = new TransactionStore(temp.reopen(), clock);
    return new TransactionSender(
      { chain, fees, store, time, clock, logger: silentLogger },
      {
        limits: { maxFee: 1_000n, maxTip: 10n },
        maxPerTransaction: 0n,
        maxPerDay: 0n,
        pollIntervalMs: 1_000,
        replaceAfterMs: 12_000,
        giveUpAfterMs: 60_000,
        ...caps,
      },
    );
  }

  function atSecond(second: number, act: () => void): void {
    let isDone = false;
    clock.onSleep((nowMs) => {
      if (isDone || nowMs < (NOW_SEC + second) * 1000) return;
      isDone = true;
      act();
    });
  }

  it("is included", async () => {
    atSecond(2, () => chain.mine());
    const outcome = await sender.send(PLAN, nothing, signal);
    expect(outcome.status).to.equal("included");
    expect(chain.broadcasts).to.have.length(1);
    expect(store.unfinished()).to.deep.equal([]);
  });

  it("records what it signed before it sends it, together with what the caller writes", async () => {
    let recorded: number | undefined;
    chain.onBroadcast = () => expect(store.unfinished().map(({ id }) => id)).to.deep.equal([recorded]);
    atSecond(2, () => chain.mine());
    await sender.send(PLAN, (id) => (recorded = id), signal);
    expect(recorded).to.be.a("number");
  });

  it("records nothing when the caller's part fails", async () => {
    const failing = sender.send(
      PLAN,
      () => {
        throw new Error("no");
      },
      signal,
    );
    await failing.then(
      () => expect.fail("sent all the same"),
      () => undefined,
    );
    expect(store.unfinished()).to.deep.equal([]);
    expect(chain.broadcasts).to.deep.equal([]);
  });

  it("says that it reverted", async () => {
    atSecond(2, () => chain.mine({ isSuccess: false }));
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("reverted");
  });

  it("signs nothing that the simulation rejects", async () => {
    chain.revertData = "0xdeadbeef";
    expect(await sender.send(PLAN, nothing, signal)).to.deep.equal({
      status: "rejected",
      revertData: "0xdeadbeef",
    });
    expect(chain.signed.size).to.equal(0);
  });

  it("signs nothing above the gas cap of a transaction", async () => {
    const outcome = await sender.send({ ...PLAN, gasLimit: MAX_TRANSACTION_GAS + 1n }, nothing, signal);
    expect(outcome.status).to.equal("rejected");
  });

  it("signs nothing that the balance does not cover", async () => {
    chain.funds = 1_000n;
    const outcome = await sender.send(PLAN, nothing, signal);
    expect(outcome).to.include({ status: "unaffordable", balance: 1_000n });
    expect(chain.signed.size).to.equal(0);
  });

  it("raises its bid by an eighth and more, up to the cap, while it waits", async () => {
    atSecond(50, () => chain.mine());
    const outcome = await sender.send(PLAN, nothing, signal);
    expect(outcome.status).to.equal("included");
    const bids = [...chain.signed.values()].map(({ price }) => price.maxFee);
    expect(bids.length).to.be.greaterThan(1);
    for (const [index, bid] of bids.entries()) {
      if (index > 0) expect(bid * 8n >= (bids[index - 1] as bigint) * 9n).to.equal(true);
      expect(bid <= 1_000n).to.equal(true);
    }
    expect([...chain.signed.values()].map(({ nonce }) => nonce)).to.deep.equal(bids.map(() => 0));
  });

  it("bids more also where the clock was put back meanwhile", async () => {
    let sleeps = 0;
    clock.onSleep(() => {
      sleeps += 1;
      if (sleeps === 1) clock.advance(-3_600_000);
      if (chain.signed.size === 2) chain.mine();
    });
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("included");
    expect(sleeps).to.be.below(5);
  });

  it("finds an earlier attempt that was mined after it was replaced", async () => {
    atSecond(30, () => chain.mine({ hash: chain.broadcasts[0] }));
    const outcome = await sender.send(PLAN, nothing, signal);
    expect(outcome).to.have.nested.property("receipt.hash", chain.broadcasts[0]);
  });

  it("sends again what a mempool forgot", async () => {
    atSecond(3, () => chain.drop());
    atSecond(6, () => chain.mine());
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("included");
    expect(new Set(chain.broadcasts).size).to.equal(1);
    expect(chain.broadcasts.length).to.be.greaterThan(1);
  });

  it("cancels what came too late by an empty transaction of the same nonce", async () => {
    atSecond(70, () => chain.mine());
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("expired");
    const last = [...chain.signed.values()].at(-1);
    expect(last).to.deep.include({ nonce: 0, call: { to: chain.sender, data: "0x", gasLimit: 21_000n } });
  });

  it("accepts that a late transaction won against its cancellation", async () => {
    atSecond(70, () => chain.mine({ hash: chain.broadcasts[0] }));
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("included");
  });

  it("gives up on what no endpoint takes, and leaves the nonce to the next", async () => {
    chain.isTaking = false;
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("abandoned");
    chain.isTaking = true;
    clock.onSleep(() => chain.mine());
    const next = { ...PLAN, validUntil: NOW_SEC + 10_000 };
    expect((await sender.send(next, nothing, signal)).status).to.equal("included");
    expect([...chain.signed.values()].at(-1)?.nonce).to.equal(0);
  });

  it("gives up on what came too late where the caps leave no room for a cancellation", async () => {
    sender = freshSender({ limits: { maxFee: 201n, maxTip: 10n } });
    const outcome = await sender.send(PLAN, nothing, signal);
    expect(outcome.status).to.equal("abandoned");
    expect(chain.signed.size).to.equal(1);
    expect(clock.nowMs()).to.be.at.least((NOW_SEC + 120) * 1000);
  });

  it("leaves alone what another key signed before", async () => {
    const other = new AbortController();
    chain.onBroadcast = () => other.abort();
    await sender.send(PLAN, nothing, other.signal).catch(() => undefined);
    const [left] = store.unfinished();
    const before = chain.signed.size;
    const outcome = await sender.follow({ ...left, signer: `0x${"cc".repeat(20)}` } as never, signal);
    expect(outcome.status).to.equal("abandoned");
    expect([chain.signed.size, chain.broadcasts.length]).to.deep.equal([before, 1]);
    expect(store.unfinished()).to.deep.equal([]);
  });

  it("raises no bid beyond what the day may still cost", async () => {
    sender = freshSender({ maxPerDay: 100_000n * 240n });
    atSecond(50, () => chain.mine());
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("included");
    const bids = [...chain.signed.values()].map(({ price }) => price.maxFee);
    expect(bids).to.deep.equal([201n, 227n]);
  });

  it("notices that something else used its nonce", async () => {
    atSecond(2, () => chain.useNonceElsewhere());
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("superseded");
  });

  it("bids no more than a transaction may cost, data included, and nothing where that is too little", async () => {
    // A base fee of 100, twice that and the tip at first.
    sender = freshSender({ maxPerTransaction: 100_000n * 150n + 5n, maxPerDay: 0n });
    besideGas = 5n;
    atSecond(1, () => chain.mine());
    await sender.send(PLAN, nothing, signal);
    expect([...chain.signed.values()].map(({ price }) => price.maxFee)).to.deep.equal([150n]);
    besideGas = 100_000n * 51n;
    const outcome = await sender.send(PLAN, nothing, signal);
    expect(outcome).to.deep.equal({ status: "fee-over-cap", baseFee: 100n });
  });

  it("raises no bid beyond what the transaction may cost", async () => {
    sender = freshSender({ maxPerTransaction: 100_000n * 240n });
    atSecond(50, () => chain.mine());
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("included");
    const bids = [...chain.signed.values()].map(({ price }) => price.maxFee);
    expect(bids).to.deep.equal([201n, 227n]);
  });

  it("signs nothing with which a day would cost more than it may, also after a restart, until it is over", async () => {
    // The scripted receipt costs 50,000.
    const maxPerDay = 100_000n * 201n + 49_999n;
    sender = freshSender({ maxPerDay });
    atSecond(1, () => chain.mine());
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("included");
    sender = freshSender({ maxPerDay });
    expect(await sender.send(PLAN, nothing, signal)).to.deep.equal({
      status: "budget-spent",
      spent: 50_000n,
      cap: maxPerDay,
    });
    expect(sender.spentToday()).to.equal(50_000n);
    clock.advance(86_400_000);
    expect(sender.spentToday()).to.equal(0n);
  });

  it("needs a balance for what is taken beside gas too", async () => {
    chain.funds = 100_000n * 201n;
    besideGas = 1n;
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("unaffordable");
  });

  it("finds a receipt that the endpoint at hand has lost", async () => {
    atSecond(1, () => {
      const hash = chain.broadcasts.at(-1) as string;
      chain.mine();
      chain.moveReceipt(hash);
    });
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("included");
  });

  it("waits for the receipt of a nonce that is gone, before it says that something else used it", async () => {
    let misses = 3;
    const receipt = chain.receipt.bind(chain);
    chain.receipt = async (hash) => (misses-- > 0 ? undefined : receipt(hash));
    atSecond(1, () => chain.mine());
    expect((await sender.send(PLAN, nothing, signal)).status).to.equal("included");
    expect(misses).to.equal(-1);
  });

  it("takes up after a crash what was signed and never sent, with the same bytes", async () => {
    const crash = new AbortController();
    chain.isTaking = false;
    chain.onBroadcast = () => crash.abort();
    await sender.send(PLAN, nothing, crash.signal).then(
      () => expect.fail("survived the crash"),
      () => undefined,
    );
    chain.onBroadcast = nothing;
    chain.isTaking = true;

    sender = freshSender();
    const [left] = store.unfinished();
    clock.onSleep(() => chain.mine());
    const outcome = await sender.follow(left as NonNullable<typeof left>, signal);
    expect(outcome.status).to.equal("included");
    expect(new Set(chain.broadcasts).size).to.equal(1);
    expect(store.unfinished()).to.deep.equal([]);
  });

  it("finds after a crash what was mined meanwhile", async () => {
    const crash = new AbortController();
    clock.onSleep(() => crash.abort());
    await sender.send(PLAN, nothing, crash.signal).catch(nothing);
    chain.mine();
    sender = freshSender();
    const [left] = store.unfinished();
    const outcome = await sender.follow(left as NonNullable<typeof left>, signal);
    expect(outcome.status).to.equal("included");
    expect(chain.broadcasts).to.have.length(1);
  });
});

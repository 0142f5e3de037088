import { expect } from "chai";
import { Bell } from "../../../offchain-runner/src/bell.ts";
import { ChainTime } from "../../../offchain-runner/src/chain/chainTime.ts";
import type { TransactionSource } from "../../../offchain-runner/src/chain/transactionLoop.ts";
import { TransactionLoop } from "../../../offchain-runner/src/chain/transactionLoop.ts";
import type { SubmitOutcome } from "../../../offchain-runner/src/chain/transactionSender.ts";
import { TransactionSender } from "../../../offchain-runner/src/chain/transactionSender.ts";
import type { TransactionPurpose } from "../../../offchain-runner/src/chain/transactionStore.ts";
import { TransactionStore } from "../../../offchain-runner/src/chain/transactionStore.ts";
import { NO_FEES } from "./fakes/noFees.ts";
import { ScriptedMempool } from "./fakes/scriptedMempool.ts";
import { silentLogger } from "./fakes/silentLogger.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

const NOW_SEC = 1_700_000_000;

/** Has `left` transactions to send. */
class CountedSource implements TransactionSource {
  readonly purpose: TransactionPurpose;
  readonly outcomes: string[] = [];
  left: number;

  constructor(purpose: TransactionPurpose, left: number) {
    this.purpose = purpose;
    this.left = left;
  }

  async next() {
    if (this.left === 0) return undefined;
    this.left -= 1;
    const data = `0x${(10 + this.left).toString(16).padStart(2, "0")}`;
    return {
      plan: {
        purpose: this.purpose,
        to: `0x${"bb".repeat(20)}`,
        data,
        gasLimit: 50_000n,
        validUntil: NOW_SEC + 1_000,
      },
      onRecorded: () => undefined,
      conclude: (outcome: SubmitOutcome) => void this.outcomes.push(outcome.status),
    };
  }

  resume() {
    return (outcome: SubmitOutcome) => void this.outcomes.push(`resumed-${outcome.status}`);
  }
}

describe("TransactionLoop", () => {
  let temp: TempDatabase;
  let clock: SteppedClock;
  let chain: ScriptedMempool;
  let stop: AbortController;
  let baseFee: bigint;

  beforeEach(() => {
    temp = new TempDatabase();
    clock = new SteppedClock(NOW_SEC * 1000);
    chain = new ScriptedMempool();
    stop = new AbortController();
    baseFee = 100n;
  });

  afterEach(() => temp.dispose());

  function loopOver(...sources: CountedSource[]): TransactionLoop {
    const time = new ChainTime(clock);
    time.observe({ number: 1, hash: "0x1", parentHash: "0x0", timestamp: NOW_SEC, baseFee });
    const store = new TransactionStore(temp.database, clock);
    const sender = new TransactionSender(
      { chain, fees: NO_FEES, store, time, clock, logger: silentLogger },
      {
        limits: { maxFee: 1_000n, maxTip: 10n },
        maxPerTransaction: 0n,
        maxPerDay: 0n,
        pollIntervalMs: 100,
        replaceAfterMs: 12_000,
        giveUpAfterMs: 60_000,
      },
    );
    const bell = new Bell();
    return new TransactionLoop(
      { bell, sources, sender, store, clock, logger: silentLogger },
      () => undefined,
    );
  }

  it("sends the most urgent first, one at a time", async () => {
    const [urgent, other] = [new CountedSource("fulfil", 2), new CountedSource("claim", 1)];
    const loop = loopOver(urgent, other);
    clock.onSleep(() => {
      expect(urgent.left === 0 || other.left === 1).to.equal(true);
      chain.mine();
      if (other.outcomes.length === 1) stop.abort();
    });
    await loop.run(stop.signal, stop.signal);
    expect(urgent.outcomes).to.deep.equal(["included", "included"]);
    expect([...chain.signed.values()].map(({ nonce }) => nonce)).to.deep.equal([0, 1, 2]);
  });

  it("lets nobody wait for ever behind what always has something to send", async () => {
    const urgent = new CountedSource("fulfil", 100);
    const others = [new CountedSource("accept", 1), new CountedSource("claim", 1)];
    const loop = loopOver(urgent, ...others);
    clock.onSleep(() => chain.mine());
    for (let sent = 0; sent < 16; ++sent) await loop.step(stop.signal, stop.signal);
    for (const { outcomes } of others) expect(outcomes).to.deep.equal(["included"]);
    expect(urgent.outcomes).to.have.length(14);
  });

  it("says nothing of a price any more that nobody wants to pay", async () => {
    const source = new CountedSource("fulfil", 1);
    baseFee = 2_000n;
    const loop = loopOver(source);
    await loop.step(stop.signal, stop.signal);
    expect([loop.problem, source.outcomes]).to.deep.equal(["gas-price-over-cap", ["fee-over-cap"]]);
    clock.advance(120_001);
    expect(loop.problem).to.equal(undefined);
  });

  it("signs nothing new while it cannot see what became of the last", async () => {
    const source = new CountedSource("fulfil", 2);
    const loop = loopOver(source);
    const seen = chain.nonce.bind(chain);
    let isDown = false;
    let rounds = 0;
    chain.onBroadcast = () => {
      isDown = true;
    };
    chain.nonce = async () => {
      if (isDown) throw new Error("down");
      return seen();
    };
    clock.onSleep(() => {
      rounds += 1;
      if (rounds < 10) {
        expect(chain.signed.size).to.be.at.most(1);
        return;
      }
      isDown = false;
      chain.onBroadcast = () => undefined;
      chain.mine();
      if (source.outcomes.length === 2) stop.abort();
    });
    await loop.run(stop.signal, stop.signal);
    expect(source.outcomes).to.deep.equal(["resumed-included", "included"]);
    expect([...chain.signed.values()].map(({ nonce }) => nonce)).to.deep.equal([0, 1]);
  });

  it("says why it cannot send, until it can", async () => {
    const source = new CountedSource("fulfil", 1);
    const loop = loopOver(source);
    chain.funds = 0n;
    await loop.step(stop.signal, stop.signal);
    expect(loop.problem).to.equal("balance-low");
    expect(source.outcomes).to.deep.equal(["unaffordable"]);
    chain.funds = 10n ** 18n;
    source.left = 1;
    clock.onSleep(() => chain.mine());
    await loop.step(stop.signal, stop.signal);
    expect(loop.problem).to.equal(undefined);
  });
});

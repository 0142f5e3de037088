import { expect } from "chai";
import { BlockStore } from "../../../offchain-runner/src/chain/blockStore.ts";
import type { ChainLog } from "../../../offchain-runner/src/chain/chainReader.ts";
import { ChainTime } from "../../../offchain-runner/src/chain/chainTime.ts";
import type { LogWatcherOptions } from "../../../offchain-runner/src/chain/logWatcher.ts";
import { LogWatcher } from "../../../offchain-runner/src/chain/logWatcher.ts";
import { ScriptedChain } from "./fakes/scriptedChain.ts";
import { silentLogger } from "./fakes/silentLogger.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

const OPTIONS: LogWatcherOptions = {
  addresses: ["0x"],
  confirmations: 0,
  pollIntervalMs: 250,
  maxLogRange: 100,
  lookbackBlocks: 1_000,
  fromBlock: 0,
};

describe("LogWatcher", () => {
  let temp: TempDatabase;
  let applied: string[];
  let rollbacks: number[];
  let failNext: boolean;
  let time: ChainTime;

  beforeEach(() => {
    temp = new TempDatabase();
    applied = [];
    rollbacks = [];
    failNext = false;
  });

  afterEach(() => temp.dispose());

  function watch(reader: ScriptedChain, options: Partial<LogWatcherOptions> = {}): LogWatcher {
    const clock = new SteppedClock();
    time = new ChainTime(clock);
    const handler = {
      apply(logs: readonly ChainLog[]) {
        if (failNext) throw new Error("handler");
        applied.push(...logs.map(({ data }) => data));
      },
      rollback: (ancestor: number) => rollbacks.push(ancestor),
      onHead: () => undefined,
    };
    const blocks = new BlockStore(temp.database);
    return new LogWatcher(
      { reader, blocks, handler, time, clock, logger: silentLogger },
      { ...OPTIONS, ...options },
    );
  }

  async function settle(watcher: LogWatcher): Promise<void> {
    while ((await watcher.step()).kind !== "idle");
  }

  it("processes a new block at once, in order", async () => {
    const chain = new ScriptedChain();
    const watcher = watch(chain);
    await settle(watcher);
    chain.grow(1, ["a", "b"]);
    await settle(watcher);
    chain.grow(1, ["c"]);
    await settle(watcher);
    expect(applied).to.deep.equal(["a", "b", "c"]);
    expect(time.head.number).to.equal(2);
  });

  it("catches up in ranges and halves those that an endpoint refuses", async () => {
    const chain = new ScriptedChain();
    const watcher = watch(chain);
    await settle(watcher);
    chain.grow(40, ["far"]);
    chain.grow(60, ["end"]);
    chain.maxRange = 30;
    for (let step = 0; step < 20; ++step) await watcher.step().catch(() => undefined);
    await settle(watcher);
    expect(applied).to.deep.equal(["far", "end"]);
    expect(watcher.cursor).to.equal(100);
  });

  it("begins no further back than told", async () => {
    const chain = new ScriptedChain(50);
    await settle(watch(chain, { lookbackBlocks: 10 }));
    expect(chain.asked).to.have.length(10);
  });

  it("moves the cursor only after its handler succeeded", async () => {
    const chain = new ScriptedChain();
    const watcher = watch(chain);
    await settle(watcher);
    chain.grow(1, ["a"]);
    failNext = true;
    await watcher.step().then(
      () => expect.fail("the handler's failure is swallowed"),
      () => undefined,
    );
    expect(watcher.cursor).to.equal(0);
    failNext = false;
    await settle(watcher);
    expect(applied).to.deep.equal(["a"]);
  });

  it("goes on from the stored cursor in another process", async () => {
    const chain = new ScriptedChain();
    await settle(watch(chain));
    chain.grow(5, ["a"]);
    temp.reopen();
    await settle(watch(chain));
    expect(applied).to.deep.equal(["a"]);
    expect(chain.asked).to.have.length(5);
  });

  it("waits for confirmations", async () => {
    const chain = new ScriptedChain();
    const watcher = watch(chain, { confirmations: 2 });
    await settle(watcher);
    chain.grow(1, ["a"]);
    await settle(watcher);
    chain.grow(1);
    await settle(watcher);
    expect(applied).to.deep.equal([]);
    chain.grow(1);
    await settle(watcher);
    expect(applied).to.deep.equal(["a"]);
  });

  it("rewinds to the common ancestor when the chain is reorganised", async () => {
    const chain = new ScriptedChain();
    const watcher = watch(chain);
    await settle(watcher);
    for (const data of ["a", "b", "c"]) {
      chain.grow(1, [data]);
      await settle(watcher);
    }
    chain.cut(1);
    chain.grow(1, ["b2"], "fork");
    chain.grow(2, ["d2"], "fork");
    await settle(watcher);
    expect(rollbacks).to.deep.equal([1]);
    expect(applied).to.deep.equal(["a", "b", "c", "b2", "d2"]);
  });

  it("notices a reorganisation that leaves the chain shorter", async () => {
    const chain = new ScriptedChain();
    const watcher = watch(chain);
    await settle(watcher);
    for (let i = 0; i < 4; ++i) {
      chain.grow();
      await settle(watcher);
    }
    chain.cut(1);
    chain.grow(1, ["x"], "fork");
    await settle(watcher);
    expect(rollbacks).to.deep.equal([1]);
    expect(applied).to.deep.equal(["x"]);
  });

  it("takes an endpoint that lags behind for what it is", async () => {
    const chain = new ScriptedChain();
    const watcher = watch(chain);
    await settle(watcher);
    for (let i = 0; i < 4; ++i) {
      chain.grow();
      await settle(watcher);
    }
    chain.cut(2);
    expect(await watcher.step()).to.deep.equal({ kind: "idle" });
    expect(rollbacks).to.deep.equal([]);
    expect(time.head.number).to.equal(4);
  });

  it("throws away logs of a range that is reorganised while they are read", async () => {
    const chain = new ScriptedChain();
    const watcher = watch(chain);
    await settle(watcher);
    chain.grow(5, ["gone"]);
    chain.grow(16);
    chain.beforeLogs = () => {
      chain.beforeLogs = () => undefined;
      chain.cut(2);
      chain.grow(3, ["kept"], "fork");
      chain.grow(16);
    };
    expect((await watcher.step()).kind).to.equal("raced");
    await settle(watcher);
    expect(applied).to.deep.equal(["kept"]);
  });

  describe("with an endpoint that is not to be believed", () => {
    /** Blooms of our address `0x`, and of nothing. */
    const FULL = `0x${"ff".repeat(256)}`;
    const EMPTY = `0x${"00".repeat(256)}`;

    it("asks others where a block says that it has logs and the endpoint that it has none", async () => {
      const chain = new ScriptedChain();
      const watcher = watch(chain);
      await settle(watcher);
      chain.grow(1, ["a"]);
      const [kept] = await chain.logs([], { blockHash: (await chain.head()).hash });
      chain.lose();
      chain.bloom = FULL;
      chain.elsewhere = () => (kept === undefined ? [] : [kept]);
      await settle(watcher);
      expect(applied).to.deep.equal(["a"]);
      expect(chain.distrusted).to.deep.equal(["lost-logs"]);
    });

    it("believes that there are none where the others say so, or the block does", async () => {
      const chain = new ScriptedChain();
      const watcher = watch(chain);
      await settle(watcher);
      chain.grow();
      chain.bloom = FULL;
      chain.elsewhere = () => [];
      await settle(watcher);
      chain.grow();
      chain.bloom = EMPTY;
      chain.elsewhere = () => expect.fail("asked for nothing");
      await settle(watcher);
      expect([chain.distrusted, watcher.cursor]).to.deep.equal([[], 2]);
    });

    it("looks at a range block by block where another endpoint has more of it", async () => {
      const chain = new ScriptedChain();
      const watcher = watch(chain);
      await settle(watcher);
      chain.grow(40, ["a"]);
      const { hash } = await chain.head();
      const [kept] = await chain.logs([], { blockHash: hash });
      chain.lose();
      chain.grow(16);
      chain.bloom = FULL;
      chain.elsewhere = (range) => {
        const isIn =
          "blockHash" in range ? range.blockHash === hash : range.toBlock >= 40 && range.fromBlock <= 40;
        return isIn && kept !== undefined ? [kept] : [];
      };
      for (let step = 0; step < 100; ++step) await watcher.step();
      expect(applied).to.deep.equal(["a"]);
      expect([watcher.cursor, chain.distrusted]).to.deep.equal([56, ["lost-logs"]]);
    });

    it("does not go back for an endpoint that contradicts a longer chain", async () => {
      const chain = new ScriptedChain();
      const watcher = watch(chain);
      await settle(watcher);
      chain.grow(1, ["a"]);
      await settle(watcher);
      chain.cut(0);
      chain.grow(1, ["b"], "fork");
      chain.holdsElsewhere = true;
      expect(await watcher.step()).to.deep.equal({ kind: "raced" });
      expect([rollbacks, chain.distrusted]).to.deep.equal([[], ["contradicted"]]);
      chain.holdsElsewhere = false;
      await settle(watcher);
      expect([rollbacks, applied]).to.deep.equal([[0], ["a", "b"]]);
    });

    it("concludes nothing of a range that two endpoints gave together", async () => {
      const chain = new ScriptedChain();
      const watcher = watch(chain);
      await settle(watcher);
      chain.grow(30, ["a"]);
      chain.beforeLogs = () => {
        chain.beforeLogs = () => undefined;
        chain.epoch += 1;
      };
      expect(await watcher.step()).to.deep.equal({ kind: "raced" });
      await settle(watcher);
      expect(applied).to.deep.equal(["a"]);
    });
  });

  it("survives endpoints that break, and ends when told", async () => {
    const chain = new ScriptedChain();
    const watcher = watch(chain);
    const stop = new AbortController();
    let failures = 3;
    chain.head = async () => {
      if (failures-- > 0) throw new Error("down");
      stop.abort();
      throw new Error("over");
    };
    await watcher.run(stop.signal);
    expect(failures).to.equal(-1);
  });
});

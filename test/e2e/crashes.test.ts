import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { campaign, fastCheckSeed, recordCases } from "../fixtures/campaign.ts";
import { type Fault, FaultyProxy } from "./fixture/faultyProxy.ts";
import type { LocalChain } from "./fixture/localChain.ts";
import { startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import type { OpenedRequest, Protocol } from "./fixture/protocol.ts";
import { deployProtocol } from "./fixture/protocol.ts";

const CRASHES = campaign.runs(5, 100);
const REQUESTS_PER_CRASH = 3;
const BLOCK_MS = 300;
/** Of a hundred calls. */
const FAULTS: readonly [Fault, number][] = [
  ["busy", 4],
  ["refused", 2],
  ["answer-lost", 2],
  ["garbage", 1],
];

describe("node end to end: crashes and faults", () => {
  let chain: LocalChain;
  let protocol: Protocol;
  let proxy: FaultyProxy;
  let node: NodeProcess;
  let release: string;
  let random: () => number;

  before(async () => {
    random = seeded(fastCheckSeed);
    chain = await startLocalChain();
    protocol = await deployProtocol(chain);
    release = await protocol.publish();
    await protocol.register(chain.account(1));
    proxy = new FaultyProxy(chain.url, nextFault);
    const url = await proxy.start();
    node = new NodeProcess({ ...chain, url }, protocol, chain.account(1), [release]);
    await chain.mineEvery(BLOCK_MS);
    await node.start();
  });

  after(async () => {
    await node.dispose();
    await proxy.stop();
    await chain.stop();
  });

  function nextFault(): Fault {
    let point = random() * 100;
    for (const [fault, share] of FAULTS) {
      point -= share;
      if (point < 0) return fault;
    }
    return "none";
  }

  it(`loses nothing and repeats nothing through ${CRASHES} times kill -9 on a faulty endpoint`, async function () {
    this.timeout(60_000 + CRASHES * 15_000);
    const opened: OpenedRequest[] = [];
    for (let crash = 0; crash < CRASHES; ++crash) {
      for (let i = 0; i < REQUESTS_PER_CRASH; ++i) {
        const hash = await protocol.open(release, { lane: opened.length });
        await chain.provider.waitForTransaction(hash);
        opened.push(await protocol.opened(hash));
        await delay(random() * BLOCK_MS);
      }
      await node.kill();
      await node.start({ isReady: false });
      await delay(random() * 3 * BLOCK_MS);
    }
    for (const request of opened) {
      await node.until(
        async () => (await protocol.stateOf(request)) === "fulfilled",
        `${request.id} is fulfilled`,
      );
      expect(await protocol.events("RequestFulfilled", request.id)).to.have.length(1);
    }
    await node.until(
      async () => (await node.status()).jobs.fulfilled === opened.length,
      "the node knows all of it",
    );
    expect((await node.status()).jobs).to.include({
      fulfilled: opened.length,
      failed: 0,
      lost: 0,
      submitting: 0,
    });
    expect(await failedTransactions()).to.deep.equal([]);
    recordCases("node.kill", CRASHES);
  });

  /** Transactions of the node that were mined for nothing. */
  async function failedTransactions(): Promise<string[]> {
    const { address } = chain.account(1);
    const failed: string[] = [];
    const head = await chain.provider.getBlockNumber();
    for (let number = 0; number <= head; ++number) {
      const block = await chain.provider.getBlock(number, true);
      for (const { from, hash } of block?.prefetchedTransactions ?? []) {
        if (from !== address) continue;
        const receipt = await chain.provider.getTransactionReceipt(hash);
        if (receipt?.status !== 1 || receipt.logs.length === 0) failed.push(hash);
      }
    }
    return failed;
  }
});

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

import { expect } from "chai";
import type { NodeStatus } from "../../offchain-runner/src/http/status.ts";
import type { LocalChain } from "./fixture/localChain.ts";
import { startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import type { OpenedRequest, Protocol } from "./fixture/protocol.ts";
import { deployProtocol } from "./fixture/protocol.ts";
import { type Misbehaviour, UnreliableEndpoint } from "./fixture/unreliableEndpoint.ts";

const CHAIN_ID = 31_337;

describe("node end to end: several endpoints", () => {
  let chain: LocalChain;
  let protocol: Protocol;
  let endpoints: UnreliableEndpoint[];
  let node: NodeProcess;
  let release: string;
  let lane = 0;
  const opened: OpenedRequest[] = [];

  before(async () => {
    chain = await startLocalChain();
    protocol = await deployProtocol(chain);
    release = await protocol.publish();
    await protocol.register(chain.account(1));
    endpoints = await Promise.all([1, 2, 3].map(() => new UnreliableEndpoint(chain.url).start()));
    const { addresses } = protocol;
    node = new NodeProcess(chain, protocol, chain.account(1), [release], {
      chain: {
        rpcUrls: endpoints.map(({ url }) => url),
        chainId: CHAIN_ID,
        addresses,
        pollIntervalMs: 50,
        probeIntervalMs: 200,
        rpcTimeoutMs: 1_000,
        silentAfterMs: 0,
      },
    });
    await node.start();
  });

  after(async () => {
    await node.dispose();
    for (const endpoint of endpoints) await endpoint.stop();
    await chain.stop();
  });

  afterEach(() => {
    for (const endpoint of endpoints) endpoint.is = {};
  });

  async function ask(): Promise<OpenedRequest> {
    lane += 1;
    const hash = await protocol.open(release, { lane });
    await chain.provider.waitForTransaction(hash);
    const request = await protocol.opened(hash);
    opened.push(request);
    return request;
  }

  async function isAnswered(request: OpenedRequest): Promise<void> {
    await node.until(
      async () => (await protocol.stateOf(request)) === "fulfilled",
      "the request is fulfilled",
    );
  }

  function current(status: NodeStatus): number {
    return status.endpoints.findIndex(({ isCurrent }) => isCurrent);
  }

  async function currentEndpoint(): Promise<UnreliableEndpoint> {
    return endpoints[current(await node.status())] as UnreliableEndpoint;
  }

  const CASES: readonly [string, (head: number) => Misbehaviour][] = [
    ["drops connections", () => ({ drops: "before" })],
    ["drops connections after the chain has heard", () => ({ drops: "after" })],
    ["drops connections in the middle of an answer", () => ({ drops: "middle" })],
    ["is busy and says for how long", () => ({ busySec: 5 })],
    ["does not answer", () => ({ holds: new Promise(() => undefined) })],
    ["stays at an old head", (head) => ({ endsAt: head })],
    ["loses logs", () => ({ losesLogs: true })],
    ["becomes another chain's", () => ({ chainId: 5 })],
  ];
  for (const [what, misbehaviour] of CASES) {
    it(`answers requests when the endpoint that it asks ${what}`, async () => {
      const endpoint = await currentEndpoint();
      endpoint.is = misbehaviour(await chain.provider.getBlockNumber());
      // Blocks that the endpoint does not show, so that its lag is one.
      await chain.mine(5);
      const requests = [await ask(), await ask()];
      for (const request of requests) await isAnswered(request);
      await node.until(async () => (await currentEndpoint()) !== endpoint, "another endpoint is asked");
    });
  }

  it("is not hurt by an endpoint that tells the chain everything twice", async () => {
    for (const endpoint of endpoints) endpoint.is = { repeats: true };
    await isAnswered(await ask());
  });

  it("answers when all of them are gone for a while, and when one after the other is", async () => {
    for (const endpoint of endpoints) endpoint.is = { drops: "before" };
    const request = await ask();
    await node.until(
      async () => (await node.status()).endpoints.every(({ state }) => state === "resting"),
      "no endpoint is left",
    );
    for (const endpoint of endpoints) {
      for (const each of endpoints) each.is = each === endpoint ? {} : { drops: "after" };
      await isAnswered(await ask());
    }
    await isAnswered(request);
  });

  it("has sent nothing twice, and lost nothing, in all of this", async () => {
    await node.until(
      async () => (await node.status()).jobs.fulfilled === opened.length,
      "the node knows of every request",
    );
    for (const { id } of opened) expect(await protocol.events("RequestFulfilled", id)).to.have.length(1);
    const { address } = chain.account(1);
    const head = await chain.provider.getBlockNumber();
    for (let number = 0; number <= head; ++number) {
      const block = await chain.provider.getBlock(number, true);
      for (const { from, hash } of block?.prefetchedTransactions ?? []) {
        if (from !== address) continue;
        const receipt = await chain.provider.getTransactionReceipt(hash);
        expect(receipt?.logs.length, hash).to.be.above(0);
      }
    }
  });
});

import { expect } from "chai";
import type { LocalChain } from "./fixture/localChain.ts";
import { startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import type { Protocol } from "./fixture/protocol.ts";
import { deployProtocol } from "./fixture/protocol.ts";

describe("node end to end: reorganisation", () => {
  let chain: LocalChain;
  let protocol: Protocol;
  let node: NodeProcess;
  let release: string;

  beforeEach(async () => {
    chain = await startLocalChain();
    protocol = await deployProtocol(chain);
    release = await protocol.publish();
    await protocol.register(chain.account(1));
    node = new NodeProcess(chain, protocol, chain.account(1), [release]);
    await node.start();
  });

  afterEach(async () => {
    await node.dispose();
    await chain.stop();
  });

  it("drops a request whose block is reorganised away, and answers the one that takes its place", async () => {
    await chain.stopMining();
    const snapshot = await chain.snapshot();
    const gone = await openInNextBlock(1);
    await node.reaches(gone.id, "submitting");
    await chain.revert(snapshot);
    const kept = await openInNextBlock(2);
    await chain.resumeMining();
    await chain.mine(2);
    expect(kept.id).to.not.equal(gone.id);
    await node.reaches(gone.id, "dropped");
    await node.reaches(kept.id, "fulfilled");
  });

  it("answers again when the block of its answer is reorganised away", async () => {
    const opened = await protocol.opened(await protocol.open(release));
    const snapshots: string[] = [await chain.snapshot()];
    await node.reaches(opened.id, "fulfilled");
    await chain.mine(3);
    await node.until(async () => (await node.status()).chain.lagBlocks === 0, "the node is at the head");
    await chain.revert(snapshots[0] as string);
    await chain.mine(5);
    await node.until(() => node.logged("chain reorganised").length > 0, "the node notices");
    await node.until(async () => (await protocol.stateOf(opened)) === "fulfilled", "it is answered again");
    await node.reaches(opened.id, "fulfilled");
  });

  async function openInNextBlock(lane: number) {
    const hash = await protocol.open(release, { lane });
    await chain.mine();
    return protocol.opened(hash);
  }
});

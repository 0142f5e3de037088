import { packRequest } from "@opg-network/sdk/request";
import { expect } from "chai";
import { parseEther } from "ethers";
import type { LocalChain } from "./fixture/localChain.ts";
import { startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import type { Protocol } from "./fixture/protocol.ts";
import { deployProtocol } from "./fixture/protocol.ts";

describe("node end to end: several operators", () => {
  let chain: LocalChain;
  let protocol: Protocol;
  let release: string;
  const nodes: NodeProcess[] = [];

  beforeEach(async () => {
    chain = await startLocalChain();
    protocol = await deployProtocol(chain);
    release = await protocol.publish();
  });

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.dispose()));
    await chain.stop();
  });

  async function startNode(account: number, overrides: object = {}): Promise<NodeProcess> {
    await protocol.register(chain.account(account), { bond: "100" });
    const node = new NodeProcess(chain, protocol, chain.account(account), [release], overrides);
    nodes.push(node);
    await node.start();
    return node;
  }

  it("pays one of two nodes that compete for a request; the other loses cleanly and spends nothing more", async () => {
    const [first, second] = [await startNode(1), await startNode(2)];
    const opened = await protocol.opened(await protocol.open(release));
    const isOver = async (node: NodeProcess) =>
      ["fulfilled", "lost"].includes((await node.job(opened.id))?.state ?? "");
    await first.until(() => isOver(first), "the first is done");
    await second.until(() => isOver(second), "the second is done");

    const states = [(await first.job(opened.id))?.state, (await second.job(opened.id))?.state];
    expect(states.sort()).to.deep.equal(["fulfilled", "lost"]);
    expect(await protocol.events("RequestFulfilled", opened.id)).to.have.length(1);
  });

  it("leaves a request with a chosen operator to that operator", async () => {
    const [first, second] = [await startNode(1), await startNode(2)];
    const opened = await protocol.opened(await protocol.open(release, { operatorId: 2 }));
    await second.reaches(opened.id, "fulfilled");
    await first.reaches(opened.id, "declined");
    expect((await first.job(opened.id))?.reason).to.equal("operator-not-chosen");
  });

  it("reports an operator that accepts and vanishes, and serves the request itself", async () => {
    await protocol.register(chain.account(3), { bond: "100" });
    const hash = await protocol.open(release, { acceptPeriod: 60, callbackGas: 0 });
    const opened = await protocol.opened(hash);
    const vanishing = protocol.requests.connect(chain.account(3));
    await (await vanishing.accept(packRequest(opened.request))).wait();

    const node = await startNode(1);
    await node.reaches(opened.id, "held");
    await chain.pass(61);
    await chain.mine(2);
    await node.reaches(opened.id, "fulfilled");
    expect(await protocol.events("NoShowPenalised", opened.id)).to.have.length(1);
    expect((await protocol.requests.accountOf(chain.account(3))).balance).to.equal(parseEther("99"));
  });

  it("accepts a request of a slow model before it runs, and gets its bond back", async () => {
    await protocol.register(chain.account(1), { bond: "100" });
    const overrides = { serve: [{ release, minFee: "0.1", expectedRunMs: 20_000 }] };
    const node = new NodeProcess(chain, protocol, chain.account(1), [release], overrides);
    nodes.push(node);
    await node.start();
    const opened = await protocol.opened(await protocol.open(release, { acceptPeriod: 600 }));
    await node.reaches(opened.id, "fulfilled");
    expect(await protocol.events("RequestAccepted", opened.id)).to.have.length(1);
    expect((await protocol.requests.accountOf(chain.account(1))).balance).to.equal(parseEther("100"));
  });
});

import { decodeTensors } from "@opg-network/sdk/tensorCodec";
import { expect } from "chai";
import { getBytes, parseEther } from "ethers";
import type { LocalChain } from "./fixture/localChain.ts";
import { startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import type { Protocol } from "./fixture/protocol.ts";
import { deployProtocol, STANDARD_FEE } from "./fixture/protocol.ts";

const AFTER_WINDOW = 1;

describe("node end to end: happy path", () => {
  let chain: LocalChain;
  let protocol: Protocol;
  let node: NodeProcess;
  let release: string;

  before(async () => {
    chain = await startLocalChain();
    protocol = await deployProtocol(chain);
    release = await protocol.publish();
    await protocol.register(chain.account(1));
    node = new NodeProcess(chain, protocol, chain.account(1), [release]);
    await node.start();
  });

  after(async () => {
    await node.dispose();
    await chain.stop();
  });

  it("answers a contract's request with a real inference and is paid in full", async () => {
    const opened = await protocol.opened(await protocol.open(release));
    await node.reaches(opened.id, "fulfilled");

    expect(await protocol.stateOf(opened)).to.equal("fulfilled");
    const output = await protocol.consumer.answers(opened.id);
    const [volatility] = decodeTensors(output);
    const value = new Float32Array(
      getBytes((volatility as { data: Uint8Array }).data).slice().buffer,
    )[0] as number;
    expect(value).to.be.within(0.0001, 0.05);
    const operatorId = (await protocol.operators.standingOf(chain.account(1))).operatorId;
    expect((await protocol.requests.earningsOf(operatorId, release)).unripe).to.equal(STANDARD_FEE);
    expect((await node.job(opened.id))?.paid).to.equal(STANDARD_FEE.toString());
  });

  it("fulfils requests of several lanes together under one signature", async () => {
    await chain.stopMining();
    const hashes = [];
    for (const lane of [1, 2, 3]) hashes.push(await protocol.open(release, { lane }));
    await chain.mine();
    await chain.resumeMining();
    const opened = await Promise.all(hashes.map((hash) => protocol.opened(hash)));
    for (const { id } of opened) await node.reaches(id, "fulfilled");

    const events = await Promise.all(opened.map(({ id }) => protocol.events("RequestFulfilled", id)));
    const transactions = new Set(events.flat().map(({ transactionHash }) => transactionHash));
    expect(transactions.size).to.equal(1);
  });

  it("shows health, metrics and status", async () => {
    expect((await node.get("/health")).status).to.equal(200);
    const metrics = await (await node.get("/metrics")).text();
    expect(metrics).to.match(/opg_results_signed_total [1-9]/);
    expect(metrics).to.match(/opg_jobs\{state="fulfilled"\} 4/);
    const [served] = (await node.status()).releases;
    expect(served).to.include({ reference: release, id: release, status: "ready" });
  });

  it("claims what has matured for operator, publisher and treasury", async () => {
    await node.stop();
    await chain.pass(3 * 86_400);
    const owner = await chain.account(0).getAddress();
    const before = await protocol.requests.balanceOf(owner);
    await node.start();
    await node.until(() => node.logged("earnings claimed").length > 0, "the node claims");
    // Deployer is owner, publisher and treasury at once: all parts of four fees arrive there.
    expect((await protocol.requests.balanceOf(owner)) - before).to.equal(4n * parseEther("1"));
  });

  it("calls back a requester that wanted to wait for the dispute window, when it is over", async () => {
    const opened = await protocol.opened(await protocol.open(release, { lane: 9, delivery: AFTER_WINDOW }));
    await node.reaches(opened.id, "fulfilled");
    expect(await protocol.stateOf(opened)).to.equal("undelivered");
    // A result stays evidence for one window after its validity, which is at most an hour.
    await chain.pass(86_400 + 3_601);
    await node.until(async () => (await protocol.stateOf(opened)) === "fulfilled", "the node delivers");
    expect(await protocol.consumer.answers(opened.id)).to.not.equal("0x");
  });

  it("stops cleanly on SIGTERM with exit code 0", async () => {
    expect(await node.stop()).to.equal(0);
  });
});

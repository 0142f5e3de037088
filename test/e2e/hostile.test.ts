import { packRequest } from "@opg-network/sdk/request";
import { expect } from "chai";
import { parseEther } from "ethers";
import type { LocalChain } from "./fixture/localChain.ts";
import { startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import type { Protocol } from "./fixture/protocol.ts";
import { BEHAVIOURS, deployProtocol, STANDARD_FEE, sampleInput } from "./fixture/protocol.ts";

describe("node end to end: hostile requests and callbacks", () => {
  let chain: LocalChain;
  let protocol: Protocol;
  let node: NodeProcess;
  let release: string;
  let corrupt: string;
  let lane = 0;

  before(async () => {
    chain = await startLocalChain();
    protocol = await deployProtocol(chain);
    release = await protocol.publish();
    corrupt = await protocol.publish({ name: "corrupt", digest: `0x${"11".repeat(32)}` });
    await protocol.register(chain.account(1));
    node = new NodeProcess(chain, protocol, chain.account(1), [release, corrupt]);
    await node.start({ isReady: false });
    await node.until(() => node.logged("release ready").length === 1, "the good release is ready");
  });

  after(async () => {
    await node.dispose();
    await chain.stop();
  });

  async function ask(...args: [string?, object?, Uint8Array?]) {
    const [id = release, overrides = {}, input] = args;
    lane += 1;
    return protocol.opened(await protocol.open(id, { lane, ...overrides }, input));
  }

  it("is paid when the callback re-enters with its own request", async () => {
    await (await protocol.consumer.behave(BEHAVIOURS.reenter)).wait();
    await chain.stopMining();
    lane += 1;
    const hash = await protocol.open(release, { lane });
    await chain.mine();
    const opened = await protocol.opened(hash);
    const tip = { maxPriorityFeePerGas: 10n ** 9n, maxFeePerGas: 10n ** 10n };
    await protocol.consumer.remember(packRequest(opened.request), tip);
    await node.reaches(opened.id, "submitting");
    await chain.mine();
    await chain.resumeMining();
    await node.reaches(opened.id, "fulfilled");
    await (await protocol.consumer.behave(BEHAVIOURS.keep)).wait();
    expect(await protocol.stateOf(opened)).to.equal("undelivered");
    expect(await protocol.events("RequestFulfilled", opened.id)).to.have.length(1);
  });

  for (const behaviour of ["revert", "burnGas", "returnMegabyte"] as const) {
    it(`is paid when the callback does ${behaviour}`, async () => {
      await (await protocol.consumer.behave(BEHAVIOURS[behaviour])).wait();
      const opened = await ask();
      await node.reaches(opened.id, "fulfilled");
      await (await protocol.consumer.behave(BEHAVIOURS.keep)).wait();

      expect(await protocol.stateOf(opened)).to.equal("undelivered");
      expect(await protocol.events("CallbackFailed", opened.id)).to.have.length(1);
      expect((await node.job(opened.id))?.paid).to.equal(STANDARD_FEE.toString());
    });
  }

  it("declines a release whose artifact has another digest, and says so", async () => {
    const opened = await ask(corrupt);
    await node.reaches(opened.id, "declined");
    expect((await node.job(opened.id))?.reason).to.equal("artifact-digest-mismatch");
    expect((await node.status()).reasons).to.include(`release-not-ready:${corrupt}:artifact-digest-mismatch`);
  });

  it("declines an input that does not fit the schema", async () => {
    const opened = await ask(release, {}, new Uint8Array(64));
    await node.reaches(opened.id, "declined");
    expect((await node.job(opened.id))?.reason).to.equal("input-invalid");
  });

  it("declines a fee below its own", async () => {
    const opened = await ask(release, { fee: parseEther("0.05") });
    await node.reaches(opened.id, "declined");
    expect((await node.job(opened.id))?.reason).to.equal("fee-too-low");
  });

  it("is paid by the curve when it answers late", async () => {
    await node.stop();
    const now = await chain.timestamp();
    const opened = await ask(release, { fullFeeUntil: now + 60, deadline: now + 1_060 });
    await chain.pass(500);
    await node.start({ isReady: false });
    await node.reaches(opened.id, "fulfilled");
    const paid = BigInt((await node.job(opened.id))?.paid ?? 0);
    expect(paid).to.be.within(parseEther("0.5"), parseEther("0.6"));
    expect(await protocol.requests.feeAt(packRequest(opened.request), now + 60)).to.equal(STANDARD_FEE);
  });

  it("lets a request expire that nobody could answer in time", async () => {
    await node.stop();
    const now = await chain.timestamp();
    const opened = await ask(release, { fullFeeUntil: now + 5, deadline: now + 10 }, sampleInput(9));
    await chain.pass(60);
    await node.start({ isReady: false });
    await node.reaches(opened.id, "expired");
  });
});

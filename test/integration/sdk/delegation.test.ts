import { PipeSigner } from "@opg-network/sdk/pipeSigner";
import { expect } from "chai";
import { keccak256, parseEther } from "ethers";
import { FEE, type PipeNetworkFixture, startPipeNetwork } from "../../fixtures/pipeNetwork.ts";

const INPUT = "0x7702";

// Raw type-4 transactions: the simulated OP chain refuses them.
describe("PipeSigner with an account that has not delegated", () => {
  let world: PipeNetworkFixture;

  before(async () => {
    world = await startPipeNetwork("l1");
    await world.addNode();
  });
  after(async () => await world.stop());

  it("delegates and carries in one transaction, and batches from then on", async () => {
    const account = world.chain.account(2);
    await (await world.pipe.deposit(account, parseEther("10"))).wait();
    const signer = new PipeSigner(account, {
      network: world.addresses,
      maxFee: parseEther("1"),
      delegate: world.delegate,
    });
    const contract = world.consumer.connect(signer);
    const first = await contract.ask(world.release, 1, INPUT);
    expect(first.type).to.equal(4);
    expect((await first.wait())?.status).to.equal(1);
    expect(await world.consumer.answers(1)).to.equal(keccak256(INPUT));
    expect(await world.chain.provider.getCode(account)).to.equal(
      `0xef0100${world.delegate.slice(2).toLowerCase()}`,
    );
    const second = await contract.ask(world.release, 2, INPUT);
    expect(second.type).to.equal(2);
    expect((await second.wait())?.status).to.equal(1);
    expect(await world.balanceOf(account.address)).to.equal(parseEther("10") - 2n * FEE);
  });

  it("says that nothing can carry the results of an account with neither budget nor delegate", async () => {
    const account = world.chain.account(3);
    const signer = new PipeSigner(account, {
      network: world.addresses,
      maxFee: parseEther("1"),
      carry: "batch",
    });
    const refused = await world.consumer
      .connect(signer)
      .ask(world.release, 1, INPUT)
      .then(
        () => undefined,
        (error: unknown) => error as { code: string },
      );
    expect(refused?.code).to.equal("carry-impossible");
    expect(await account.getNonce()).to.equal(0);
  });
});

import { PipeSigner, type PipeSignerOptions } from "@opg-network/sdk/pipeSigner";
import { expect } from "chai";
import { hexlify, keccak256, parseEther, toUtf8Bytes } from "ethers";
import { FEE, type PipeNetworkFixture, startPipeNetwork } from "../../fixtures/pipeNetwork.ts";
import type { ScriptedNode } from "../../fixtures/scriptedNode.ts";

const INPUT = hexlify(toUtf8Bytes("an input"));
const ANSWER = keccak256(INPUT);

const queryOf = (release: string, input: string) => ({
  release,
  codec: 1,
  cover: 0n,
  modes: 1,
  operatorId: 0,
  maxFee: parseEther("1"),
  minStake: 0n,
  input,
});

describe("PipeSigner", () => {
  let world: PipeNetworkFixture;
  let node: ScriptedNode;

  before(async () => {
    world = await startPipeNetwork();
    node = await world.addNode();
  });
  after(async () => await world.stop());

  const signerOf = (options: Partial<PipeSignerOptions> = {}, wallet = world.user) =>
    new PipeSigner(wallet, { network: world.addresses, maxFee: parseEther("1"), ...options });

  it("sends an ordinary contract call with its inference in the tail, paid from the budget", async () => {
    const before = await world.pipe.budgetOf(world.user, world.consumer);
    const sent = await world.consumer.connect(signerOf()).ask(world.release, 1, INPUT);
    const receipt = await sent.wait();
    expect(receipt?.status).to.equal(1);
    expect(await world.consumer.answers(1)).to.equal(ANSWER);
    const { balance } = await world.pipe.budgetOf(world.user, world.consumer);
    expect(before.balance - balance).to.equal(FEE);
    expect(node.calls.at(-1)?.caller).to.equal(world.user.address);
  });

  it("carries a chain whose second input is the first output, and one that asks for several at once", async () => {
    await (await world.consumer.connect(signerOf()).askChain(world.release, INPUT)).wait();
    expect(await world.consumer.answers(0)).to.equal(keccak256(ANSWER));
    const inputs = ["0x01", "0x02", "0x03"];
    await (await world.consumer.connect(signerOf()).askBatch(world.release, inputs)).wait();
    expect(await world.consumer.answers(2)).to.equal(keccak256("0x03"));
  });

  it("brings an answer to a contract that has a fallback", async () => {
    await (await world.consumer.connect(signerOf()).tryAsk(world.release, 7, INPUT)).wait();
    expect(await world.consumer.answers(7)).to.equal(ANSWER);
  });

  it("tells what a call returns, and estimates it", async () => {
    const contract = world.consumer.connect(signerOf());
    expect(await contract.askAny.staticCall(queryOf(world.release, INPUT))).to.equal(ANSWER);
    expect(await contract.ask.estimateGas(world.release, 1, INPUT)).to.be.within(50_000n, 300_000n);
  });

  it("sends a call that needs no inference unchanged, and asks nobody", async () => {
    const asked = node.calls.length;
    const amount = parseEther("1");
    const sent = await world.pipe.connect(signerOf()).fundBudget(world.consumer, amount, parseEther("50"));
    expect(sent.data).to.equal(
      world.pipe.interface.encodeFunctionData("fundBudget", [
        world.consumerAddress,
        amount,
        parseEther("50"),
      ]),
    );
    expect(node.calls.length).to.equal(asked);
  });

  it("goes through the executor when told so, paid from the sender's balance", async () => {
    const before = await world.balanceOf(world.user.address);
    const signer = signerOf({ carry: "executor" });
    await (await world.consumer.connect(signer).ask(world.release, 3, INPUT)).wait();
    expect(await world.consumer.answers(3)).to.equal(ANSWER);
    expect(before - (await world.balanceOf(world.user.address))).to.equal(FEE);
    expect(await world.consumer.connect(signer).askAny.staticCall(queryOf(world.release, INPUT))).to.equal(
      ANSWER,
    );
  });

  it("goes in a batch of a delegated account, whose balance pays", async () => {
    const account = world.chain.account(2);
    await (await world.pipe.deposit(account, parseEther("10"))).wait();
    await world.chain.provider.send("hardhat_setCode", [
      account.address,
      `0xef0100${world.delegate.slice(2)}`,
    ]);
    await (await world.consumer.connect(signerOf({}, account)).ask(world.release, 4, INPUT)).wait();
    expect(await world.consumer.answers(4)).to.equal(ANSWER);
    expect(await world.balanceOf(account.address)).to.equal(parseEther("10") - FEE);
  });
});

import { BATCH_MODE, batchCarrier, type Carrier, executorCarrier } from "@opg-network/sdk/carrier";
import type { PreexecuteRequest, PreexecuteResponse } from "@opg-network/sdk/nodeApi";
import { askPreexecution, NodeAnswerError } from "@opg-network/sdk/nodeClient";
import { BATCH_ACCOUNT_INTERFACE } from "@opg-network/sdk/pipeAbi";
import { expect } from "chai";
import { hexlify, keccak256, parseEther, type Wallet, ZeroAddress } from "ethers";
import { BatchAccount__factory } from "../../types/factories/contracts/consumer/BatchAccount__factory.ts";
import { type LocalChain, startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import { deployPipe, numbers, type PipeFixture } from "./fixture/pipe.ts";
import { deployProtocol, type Protocol, STANDARD_FEE } from "./fixture/protocol.ts";

const FEE = parseEther("0.1");
const CHAIN_ID = 31_337;
const AUTHORIZATION_GAS = 25_000n;

// On an L1: the simulated OP chain refuses raw transactions of type 4.
describe("node end to end: batch and executor", () => {
  let chain: LocalChain;
  let protocol: Protocol;
  let pipe: PipeFixture;
  let node: NodeProcess;
  let user: Wallet;
  let delegate: string;
  let operatorId: number;

  before(async () => {
    chain = await startLocalChain("l1");
    protocol = await deployProtocol(chain);
    pipe = await deployPipe(chain, protocol);
    user = chain.account(4);
    delegate = await (await new BatchAccount__factory(chain.account(0)).deploy()).getAddress();
    await pipe.deposit(user, "10");
    operatorId = await protocol.register(chain.account(1));
    node = new NodeProcess(
      chain,
      { ...protocol, addresses: pipe.addresses },
      chain.account(1),
      [pipe.release],
      { claims: { threshold: "0.1" } },
    );
    await node.start();
  });

  after(async () => {
    await node.dispose();
    await chain.stop();
  });

  const dataFor = (value: number): `0x${string}` =>
    pipe.consumer.interface.encodeFunctionData("ask", [numbers(value)]) as `0x${string}`;

  async function ask(value: number, how: Partial<PreexecuteRequest>): Promise<PreexecuteResponse> {
    const call = { from: user.address, to: await pipe.consumer.getAddress(), data: dataFor(value) };
    return askPreexecution(
      node.url,
      { chainId: CHAIN_ID, call, carry: "batch", ...how },
      {
        ...{ chainId: CHAIN_ID, fetch, timeoutMs: 10_000, identity: user },
        signal: new AbortController().signal,
      },
    );
  }

  /** Sends the call with what the node gave, with a fifth more gas than it said. */
  async function send(value: number, given: PreexecuteResponse, carrier: Carrier, delegatesTo?: string) {
    const call = {
      ...{ from: user.address, to: await pipe.consumer.getAddress(), value: 0n },
      data: dataFor(value),
    };
    const { to, data } = carrier.carrying(call, given.results);
    const gasLimit = (given.gasUsed * 12n) / 10n;
    const sent = await user.sendTransaction(
      delegatesTo === undefined
        ? { to, data, gasLimit }
        : { to, data, gasLimit: gasLimit + AUTHORIZATION_GAS, ...(await delegation(delegatesTo)) },
    );
    const receipt = await sent.wait();
    expect(receipt?.status).to.equal(1);
    expect(await pipe.consumer.answers(keccak256(numbers(value)))).to.equal(hexlify(numbers(4 * value + 3)));
    return sent;
  }

  async function delegation(address: string) {
    const nonce = (await user.getNonce()) + 1;
    return { type: 4, authorizationList: [await user.authorize({ address, nonce, chainId: CHAIN_ID })] };
  }

  async function charged(work: () => Promise<unknown>): Promise<bigint> {
    const before = await pipe.pipe.balanceOf(user);
    await work();
    return before - (await pipe.pipe.balanceOf(user));
  }

  it("says that an account without code needs a delegate", async () => {
    const refused = await ask(1, {}).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(NodeAnswerError).with.property("code", "invalid-request");
  });

  it("carries in the transaction of type 4 that delegates", async () => {
    const given = await ask(10, { delegate });
    expect(given).to.include({ complete: true, rounds: 2, totalFee: 2n * FEE });
    const carrier = batchCarrier(pipe.addresses.Pipe, user.address, delegate);
    const spent = await charged(async () => {
      expect((await send(10, given, carrier, delegate)).type).to.equal(4);
    });
    expect(spent).to.equal(2n * FEE);
    expect(await chain.provider.getCode(user)).to.equal(`0xef0100${delegate.slice(2).toLowerCase()}`);
  });

  it("carries in batches of the account that has delegated", async () => {
    const carrier = batchCarrier(pipe.addresses.Pipe, user.address);
    // A delegate that is named beside the code that the account has changes nothing.
    for (const [value, how] of [
      [20, {}],
      [30, { delegate }],
    ] as const) {
      const given = await ask(value, how);
      expect(given).to.include({ complete: true, rounds: 2 });
      expect(await charged(() => send(value, given, carrier))).to.equal(2n * FEE);
    }
  });

  it("carries in the transaction that delegates to other code", async () => {
    const other = await (await new BatchAccount__factory(chain.account(0)).deploy()).getAddress();
    const carrier = batchCarrier(pipe.addresses.Pipe, user.address);
    const given = await ask(35, {});
    expect(await charged(() => send(35, given, carrier, other))).to.equal(2n * FEE);
    expect(await chain.provider.getCode(user)).to.equal(`0xef0100${other.slice(2).toLowerCase()}`);
  });

  it("lets nobody else load an account's results, nor make it call", async () => {
    const given = await ask(40, {});
    const carrier = batchCarrier(pipe.addresses.Pipe, user.address);
    const { data } = carrier.carrying(
      {
        ...{ from: user.address, to: await pipe.consumer.getAddress(), value: 0n },
        data: dataFor(40),
      },
      given.results,
    );
    expect(BATCH_ACCOUNT_INTERFACE.parseTransaction({ data })?.args[0]).to.equal(BATCH_MODE);
    const thief = chain.account(3);
    await pipe.deposit(thief, "1");
    const stolen = pipe.pipe.connect(thief).preload.staticCall(given.results);
    expect(await stolen.catch(() => "refused")).to.equal("refused");
    const forced = chain.provider.call({ from: thief.address, to: user.address, data });
    expect(await forced.catch(() => "refused")).to.equal("refused");
    expect(await charged(() => send(40, given, carrier))).to.equal(2n * FEE);
  });

  it("needs a delegate again when the account has taken its delegation off", async () => {
    await (await user.sendTransaction({ to: user, ...(await delegation(ZeroAddress)) })).wait();
    expect(await chain.provider.getCode(user)).to.equal("0x");
    const refused = await ask(50, {}).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(NodeAnswerError).with.property("code", "invalid-request");
    expect(await ask(50, { delegate })).to.include({ complete: true });
  });

  it("carries through the executor, at the sender's expense", async () => {
    const given = await ask(60, { carry: "executor" });
    expect(given).to.include({ complete: true, rounds: 2, totalFee: 2n * FEE });
    const carrier = executorCarrier(pipe.addresses.Pipe, await pipe.pipe.executor());
    expect(await charged(() => send(60, given, carrier))).to.equal(2n * FEE);
  });

  it("sees that its results were used, however they were carried", async () => {
    const used = 2 * 6;
    await node.until(
      async () => (await node.status()).pipe?.consumed === used,
      `${used} results are booked as paid`,
    );
  });

  it("claims what it earned in Pipe and with requests when it has matured", async () => {
    const opened = await protocol.opened(await protocol.open(pipe.release, {}, numbers(1)));
    await node.reaches(opened.id, "fulfilled");
    const unripe = (await pipe.pipe.earningsOf(operatorId, pipe.release)).unripe;
    expect(unripe).to.equal(12n * FEE);
    await node.stop();
    await chain.pass(3 * 86_400);
    const owner = chain.account(0);
    const before = [await pipe.pipe.balanceOf(owner), await protocol.requests.balanceOf(owner)] as const;
    await node.start();
    await node.until(() => node.logged("earnings claimed").length === 2, "the node claims both");
    // Deployer is owner of the operator, publisher and treasury at once: all parts arrive there.
    expect((await pipe.pipe.balanceOf(owner)) - before[0]).to.equal(unripe);
    expect((await protocol.requests.balanceOf(owner)) - before[1]).to.equal(STANDARD_FEE);
    const claimed = node.logged("earnings claimed").map(({ source }) => source);
    expect([...claimed].sort()).to.deep.equal(["pipe", "requests"]);
    expect((await pipe.pipe.earningsOf(operatorId, pipe.release)).matured).to.equal(0n);
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import { appendResults } from "@opg-network/sdk/carriedResults";
import type { PreexecuteResponse } from "@opg-network/sdk/nodeApi";
import { askPreexecution, NodeAnswerError } from "@opg-network/sdk/nodeClient";
import { expect } from "chai";
import { hexlify, keccak256, parseEther, type Wallet } from "ethers";
import type { LocalChain } from "./fixture/localChain.ts";
import { startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import type { PipeFixture } from "./fixture/pipe.ts";
import { deployPipe, numbers } from "./fixture/pipe.ts";
import type { Protocol } from "./fixture/protocol.ts";
import { deployProtocol } from "./fixture/protocol.ts";

const CALLS = 50;
/** Of the first call; high enough that no answer of one call is the input of another: an answer held twice counts once. */
const FIRST = 100;
const FEE = parseEther("0.1");
const PAYER = 5;

describe("node end to end: pre-execution", () => {
  let chain: LocalChain;
  let protocol: Protocol;
  let pipe: PipeFixture;
  let payer: Wallet;
  const nodes: NodeProcess[] = [];
  let carriedBySurvivor = 0;

  before(async () => {
    chain = await startLocalChain();
    protocol = await deployProtocol(chain);
    pipe = await deployPipe(chain, protocol);
    payer = chain.account(PAYER);
    await pipe.fund(payer, "100");
    for (const account of [1, 2]) {
      const operatorId = await protocol.register(chain.account(account));
      await (await protocol.operators.setOffer(operatorId, pipe.release, FEE, 1)).wait();
      const node = new NodeProcess(
        chain,
        { ...protocol, addresses: pipe.addresses },
        chain.account(account),
        [pipe.release],
        { pipe: { unpaid: { base: "50" } } },
      );
      nodes.push(node);
      await node.start();
      await (await pipe.gateways.setGateway(operatorId, `${node.url}/v1/gateway`)).wait();
    }
  });

  after(async () => {
    for (const node of nodes) await node.dispose();
    await chain.stop();
  });

  const dataFor = (value: number) => pipe.consumer.interface.encodeFunctionData("ask", [numbers(value)]);

  async function ask(node: NodeProcess, value: number, identity?: Wallet): Promise<PreexecuteResponse> {
    const call = { from: payer.address, to: await pipe.consumer.getAddress(), data: dataFor(value) as "0x" };
    return askPreexecution(
      node.url,
      { chainId: 31_337, call, carry: "appended", deadlineMs: 10_000 },
      { chainId: 31_337, fetch, timeoutMs: 10_000, signal: new AbortController().signal, identity },
    );
  }

  /** As a client does: the other node when one fails, later when one is busy. */
  async function askAny(value: number): Promise<PreexecuteResponse & { by: number }> {
    for (let attempt = 0; attempt < 20; ++attempt) {
      const by = (value + attempt) % nodes.length;
      try {
        return { ...(await ask(nodes[by] as NodeProcess, value, payer)), by };
      } catch (error) {
        if (!(error instanceof NodeAnswerError) || !error.retryable) throw error;
        await sleep(50);
      }
    }
    throw new Error("no node answered");
  }

  it("lets 50 calls with dependent inferences land, each charged once, though a node dies half-way", async () => {
    const before = await pipe.pipe.budgetOf(payer, pipe.consumer);
    const answeredBy = [0, 0] as [number, number];
    let isKilled = false;
    let nonce = await payer.getNonce();
    let sending: Promise<unknown> = Promise.resolve();
    const send = async (value: number) => {
      const given = await askAny(value);
      answeredBy[given.by as 0 | 1] += 1;
      // Half-way, or as soon after it as the node that dies had its part in the work.
      if (!isKilled && answeredBy[0] > 0 && answeredBy[0] + answeredBy[1] >= CALLS / 2) {
        isKilled = true;
        await nodes[0]?.kill();
      }
      expect(given).to.include({ complete: true, rounds: 2 });
      const data = appendResults(dataFor(value), given.results);
      // A chain that mines each transaction as it comes takes none before its turn.
      const sent = sending.then(() =>
        payer.sendTransaction({
          to: pipe.consumer,
          data,
          nonce: nonce++,
          gasLimit: (given.gasUsed * 12n) / 10n,
        }),
      );
      sending = sent;
      expect((await (await sent).wait())?.status).to.equal(1);
      return given.totalFee;
    };
    const fees = await Promise.all(Array.from({ length: CALLS }, (_, index) => send(FIRST + index)));

    expect(await pipe.consumer.answered()).to.equal(BigInt(CALLS));
    expect(fees).to.deep.equal(Array.from({ length: CALLS }, () => 2n * FEE));
    const after = await pipe.pipe.budgetOf(payer, pipe.consumer);
    expect(before.balance - after.balance).to.equal(BigInt(CALLS) * 2n * FEE);
    for (let value = FIRST; value < FIRST + CALLS; ++value) {
      const answer = await pipe.consumer.answers(keccak256(numbers(value)));
      expect(answer).to.equal(hexlify(numbers(4 * value + 3)));
    }
    expect(isKilled, "a node died half-way").to.equal(true);
    expect(answeredBy[1], "the other went on").to.be.greaterThan(0);
    carriedBySurvivor = 2 * answeredBy[1];
  });

  it("sees on chain what of its answers was paid", async () => {
    const [, node] = nodes as [NodeProcess, NodeProcess];
    await node.until(async () => (await node.status()).pipe?.unpaid === "0", "all is paid");
    expect((await node.status()).pipe?.consumed).to.equal(carriedBySurvivor);
  });

  it("refuses a stranger beyond its small quota", async () => {
    const [, node] = nodes as [NodeProcess, NodeProcess];
    let refusal: unknown;
    for (let value = 1_000; value < 1_010 && refusal === undefined; ++value) {
      await ask(node, value).catch((error: unknown) => {
        refusal = error;
      });
    }
    expect(refusal).to.be.instanceOf(NodeAnswerError).with.property("code", "unpaid-quota");
    expect((refusal as NodeAnswerError).data)
      .to.have.property("retryAfterSec")
      .that.is.greaterThan(0);
  });

  it("remembers through kill -9 what it gave to whom, and what of it was paid", async () => {
    const [, node] = nodes as [NodeProcess, NodeProcess];
    const before = (await node.status()).pipe;
    await node.kill();
    await node.start();
    const { served, consumed, unpaid } = (await node.status()).pipe ?? {};
    expect({ served, consumed, unpaid }).to.deep.equal({
      ...{ served: before?.served, consumed: before?.consumed, unpaid: before?.unpaid },
    });
    const refusal = await ask(node, 1_020).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(NodeAnswerError).with.property("code", "unpaid-quota");
  });

  it("refuses a call whose payer set nothing aside, and runs nothing for it", async () => {
    const [, node] = nodes as [NodeProcess, NodeProcess];
    const call = {
      from: chain.account(4).address,
      to: await pipe.consumer.getAddress(),
      data: dataFor(7) as "0x",
    };
    const signal = new AbortController().signal;
    const outcome = await askPreexecution(
      node.url,
      { chainId: 31_337, call, carry: "appended" },
      { chainId: 31_337, fetch, timeoutMs: 10_000, signal, identity: chain.account(4) },
    ).catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(NodeAnswerError).with.property("code", "payer-cannot-pay");
  });

  it("answers an ordinary view call of ethers through its gateway", async () => {
    await nodes[0]?.start();
    await nodes[0]?.until(async () => (await nodes[0]?.status())?.isReady === true, "the node is back");
    const operatorId = (await protocol.operators.standingOf(chain.account(2))).operatorId;
    expect(operatorId).to.be.greaterThan(0n);
    const [, node] = nodes as [NodeProcess, NodeProcess];
    await (await pipe.gateways.setGateway(operatorId, `${node.url}/v1/gateway`)).wait();
    const first = (await protocol.operators.standingOf(chain.account(1))).operatorId;
    await (await pipe.gateways.setGateway(first, `${nodes[0]?.url}/v1/gateway`)).wait();
    const answer = await chain.provider.call({
      to: pipe.consumer,
      data: pipe.consumer.interface.encodeFunctionData("peek", [numbers(20)]),
      enableCcipRead: true,
    });
    const [output] = pipe.consumer.interface.decodeFunctionResult("peek", answer);
    expect(output).to.equal(hexlify(numbers(41)));
  });
});

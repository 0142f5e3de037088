import { PipeSigner } from "@opg-network/sdk/pipeSigner";
import { expect } from "chai";
import { hexlify, keccak256, parseEther, type Wallet } from "ethers";
import { Coverage__factory } from "../../types/factories/contracts/Coverage__factory.ts";
import { type LocalChain, startLocalChain } from "./fixture/localChain.ts";
import { NodeProcess } from "./fixture/nodeProcess.ts";
import { deployPipe, numbers, type PipeFixture } from "./fixture/pipe.ts";
import { deployProtocol } from "./fixture/protocol.ts";

const FEE = parseEther("0.1");

describe("PipeSigner end to end", () => {
  let chain: LocalChain;
  let pipe: PipeFixture;
  let payer: Wallet;
  let signer: PipeSigner;
  const nodes: NodeProcess[] = [];

  before(async () => {
    chain = await startLocalChain();
    const protocol = await deployProtocol(chain);
    const { operators, hub, requests } = protocol;
    pipe = await deployPipe(chain, protocol);
    const coverage = await new Coverage__factory(chain.account(0)).deploy(hub, operators, requests);
    payer = chain.account(5);
    await pipe.fund(payer, "100");
    for (const account of [1, 2]) {
      const operatorId = await protocol.register(chain.account(account));
      await (await operators.setOffer(operatorId, pipe.release, FEE, 1)).wait();
      const node = new NodeProcess(
        chain,
        { ...protocol, addresses: pipe.addresses },
        chain.account(account),
        [pipe.release],
        { pipe: { unpaid: { base: "50" } } },
      );
      nodes.push(node);
      await node.start();
      await (await operators.setEndpoint(operatorId, node.url)).wait();
    }
    const network = {
      pipe: pipe.addresses.Pipe,
      coverage: await coverage.getAddress(),
      operators: pipe.addresses.Operators,
    };
    signer = new PipeSigner(payer, { network, maxFee: parseEther("1") });
  });

  after(async () => {
    for (const node of nodes) await node.dispose();
    await chain.stop();
  });

  async function ask(value: number): Promise<void> {
    const sent = await pipe.consumer.connect(signer).ask(numbers(value));
    expect((await sent.wait())?.status).to.equal(1);
    expect(await pipe.consumer.answers(keccak256(numbers(value)))).to.equal(hexlify(numbers(4 * value + 3)));
  }

  it("carries two dependent inferences of a real node, each charged once", async () => {
    const before = (await pipe.pipe.budgetOf(payer, pipe.consumer)).balance;
    await ask(1);
    expect(before - (await pipe.pipe.budgetOf(payer, pipe.consumer)).balance).to.equal(2n * FEE);
  });

  it("quotes what the nodes offer", async () => {
    const [vanilla] = await signer.quote({ release: pipe.release, inputBytes: 192, outputBytes: 192 });
    expect(vanilla?.offer?.fee).to.equal(FEE);
    expect(vanilla?.reports).to.deep.equal([]);
  });

  it("goes on with the node that is left", async () => {
    await nodes[0]?.kill();
    for (const value of [2, 3]) await ask(value);
    expect(nodes[1]?.logged("call pre-executed")).to.not.have.length(0);
  });
});

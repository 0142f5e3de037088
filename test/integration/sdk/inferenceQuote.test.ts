import { GAS_PRICE_ORACLE } from "@opg-network/sdk/l1DataFee";
import { CARRIES, NODE_PATHS } from "@opg-network/sdk/nodeApi";
import { PipeSigner, type PipeSignerOptions } from "@opg-network/sdk/pipeSigner";
import { expect } from "chai";
import { dataLength, getBytes, keccak256, parseEther, toBeHex } from "ethers";
import { FEE, type PipeNetworkFixture, startPipeNetwork } from "../../fixtures/pipeNetwork.ts";
import { fail, type ScriptedNode } from "../../fixtures/scriptedNode.ts";

/** Returns 1,000 wei for each byte of calldata. */
const ORACLE_CODE = "0x366103e8025f5260205ff3";
const SIZES = { inputBytes: 128, outputBytes: 32 };

describe("quotes", () => {
  let world: PipeNetworkFixture;
  let node: ScriptedNode;
  let other: ScriptedNode;

  before(async () => {
    world = await startPipeNetwork();
    node = await world.addNode();
    other = await world.addNode({ fee: FEE * 2n });
  });
  after(async () => await world.stop());

  const signerOf = (options: Partial<PipeSignerOptions> = {}) =>
    new PipeSigner(world.chain.account(2), { network: world.addresses, maxFee: parseEther("1"), ...options });
  const quote = async (options = {}) =>
    await signerOf().quote({ release: world.release, ...SIZES, ...options });

  it("name the best offer of each mode, and modes that nobody serves", async () => {
    const [vanilla, zk, tee] = await quote();
    expect(vanilla).to.deep.include({ mode: "VANILLA", reports: [] });
    expect(vanilla?.offer).to.deep.include({ fee: FEE, operatorId: node.options.operatorId });
    for (const unserved of [zk, tee])
      expect(unserved).to.deep.include({ offer: undefined, costs: undefined });
  });

  it("keep to the operator, the stake and the price that are asked for", async () => {
    expect((await quote({ operatorId: other.options.operatorId }))[0]?.offer?.fee).to.equal(FEE * 2n);
    expect((await quote({ maxFee: FEE / 2n }))[0]?.offer).to.equal(undefined);
    expect((await quote({ minStake: parseEther("3000") }))[0]?.offer).to.equal(undefined);
  });

  it("say why nodes gave no offer", async () => {
    for (const one of [node, other])
      one.script = {
        before: (path, response) => {
          if (path !== NODE_PATHS.quote) return undefined;
          fail(response, 429, "rate-limit");
          return "answered";
        },
      };
    const [vanilla] = await quote();
    expect(vanilla?.reports.map(({ code }) => code)).to.deep.equal(["rate-limit", "rate-limit"]);
    for (const one of [node, other]) one.script = {};
  });

  it("come true within a tenth of the gas, however the result travels", async () => {
    const account = world.chain.account(2);
    await (await world.pipe.deposit(account, parseEther("10"))).wait();
    await (
      await world.pipe.connect(account).fundBudget(world.consumer, parseEther("5"), parseEther("5"))
    ).wait();
    await world.chain.provider.send("hardhat_setCode", [
      account.address,
      `0xef0100${world.delegate.slice(2)}`,
    ]);
    const costs = (await quote())[0]?.costs;
    for (const carry of CARRIES) {
      const contract = world.consumer.connect(signerOf({ carry }));
      let measured = 0n;
      // Three times, since the first writes slots that the others find written.
      for (let run = 0; run < 3; ++run) {
        const input = `0x${"ab".repeat(96)}${keccak256(toBeHex(run)).slice(2)}`;
        const receipt = await (await contract.ask(world.release, 5, input)).wait();
        const own = world.consumer.interface.encodeFunctionData("ask", [world.release, 5, input]);
        measured = (receipt?.gasUsed ?? 0n) - gasWithout(own);
      }
      const quoted = Number(costs?.[carry].gas ?? 0n);
      expect(quoted, carry).to.be.closeTo(Number(measured), Math.floor(Number(measured) / 10));
      expect(costs?.[carry].fee).to.equal(FEE);
    }
  });

  it("include what the data costs on L1, where an OP-stack oracle tells", async () => {
    const before = await world.chain.provider.getCode(GAS_PRICE_ORACLE);
    await world.chain.provider.send("hardhat_setCode", [GAS_PRICE_ORACLE, ORACLE_CODE]);
    const costs = (await quote())[0]?.costs;
    const bundle = (await signerOf({ carry: "executor" }).carried(await someCall()))?.results ?? "0x";
    const carried = dataLength(bundle) + 8;
    expect(Number(costs?.appended.l1Wei) / 1_000).to.be.closeTo(carried, 32);
    expect(costs?.appended.totalWei).to.equal((costs?.appended.gasWei ?? 0n) + (costs?.appended.l1Wei ?? 0n));
    await world.chain.provider.send("hardhat_setCode", [GAS_PRICE_ORACLE, "0x"]);
    expect((await quote())[0]?.costs?.appended.l1Wei).to.equal(0n);
    await world.chain.provider.send("hardhat_setCode", [GAS_PRICE_ORACLE, before]);
  });

  async function someCall() {
    return await world.consumer.ask.populateTransaction(world.release, 5, `0x${"ab".repeat(128)}`);
  }
});

/** Of a call that stores a word and infers nothing. */
function gasWithout(data: string): bigint {
  const calldata = getBytes(data).reduce((gas, byte) => gas + (byte === 0 ? 4 : 16), 0);
  return BigInt(21_000 + calldata + 5_000 + 1_500);
}

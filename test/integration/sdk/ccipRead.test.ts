import { expect } from "chai";
import { Contract, JsonRpcProvider, keccak256, parseEther } from "ethers";
import { type PipeNetworkFixture, startPipeNetwork } from "../../fixtures/pipeNetwork.ts";
import type { ScriptedNode } from "../../fixtures/scriptedNode.ts";

const QUERY =
  "tuple(bytes32 release,uint8 codec,uint256 cover,uint8 modes,uint32 operatorId,uint256 maxFee,uint256 minStake,bytes input)";
const ANSWER = "tuple(bytes output,uint32 operatorId,uint8 mode,uint256 stake)";
const INPUT = "0x7ead";

// ethers alone: nothing of the SDK has a part in these calls.
describe("a read by ERC-3668 from plain ethers", () => {
  let world: PipeNetworkFixture;
  let node: ScriptedNode;
  let provider: JsonRpcProvider;

  before(async () => {
    world = await startPipeNetwork();
    node = await world.addNode();
    provider = new JsonRpcProvider(world.chain.url);
  });
  after(async () => {
    provider.destroy();
    await world.stop();
  });

  it("gets a signed inference from Pipe.query, with who stands behind it", async () => {
    const pipe = new Contract(
      world.addresses.pipe,
      [`function query(${QUERY}) view returns (${ANSWER})`],
      provider,
    );
    const query = [world.release, 1, 0n, 1, 0, parseEther("1"), 0n, INPUT];
    const answer = await pipe.getFunction("query")(query, { enableCcipRead: true });
    expect(answer.toObject()).to.deep.equal({
      output: keccak256(INPUT),
      operatorId: BigInt(node.options.operatorId),
      mode: 0n,
      stake: parseEther("2000"),
    });
  });

  it("gets two that depend on each other from a view function of a contract", async () => {
    const consumer = new Contract(
      world.consumerAddress,
      ["function readBoth(bytes32 release, bytes input) view returns (bytes first, bytes second)"],
      provider,
    );
    const { first, second } = await consumer.getFunction("readBoth")(world.release, INPUT, {
      enableCcipRead: true,
    });
    expect([first, second]).to.deep.equal([keccak256(INPUT), keccak256(keccak256(INPUT))]);
  });

  it("refuses what a gateway signed for nobody, or answered to something else", async () => {
    const pipe = new Contract(
      world.addresses.pipe,
      [`function query(${QUERY}) view returns (${ANSWER})`],
      provider,
    );
    const query = [world.release, 1, 0n, 1, 0, parseEther("1"), 0n, INPUT];
    const scripts: ScriptedNode["script"][] = [
      { signature: (signature) => `0x${"11".repeat(64)}${signature.slice(-2)}` },
      { result: (result) => ({ ...result, inputHash: keccak256("0x") }) },
    ];
    for (const script of scripts) {
      node.script = script;
      const refused = await pipe
        .getFunction("query")(query, { enableCcipRead: true })
        .then(
          () => undefined,
          (error: unknown) => error as { code: string },
        );
      expect(refused?.code).to.equal("CALL_EXCEPTION");
    }
    node.script = {};
  });
});

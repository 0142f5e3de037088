import { expect } from "chai";
import { campaign, recordCases } from "../fixtures/campaign.ts";
import { type LoadStage, openMany, outputsSince, setLoadStage } from "./fixture/load.ts";

const TIMEOUT_MS = 600_000;

describe("node end to end: load", () => {
  let stage: LoadStage;

  beforeEach(async () => {
    stage = await setLoadStage();
  });

  afterEach(() => stage.stop());

  it("answers hundreds of requests in flight, each once and with its own output", async function () {
    this.timeout(TIMEOUT_MS);
    const { chain, protocol, rows, node } = stage;
    const count = campaign.runs(200, 2_000);
    await chain.stopMining();
    const block = await chain.provider.getBlockNumber();
    const opened = await openMany(chain, protocol, rows.release, count);
    await chain.resumeMining();
    await chain.mine();
    let outputs = new Map<string, string>();
    await node.until(
      async () => {
        outputs = await outputsSince(protocol, block);
        return outputs.size === count;
      },
      "all are answered",
      TIMEOUT_MS,
    );
    for (const [id, seed] of opened) expect(outputs.get(id)).to.equal(rows.expected(seed));
    await node.until(async () => (await node.status()).jobs.fulfilled === count, "the node knows");
    const transactions = await chain.provider.getTransactionCount(chain.account(1));
    // Those that are ready together go together; how many that is, the machine decides.
    expect(transactions).to.be.below(count / 4);
    recordCases("requests in flight", count);
  });
});

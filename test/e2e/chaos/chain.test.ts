import { setTimeout as delay } from "node:timers/promises";
import { parseUnits, toQuantity } from "ethers";
import { campaign } from "../../fixtures/campaign.ts";
import { afterwards } from "../fixture/afterwards.ts";
import { type ChaosStage, setStage } from "../fixture/chaosStage.ts";
import type { Misbehaviour } from "../fixture/unreliableEndpoint.ts";

const ENDPOINT_ROUNDS = campaign.runs(3, 60);
const REORGANISATIONS = campaign.runs(4, 40);
const FEE_ROUNDS = campaign.runs(1, 5);
const FAULT_MS = 600;
const OUTAGE_SEC = 12 * 3_600;
const OTHER_BLOCK_SEC = 60;
const REPLACED_AFTER_MS = 1_000;

/** What one endpoint does at a time when the chain has this head. */
const FAULTS: readonly ((head: number) => Misbehaviour)[] = [
  () => ({ drops: "before" }),
  () => ({ drops: "after" }),
  () => ({ drops: "middle" }),
  () => ({ busySec: 1 }),
  () => ({ holds: new Promise(() => undefined) }),
  () => ({ holds: delay(FAULT_MS / 2) }),
  () => ({ repeats: true }),
  () => ({ garbles: true }),
  (head) => ({ endsAt: head }),
  (head) => ({ endsAt: head, wavers: true }),
  () => ({}),
];

describe("chaos: chain and endpoints", () => {
  let stage: ChaosStage;

  before(async () => {
    stage = await setStage({ endpoints: 2 });
    await stage.ask();
    await afterwards(stage, 0);
  });

  after(() => stage.stop());

  afterEach("everything is as it was", async () => {
    for (const endpoint of stage.endpoints) endpoint.is = {};
    await stage.chain.resumeMining();
  });

  function pick<T>(from: readonly T[]): T {
    return from[Math.floor(stage.random() * from.length)] as T;
  }

  async function head(): Promise<number> {
    return stage.chain.provider.getBlockNumber();
  }

  /** Opens a request and waits until the answer is in the mempool, where it stays. */
  async function answerPending(): Promise<string> {
    await stage.chain.stopMining();
    const before = stage.node.logged("transaction signed").length;
    const hash = await stage.open();
    await stage.chain.mine();
    await isSigned(before + 1);
    await isKnown();
    return (await stage.protocol.opened(hash)).id;
  }

  async function isSigned(count: number): Promise<void> {
    await stage.node.until(
      () => stage.node.logged("transaction signed").length >= count,
      "the answer is signed",
    );
  }

  async function isKnown(): Promise<void> {
    const { address } = stage.chain.account(1);
    const count = (block: string): Promise<number> =>
      stage.chain.provider.getTransactionCount(address, block);
    await stage.node.until(
      async () => (await count("pending")) > (await count("latest")),
      "the chain knows of the answer",
    );
  }

  async function drop(hash: unknown): Promise<boolean> {
    const isDropped: unknown = await stage.chain.provider
      .send("hardhat_dropTransaction", [hash])
      .catch(() => false);
    return isDropped === true;
  }

  async function setBaseFee(gwei: string): Promise<void> {
    const wei = toQuantity(parseUnits(gwei, "gwei"));
    await stage.chain.provider.send("hardhat_setNextBlockBaseFeePerGas", [wei]);
  }

  it(`loses nothing while endpoints fail in ${ENDPOINT_ROUNDS} ways`, async function () {
    this.timeout(ENDPOINT_ROUNDS * 60_000);
    for (let round = 0; round < ENDPOINT_ROUNDS; ++round) {
      for (const endpoint of stage.endpoints) endpoint.is = pick(FAULTS)(await head());
      await stage.ask();
      await delay(stage.random() * FAULT_MS);
      await stage.ask();
      await delay(stage.random() * FAULT_MS);
      for (const endpoint of stage.endpoints) endpoint.is = {};
      await afterwards(stage);
    }
  });

  it("loses nothing when an endpoint loses logs, and the other is gone for a while", async () => {
    const [first, second] = stage.endpoints;
    if (first === undefined || second === undefined) throw new Error("two endpoints are needed");
    first.is = { losesLogs: true };
    await stage.ask();
    await afterwards(stage);
    first.is = {};
    second.is = { drops: "after" };
    await stage.ask();
    await afterwards(stage);
  });

  const STEPS = ["opened", "pending", "mined", "opened and mined"] as const;
  it(`answers all that remains after ${REORGANISATIONS} reorganisations of 1 to 10 blocks`, async function () {
    this.timeout(REORGANISATIONS * 60_000);
    for (let round = 0; round < REORGANISATIONS; ++round) {
      const depth = campaign.full ? 1 + (Math.floor(round / 4) % 10) : 1 + Math.floor(stage.random() * 10);
      await reorganise(STEPS[round % 4] as (typeof STEPS)[number], depth);
      await stage.chain.resumeMining();
      await stage.ask();
      await afterwards(stage);
    }
  });

  /** Takes back `depth` blocks, of which the first holds the step; two where it takes two. */
  async function reorganise(step: (typeof STEPS)[number], depth: number): Promise<void> {
    const { chain, node } = stage;
    await chain.stopMining();
    let [fork, ancestor] = [await chain.snapshot(), await head()];
    const id = await answerPending();
    if (step === "pending" || step === "mined") [fork, ancestor] = [await chain.snapshot(), await head()];
    if (step === "mined" || step === "opened and mined") {
      await chain.mine();
      await node.reaches(id, "fulfilled");
    }
    await chain.mine(Math.max(0, ancestor + depth - (await head())));
    const noticed = node.logged("chain reorganised").length;
    await node.until(async () => (await node.status()).chain.cursor === (await head()), "the node is there");
    await chain.revert(fork);
    // Else the same blocks, hash by hash, come again.
    await chain.nextBlockAt((await chain.timestamp()) + OTHER_BLOCK_SEC);
    await chain.mine(depth + 2);
    await node.until(() => node.logged("chain reorganised").length > noticed, "the node notices");
  }

  it("waits for fees that rose beyond its cap, and bids more where they are below", async function () {
    this.timeout(FEE_ROUNDS * 120_000);
    for (let round = 0; round < FEE_ROUNDS; ++round) {
      await setBaseFee("1");
      await stage.chain.mine();
      const replaced = stage.node.logged("transaction replaced").length;
      const id = await answerPending();
      // Twice the base fee of before was bid.
      await setBaseFee("3");
      await stage.chain.mine();
      await stage.node.until(
        () => stage.node.logged("transaction replaced").length > replaced,
        "more is bid",
      );
      await setBaseFee("3");
      await stage.chain.mine();
      await stage.node.reaches(id, "fulfilled");
      await afterwards(stage);

      await answerPending();
      await setBaseFee("200");
      await stage.chain.mine();
      await stage.open();
      await setBaseFee("190");
      await stage.chain.mine();
      await delay(REPLACED_AFTER_MS);
      await setBaseFee("1");
      await stage.chain.resumeMining();
      await stage.chain.mine();
      await afterwards(stage);
    }
  });

  it("gets an answer mined once that stays pending, and is replaced", async () => {
    const replaced = stage.node.logged("transaction replaced").length;
    await answerPending();
    await stage.node.until(
      () => stage.node.logged("transaction replaced").length > replaced,
      "it is replaced",
    );
    await stage.chain.resumeMining();
    await stage.chain.mine();
    await afterwards(stage);
  });

  it("tells the chain again of an answer that was dropped", async () => {
    await answerPending();
    const sent = (): unknown[] =>
      stage.node.logs
        .filter(({ msg }) => msg === "transaction signed" || msg === "transaction replaced")
        .map(({ hash }) => hash);
    // Whichever of its forms the chain holds at the moment.
    await stage.node.until(async () => drop(sent().at(-1)), "it is dropped");
    await isKnown();
    await stage.chain.resumeMining();
    await stage.chain.mine();
    await afterwards(stage);
  });

  // It looks for a receipt of its own for five seconds first.
  if (campaign.full) {
    it("sends an answer again whose nonce somebody else used with the same key", async () => {
      const id = await answerPending();
      const signer = stage.chain.account(1);
      const price = {
        maxFeePerGas: parseUnits("50", "gwei"),
        maxPriorityFeePerGas: parseUnits("20", "gwei"),
      };
      const nonce = await stage.chain.provider.getTransactionCount(signer.address, "latest");
      const raw = await signer.signTransaction(
        await signer.populateTransaction({ to: signer.address, nonce, gasLimit: 21_000, ...price }),
      );
      stage.signed.add(raw);
      await stage.chain.provider.send("eth_sendRawTransaction", [raw]);
      await stage.chain.resumeMining();
      await stage.chain.mine();
      await stage.node.reaches(id, "fulfilled");
      await afterwards(stage);
    });
  }

  it("goes on after 12 hours without a sequencer, and what is too late is paid back", async () => {
    const late = await answerPending();
    await stage.open();
    await stage.chain.pass(OUTAGE_SEC);
    await stage.chain.resumeMining();
    // Forced in by way of L1: it was opened while nobody made blocks.
    await stage.ask();
    await afterwards(stage);
    await stage.node.until(
      async () => ["expired", "fulfilled"].includes((await stage.node.job(late))?.state ?? ""),
      "the node knows how it ended",
    );
  });
});

import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { RUNS_AHEAD } from "../../../offchain-runner/src/jobs/onnxEngine.ts";
import { campaign, recordCases } from "../../fixtures/campaign.ts";
import { afterwards } from "../fixture/afterwards.ts";
import { type ChaosStage, recordedStates, setStage } from "../fixture/chaosStage.ts";
import type { Misbehaviour } from "../fixture/unreliableEndpoint.ts";

const AT_NAMED_POINTS = campaign.runs(1, 5);
const AT_RANDOM = campaign.runs(1, 100);
/** As many as the node, with its one inference process, starts at once. */
const STARTED = 2 * RUNS_AHEAD;
const BLOCK_MS = 300;

describe("chaos: kill -9", () => {
  let stage: ChaosStage;

  before(async () => {
    stage = await setStage();
    await stage.ask();
    await afterwards(stage, 0);
  });

  after(() => stage.stop());

  function endpoint(is: Misbehaviour): void {
    for (const each of stage.endpoints) each.is = is;
  }

  function forever(...methods: string[]): Misbehaviour {
    return { holdsBack: { methods, until: new Promise(() => undefined) } };
  }

  /** The processes that run models neither answer nor end. */
  function freeze(): void {
    for (const pid of stage.node.children()) process.kill(pid, "SIGSTOP");
  }

  function thaw(): void {
    for (const pid of stage.node.children()) process.kill(pid, "SIGCONT");
  }

  async function known(): Promise<void> {
    const { address } = stage.chain.account(1);
    const count = (block: string): Promise<number> =>
      stage.chain.provider.getTransactionCount(address, block);
    await stage.node.until(
      async () => (await count("pending")) > (await count("latest")),
      "the chain knows of the transaction",
    );
  }

  /** Leads the node to a point of a job's life, where it stays. @returns the job's state in the database there */
  const POINTS: Readonly<Record<string, () => Promise<string>>> = {
    async seen() {
      await stage.kill();
      const { id } = await stage.ask();
      await stage.node.start({ isReady: false });
      // No model is loaded, so nothing is admitted.
      await stage.node.until(() => stage.node.children().length > 0, "the process of the models is there");
      freeze();
      await stage.node.reaches(id, "seen");
      return "seen";
    },
    async queued() {
      freeze();
      // One that is only on its way to run is queued for a moment too.
      const isFull = async (): Promise<boolean> => {
        const { running, queued } = (await stage.node.status()).jobs;
        return running >= STARTED && queued > 0;
      };
      for (let i = 0; i <= STARTED; ++i) await stage.open();
      await stage.node.until(isFull, "one has to wait");
      return "queued";
    },
    async running() {
      freeze();
      const { id } = await stage.ask();
      await stage.node.reaches(id, "running");
      return "running";
    },
    async answered() {
      freeze();
      const { id } = await stage.ask();
      await stage.node.reaches(id, "running");
      endpoint(forever("eth_call"));
      thaw();
      await stage.node.reaches(id, "answered");
      return "answered";
    },
    async signed() {
      endpoint(forever("eth_sendRawTransaction"));
      const { id } = await stage.ask();
      await stage.node.reaches(id, "submitting");
      return "submitting";
    },
    async submitting() {
      await stage.chain.stopMining();
      await stage.open();
      await stage.chain.mine();
      await known();
      return "submitting";
    },
    async mined() {
      await stage.chain.stopMining();
      await stage.open();
      await stage.chain.mine();
      await known();
      endpoint({ holds: new Promise(() => undefined) });
      await stage.chain.mine();
      return "submitting";
    },
  };

  for (const [point, lead] of Object.entries(POINTS)) {
    it(`costs nothing at the point "${point}"`, async function () {
      this.timeout(AT_NAMED_POINTS * 60_000);
      for (let i = 0; i < AT_NAMED_POINTS; ++i) {
        const state = await lead();
        await stage.kill();
        expect([...recordedStates(stage.node).values()]).to.include(state);
        endpoint({});
        await stage.chain.resumeMining();
        await stage.chain.mine();
        await stage.node.start({ isReady: false });
        await afterwards(stage);
        recordCases("node.kill", 1);
      }
    });
  }

  it("costs nothing at random points, on an endpoint that fails at random", async function () {
    this.timeout(60_000 + AT_RANDOM * 30_000);
    const FAULTS: readonly Misbehaviour[] = [
      { drops: "before" },
      { drops: "after" },
      { drops: "middle" },
      { busySec: 1 },
      { repeats: true },
    ];
    await stage.chain.mineEvery(BLOCK_MS);
    for (let i = 0; i < AT_RANDOM; ++i) {
      for (let request = 0; request < 3; ++request) {
        await stage.ask();
        await delay(stage.random() * BLOCK_MS);
      }
      endpoint(FAULTS[Math.floor(stage.random() * FAULTS.length)] ?? {});
      await delay(stage.random() * BLOCK_MS);
      await stage.kill();
      endpoint({});
      await stage.node.start({ isReady: false });
      await delay(stage.random() * 3 * BLOCK_MS);
      await afterwards(stage);
      recordCases("node.kill", 1);
    }
  });
});

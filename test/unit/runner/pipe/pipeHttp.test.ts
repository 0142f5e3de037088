import { encodeInferenceRequired } from "@opg-network/sdk/inferenceQuery";
import { signNodeCall } from "@opg-network/sdk/nodeCall";
import { expect } from "chai";
import { keccak256, Wallet } from "ethers";
import { HttpServer } from "../../../../offchain-runner/src/http/httpServer.ts";
import { NodeMetrics } from "../../../../offchain-runner/src/http/metrics.ts";
import { CONSUMER, PAYER, PipeNode, query, SLOW_RELEASE } from "../fakes/pipeNode.ts";
import { silentLogger } from "../fakes/silentLogger.ts";

const ALICE = new Wallet(`0x${"a1".repeat(32)}`);
const BOB = new Wallet(`0x${"b0".repeat(32)}`);
/** First byte of an input that the slow model is asked about. */
const SLOW = "ee";

interface Answer {
  status: number;
  retryAfter: string | null;
  body: { error?: { code: string; retryable: boolean }; complete?: boolean };
}

describe("pre-execution over HTTP", () => {
  const closers: (() => unknown)[] = [];
  let node: PipeNode;
  let url: string;
  /** Ends the slow runs that go on. */
  let finishSlow: () => void;

  afterEach(async () => {
    finishSlow();
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function open(...options: ConstructorParameters<typeof PipeNode>): Promise<void> {
    const waiting: (() => void)[] = [];
    finishSlow = () => {
      for (const end of waiting.splice(0)) end();
    };
    node = new PipeNode(...options);
    closers.push(() => node.dispose());
    await node.isLoaded();
    node.onRun = (release) =>
      release === SLOW_RELEASE
        ? new Promise((resolve) => waiting.push(() => resolve(Uint8Array.of(1))))
        : Promise.resolve(Uint8Array.of(2));
    // The last byte of the call is what it asks about.
    node.calls.onCall = ({ data, outputs }) => {
      const input = `0x${data.slice(2, 10)}`;
      if (outputs.has(keccak256(input))) return { passes: 1n };
      const asked = input.startsWith(`0x${SLOW}`) ? query(input, { release: SLOW_RELEASE }) : query(input);
      return {
        reverts: encodeInferenceRequired({ account: PAYER, consumer: CONSUMER, queries: [asked] }),
      };
    };
    const server = new HttpServer(
      () => Promise.reject(new Error("nobody asks")),
      new NodeMetrics(),
      silentLogger,
      { routes: node.service.routes() },
    );
    closers.push(() => server.stop());
    url = `http://127.0.0.1:${await server.start("127.0.0.1", 0)}/v1/preexecute`;
  }

  async function ask(caller: Wallet, data: string, deadlineMs = 10_000): Promise<Answer> {
    const call = { from: PAYER, to: CONSUMER, data: `0x${data}` };
    const body = JSON.stringify({ chainId: 31_337, call, carry: "appended", deadlineMs });
    const issuedAt = Math.floor(Date.now() / 1_000);
    const authorization = await signNodeCall(caller, { chainId: 31_337, body, issuedAt });
    const response = await fetch(url, { method: "POST", body, headers: { authorization } });
    return {
      status: response.status,
      retryAfter: response.headers.get("retry-after"),
      body: (await response.json()) as Answer["body"],
    };
  }

  /** Until so many runs go on and so many wait. */
  async function reaches(running: number, waiting: number): Promise<void> {
    const end = Date.now() + 5_000;
    while (node.scheduler.running !== running || node.scheduler.waiting !== waiting) {
      if (Date.now() > end) throw new Error(`${node.scheduler.running} run, ${node.scheduler.waiting} wait`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it("lets a slow model delay only who asked for it", async () => {
    await open();
    const slow = [ask(ALICE, `${SLOW}000001`), ask(ALICE, `${SLOW}000002`)];
    await reaches(1, 1);
    for (const data of ["00000001", "00000002", "00000003"])
      expect(await ask(BOB, data)).to.deep.include({ status: 200 });
    expect((await ask(ALICE, "00000004")).status, "her quick calls neither").to.equal(200);
    expect([node.scheduler.running, node.scheduler.waiting]).to.deep.equal([1, 1]);
    finishSlow();
    await reaches(1, 0);
    finishSlow();
    expect((await Promise.all(slow)).map(({ status }) => status)).to.deep.equal([200, 200]);
  });

  it("says 429 and when to come back when no slot is free and as many wait as may", async () => {
    await open({ maxWaiting: 1 }, { children: 1 });
    const slow = [ask(ALICE, `${SLOW}000001`), ask(ALICE, `${SLOW}000002`)];
    await reaches(1, 1);
    const refused = await ask(BOB, "00000001");
    expect(refused).to.deep.include({ status: 429, retryAfter: "1" });
    expect(refused.body.error).to.include({ code: "no-capacity", retryable: true });
    finishSlow();
    await reaches(1, 0);
    finishSlow();
    expect((await Promise.all(slow)).map(({ status }) => status)).to.deep.equal([200, 200]);
    expect((await ask(BOB, "00000001")).status).to.equal(200);
  });

  it("ends a call at its deadline, and takes what waits for it out of the queue", async () => {
    await open({}, { children: 1 });
    const first = ask(ALICE, `${SLOW}000001`);
    await reaches(1, 0);
    const late = await ask(ALICE, `${SLOW}000002`, 50);
    expect([late.status, late.body.error?.code]).to.deep.equal([504, "deadline"]);
    expect(node.scheduler.waiting).to.equal(0);
    finishSlow();
    expect((await first).status).to.equal(200);
  });

  it("ends a call at its deadline when the chain does not answer", async () => {
    await open();
    node.calls.onCall = () => new Promise(() => undefined);
    expect(await ask(ALICE, "00000001", 50)).to.deep.include({ status: 504 });
  });
});

import { expect } from "chai";
import { HttpServer, type PostAnswer } from "../../../offchain-runner/src/http/httpServer.ts";
import { NodeMetrics } from "../../../offchain-runner/src/http/metrics.ts";
import type { NodeStatus } from "../../../offchain-runner/src/http/status.ts";
import { JOB_STATES, type JobState } from "../../../offchain-runner/src/jobs/job.ts";
import { NodeError } from "../../../offchain-runner/src/nodeError.ts";
import { silentLogger } from "./fakes/silentLogger.ts";

const READY: NodeStatus = {
  isReady: true,
  reasons: [],
  chain: { chainId: 1, head: 9, cursor: 8, lagBlocks: 1, headAgeMs: 5 },
  alarms: [{ id: "disk-low", severity: "warning", text: "Little is free" }],
  exposure: { insured: "2000000000000000000", bonded: "0" },
  endpoints: [],
  operator: {
    operatorId: 7,
    signer: "0x",
    isActive: true,
    stake: `${10n ** 18n}`,
    signerBalance: `${2n * 10n ** 18n}`,
  },
  releases: [],
  jobs: Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobState, number>,
  queueDepth: 3,
  earnings: [{ source: "requests", release: "0x01", matured: `${10n ** 18n}`, unripe: "0" }],
  recentJobs: [],
};

describe("HttpServer", () => {
  const servers: HttpServer[] = [];

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  async function serve(status: () => Promise<NodeStatus>): Promise<string> {
    const server = new HttpServer(status, new NodeMetrics(), silentLogger);
    servers.push(server);
    return `http://127.0.0.1:${await server.start("127.0.0.1", 0)}`;
  }

  it("is healthy when the node is ready", async () => {
    const url = await serve(async () => READY);
    expect((await fetch(`${url}/health`)).status).to.equal(200);
  });

  it("says why it is not ready, and is alive all the same", async () => {
    const url = await serve(async () => ({ ...READY, isReady: false, reasons: ["balance-low"] }));
    const health = await fetch(`${url}/health`);
    expect(health.status).to.equal(503);
    expect(await health.json()).to.deep.include({ isLive: true, reasons: ["balance-low"] });
    expect((await fetch(`${url}/health/live`)).status).to.equal(200);
  });

  it("shows no balance and no stake before the chain has told them", async () => {
    const unread = { ...READY, operator: undefined };
    const text = await (await fetch(`${await serve(async () => unread)}/metrics`)).text();
    expect(text).to.include("\nopg_ready 1\n");
    expect(text).to.not.match(/^opg_(signer_balance_coin|stake_opg) /m);
  });

  it("shows gauges of the moment", async () => {
    const text = await (await fetch(`${await serve(async () => READY)}/metrics`)).text();
    for (const line of ["opg_ready 1", "opg_queue_depth 3", "opg_stake_opg 1", "opg_signer_balance_coin 2"]) {
      expect(text).to.include(`\n${line}\n`);
    }
    expect(text).to.include('opg_alarm{id="disk-low",severity="warning"} 1');
    expect(text).to.include('opg_exposure_opg{kind="insured"} 2');
    expect(text).to.include('opg_earnings_opg{source="requests",release="0x01",state="matured"} 1');
  });

  it("refuses other methods and paths, and survives its own failure", async () => {
    const url = await serve(async () => {
      throw new Error("broken");
    });
    expect((await fetch(`${url}/status`)).status).to.equal(503);
    expect((await fetch(`${url}/else`)).status).to.equal(404);
    expect((await fetch(`${url}/health`, { method: "POST" })).status).to.equal(405);
  });

  it("takes no more bodies at once than it has room for, and says when to come back", async () => {
    const routes = { maxBodyBytes: 128 * 2 ** 20, handlers: new Map([["/v1/x", held]]) };
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let waiting = 0;
    async function held(): Promise<PostAnswer> {
      waiting += 1;
      await released;
      return { status: 200, body: "{}" };
    }
    const server = new HttpServer(async () => READY, new NodeMetrics(), silentLogger, { routes });
    servers.push(server);
    const url = `http://127.0.0.1:${await server.start("127.0.0.1", 0)}/v1/x`;
    const post = (bytes: number): Promise<Response> =>
      fetch(url, { method: "POST", body: new Uint8Array(bytes) });
    const taken = [post(127 * 2 ** 20), post(127 * 2 ** 20)];
    while (waiting < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    // Where the server hangs up in the middle of a body, that is an answer too.
    const refused = await post(3 * 2 ** 20).catch(() => undefined);
    if (refused !== undefined) {
      expect(refused.status).to.equal(503);
      expect(refused.headers.get("retry-after")).to.equal("1");
    }
    expect(waiting).to.equal(2);
    release();
    expect((await Promise.all(taken)).map(({ status }) => status)).to.deep.equal([200, 200]);
    expect((await post(1)).status).to.equal(200);
  });

  it("says that its port is taken", async () => {
    const { port } = new URL(await serve(async () => READY));
    const second = new HttpServer(async () => READY, new NodeMetrics(), silentLogger);
    await second.start("127.0.0.1", Number(port)).then(
      () => expect.fail("opened twice"),
      (error) => expect(error).to.be.instanceOf(NodeError).with.property("code", "port-taken"),
    );
    await second.stop();
  });
});

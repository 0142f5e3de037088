import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { expect } from "chai";
import { campaign } from "../../fixtures/campaign.ts";
import { HOSTILE_MODELS } from "../../fixtures/models/hostileExactModels.ts";
import { ArtifactBench } from "../../unit/runner/hub/artifacts.ts";
import { afterwards } from "../fixture/afterwards.ts";
import { type ChaosStage, setStage } from "../fixture/chaosStage.ts";
import { MODEL_FOLDER, type Protocol } from "../fixture/protocol.ts";

const HOSTILE = campaign.runs(4, HOSTILE_MODELS.length);
const SOON_SEC = 60;
const FETCH_LIMIT_MS = campaign.runs(1_500, 6_000);
/** With a hundred bad files the machine has much to do. */
const PATIENCE_MS = campaign.runs(60_000, 300_000);
/** However many files are to be read: one by one each takes some tens of MiB. */
const MOST_BYTES = 768 * 2 ** 20;
const GOOD_FILE = readFileSync(`${MODEL_FOLDER}eth-volatility-1h/model.onnx`);
const TRUNCATED = GOOD_FILE.subarray(0, 900);

/** How servers of artifacts misbehave, each with a release of its own. */
const SERVERS: Readonly<Record<string, RequestListener>> = {
  "/stalls": (_, response) => void response.writeHead(200).write(GOOD_FILE.subarray(0, 100)),
  "/lies": (_, response) => void response.end(Buffer.alloc(GOOD_FILE.length, 7)),
  "/ends-early": (_, response) => {
    response.writeHead(200, { "content-length": GOOD_FILE.length });
    response.write(GOOD_FILE.subarray(0, 100), () => response.destroy());
  },
  "/never-ends": (request, response) => {
    const more = (): void => {
      if (!request.destroyed) response.write(Buffer.alloc(65_536), () => setTimeout(more, 1));
    };
    more();
  },
  "/truncated": (_, response) => void response.end(TRUNCATED),
  "/goes-in-circles": (_, response) => void response.writeHead(302, { location: "/goes-in-circles" }).end(),
};

describe("chaos: publishers", () => {
  let stage: ChaosStage;
  let servers: ArtifactBench;
  let bad: string[];
  const hostile = new Map<string, Uint8Array>();

  before(async function () {
    this.timeout(600_000);
    servers = new ArtifactBench();
    const url = await servers.serve((request, response) => {
      const serve = SERVERS[request.url ?? ""];
      if (serve !== undefined) return serve(request, response);
      response.end(hostile.get(request.url ?? ""));
    });
    stage = await setStage({
      publish: async (protocol) => {
        bad = await publishBad(protocol, url);
        return bad;
      },
      config: () => ({
        artifacts: { allowHttp: true, allowPrivateNetworks: true, timeoutMs: FETCH_LIMIT_MS },
      }),
    });
    await stage.ask();
    await afterwards(stage, 0);
  });

  after(async () => {
    await servers.close();
    await stage.stop();
  });

  async function publishBad(protocol: Protocol, url: string): Promise<string[]> {
    const published: string[] = [];
    for (const path of Object.keys(SERVERS)) {
      if (path === "/truncated") continue;
      // Of other bytes each, so that none is in the cache already.
      const file = Buffer.concat([GOOD_FILE, Buffer.from(path)]);
      published.push(await protocol.publish({ name: path.slice(1), uri: `${url}${path}`, file }));
    }
    const file = TRUNCATED;
    published.push(await protocol.publish({ name: "truncated", uri: `${url}/truncated`, file }));
    const first = campaign.full ? 0 : Number(campaign.seed % BigInt(HOSTILE_MODELS.length));
    for (let i = 0; i < HOSTILE; ++i) {
      const index = (first + i) % HOSTILE_MODELS.length;
      const { bytes: file, schema } = (HOSTILE_MODELS[index] as (typeof HOSTILE_MODELS)[number]).build();
      const path = `/hostile/${index}`;
      hostile.set(path, file);
      // Some are of a form that the hub itself refuses to take.
      const release = await protocol
        .publish({ name: `hostile-${index}`, uri: `${url}${path}`, file, schema })
        .catch(() => undefined);
      if (release !== undefined) published.push(release);
    }
    return published;
  }

  /** Of the node's own process, since it began. */
  function mostBytes(): number {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${stage.node.pid}/status`, "utf8"));
    return Number(found?.[1]) * 1024;
  }

  /** Answers, by nobody, to be paid back: of releases that cannot be served. */
  async function askInVain(release: string): Promise<void> {
    const now = await stage.chain.timestamp();
    await stage.ask({ release, fullFeeUntil: now + SOON_SEC, deadline: now + 2 * SOON_SEC });
  }

  it("serves what is good beside servers that stall, lie or never end, and files made to hurt", async function () {
    this.timeout(600_000);
    for (const release of bad) {
      await askInVain(release);
      await stage.ask();
    }
    const served = async () => (await stage.node.status()).releases;
    await stage.node.until(
      async () =>
        (await served()).every(({ status, problem }) => status !== "loading" || problem !== undefined),
      "all of them are found out",
      PATIENCE_MS,
    );
    await stage.node.until(
      async () => (await stage.node.status()).jobs.fulfilled >= bad.length,
      "the good ones are answered",
      PATIENCE_MS,
    );
    await stage.chain.pass(3 * SOON_SEC);
    await afterwards(stage, bad.length);
    expect(mostBytes(), "resident memory of the node at its highest").to.be.below(MOST_BYTES);
    const ofServers = new Set(bad.slice(0, Object.keys(SERVERS).length));
    const found = (await served()).filter(({ id }) => ofServers.has(id as string));
    expect(found.filter(({ status }) => status === "ready")).to.deep.equal([]);
  });
});

import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { expect } from "chai";
import { campaign } from "../../fixtures/campaign.ts";
import { HOSTILE_MODELS } from "../../fixtures/models/hostileExactModels.ts";
import { ArtifactBench } from "../../unit/runner/hub/artifacts.ts";
import { afterwards } from "../fixture/afterwards.ts";
import { type ChaosStage, setStage } from "../fixture/chaosStage.ts";
import { MODEL_FOLDER, type Protocol } from "../fixture/protocol.ts";

const ROUNDS = campaign.runs(1, 5);
const HOSTILE = campaign.runs(4, HOSTILE_MODELS.length);
const SKEWS_MS = campaign.runs(1, 3);
const SKEW_MS = 3_600_000;
const SOON_SEC = 60;
const FETCH_LIMIT_MS = campaign.runs(1_500, 6_000);
/** With a hundred bad files the machine has much to do. */
const PATIENCE_MS = campaign.runs(60_000, 300_000);
const SKEWED_CLOCK = new URL("../fixture/skewedClock.ts", import.meta.url).pathname;
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

describe("chaos: machine and files", () => {
  let stage: ChaosStage;
  let servers: ArtifactBench;
  let bad: string[];
  let data: string;
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
        alarms: { intervalSec: 1 },
      }),
    });
    data = join(stage.node.dataDir, "data");
    await stage.ask();
    await afterwards(stage, 0);
  });

  after(async () => {
    await servers.close();
    await stage?.stop();
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

  /** Answers, by nobody, to be paid back: of releases that cannot be served. */
  async function askInVain(release: string): Promise<void> {
    const now = await stage.chain.timestamp();
    await stage.ask({ release, fullFeeUntil: now + SOON_SEC, deadline: now + 2 * SOON_SEC });
  }

  function cut(path: string, bytes: number): void {
    writeFileSync(path, readFileSync(path).subarray(0, bytes));
  }

  /** All files of the node that hold models. */
  function modelFiles(): string[] {
    return ["cache", "releases"].flatMap((folder) =>
      readdirSync(join(data, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    );
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
    const ofServers = new Set(bad.slice(0, Object.keys(SERVERS).length));
    const found = (await served()).filter(({ id }) => ofServers.has(id as string));
    expect(found.filter(({ status }) => status === "ready")).to.deep.equal([]);
  });

  it(`answers by the chain's time when its own clock is an hour wrong`, async function () {
    this.timeout(SKEWS_MS * 120_000);
    for (let round = 0; round < SKEWS_MS; ++round) {
      const skewMs = stage.random() < 0.5 ? SKEW_MS : -SKEW_MS;
      await stage.kill();
      stage.node.environment = {
        NODE_OPTIONS: `--import ${SKEWED_CLOCK}`,
        SKEWED_CLOCK_MS: `${skewMs}`,
      };
      await stage.node.start({ isReady: false });
      await stage.ask();
      await afterwards(stage);
      await stage.node.until(
        async () => (await stage.node.status()).alarms.some(({ id }) => id === "clock-skewed"),
        "the alarm is on",
      );
    }
    await stage.kill();
    stage.node.environment = {};
    await stage.node.start({ isReady: false });
    await stage.ask();
    await afterwards(stage);
  });

  it("fetches models again whose files were cut, or changed in place", async function () {
    this.timeout(ROUNDS * 120_000);
    for (let round = 0; round < ROUNDS; ++round) {
      await stage.kill();
      expect(modelFiles()).to.have.length.above(0);
      for (const file of modelFiles()) {
        chmodSync(file, 0o600);
        const { size } = statSync(file);
        if (stage.random() < 0.5) cut(file, Math.floor(stage.random() * size));
        else {
          const bytes = readFileSync(file);
          const at = Math.floor(stage.random() * size);
          bytes[at] = (bytes[at] ?? 0) ^ 0x55;
          writeFileSync(file, bytes);
        }
      }
      await stage.ask();
      await stage.node.start({ isReady: false });
      await afterwards(stage);
    }
  });

  it("goes on from a log of the database that was cut anywhere", async function () {
    this.timeout(ROUNDS * 120_000);
    for (let round = 0; round < ROUNDS; ++round) {
      await stage.ask();
      await stage.kill();
      const log = join(data, "node.sqlite-wal");
      cut(log, Math.floor(statSync(log).size * stage.random()));
      await stage.node.start({ isReady: false });
      await stage.ask();
      await afterwards(stage);
    }
  });

  it("signs nothing from a damaged database, and goes on from a backup or in a new folder", async function () {
    this.timeout(120_000);
    await stage.node.stop();
    const backup = join(stage.node.dataDir, "backup");
    cpSync(data, backup, { recursive: true });
    await stage.ask();
    const file = join(data, "node.sqlite");
    const whole = readFileSync(file);
    const page = 4_096;
    const pages = whole.length / page;
    const damages = [
      Buffer.from(whole).fill(0xa5, whole.length / 2),
      whole.subarray(0, page * Math.floor(1 + stage.random() * (pages - 1))),
      Buffer.alloc(0),
    ];
    for (const bytes of damages) {
      writeFileSync(file, bytes);
      expect(await stage.node.startInVain()).to.equal(1);
      const said = stage.node.logged("node cannot run").at(-1);
      expect(said).to.have.nested.property("err.code", "store-damaged");
    }

    rmSync(data, { recursive: true });
    cpSync(backup, data, { recursive: true });
    await stage.node.start({ isReady: false });
    await afterwards(stage);

    await stage.kill();
    rmSync(data, { recursive: true });
    await stage.ask();
    await stage.node.start({ isReady: false });
    await afterwards(stage);
  });

  it("loses nothing when nothing can be written any more", async function () {
    this.timeout(ROUNDS * 120_000);
    // As on a full disk every write fails; it takes no file system of one's own.
    const bound = (bytes: string): void => {
      execFileSync("prlimit", ["--pid", `${stage.node.pid}`, `--fsize=${bytes}:`]);
    };
    for (let round = 0; round < ROUNDS; ++round) {
      if (stage.random() < 0.5) await stage.ask();
      const seen = stage.node.logs.length;
      bound("1");
      await stage.ask();
      await stage.node
        .until(
          () => stage.node.logs.slice(seen).some(({ err }) => isWriteFailure(err)),
          "a write fails",
          10_000,
        )
        .catch((error: unknown) => {
          if (stage.node.exitCode === undefined) throw error;
        });
      if (stage.node.exitCode === undefined) bound("unlimited");
      else {
        expect(stage.node.exitCode).to.equal(75);
        await stage.node.start({ isReady: false });
      }
      await afterwards(stage);
    }
  });

  function isWriteFailure(error: unknown): boolean {
    const { code } = (error ?? {}) as { code?: string };
    return code === "ERR_SQLITE_ERROR";
  }
});

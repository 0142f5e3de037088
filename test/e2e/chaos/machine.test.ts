import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { campaign } from "../../fixtures/campaign.ts";
import { afterwards } from "../fixture/afterwards.ts";
import { type ChaosStage, setStage } from "../fixture/chaosStage.ts";

const ROUNDS = campaign.runs(1, 5);
const SKEWS_MS = campaign.runs(1, 3);
const SKEW_MS = 3_600_000;
const SKEWED_CLOCK = new URL("../fixture/skewedClock.ts", import.meta.url).pathname;
describe("chaos: machine and files", () => {
  let stage: ChaosStage;
  let data: string;

  before(async () => {
    stage = await setStage({ config: () => ({ alarms: { intervalSec: 1 } }) });
    data = join(stage.node.dataDir, "data");
    await stage.ask();
    await afterwards(stage, 0);
  });

  after(() => stage.stop());

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

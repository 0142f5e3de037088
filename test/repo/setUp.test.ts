import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { withLock } from "../../scripts/setup/lock.mjs";
import { isNewEnough } from "../../scripts/setup/nodeVersion.mjs";
import { explain } from "../../scripts/setup/npm.mjs";
import { fingerprint, isFresh, writeStamp } from "../../scripts/setup/stamp.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface LockedPackage {
  version: string;
  integrity?: string;
  os?: string;
  cpu?: string;
}

describe("the set-up", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "set-up-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  describe("stamp", () => {
    it("is fresh until a file or a fact changes", () => {
      const lockfile = join(folder, "package-lock.json");
      const stamp = join(folder, "stamp");
      writeFileSync(lockfile, "one");
      writeStamp(stamp, fingerprint([lockfile], ["v24.21.0"]));

      expect(isFresh(stamp, fingerprint([lockfile], ["v24.21.0"]))).to.equal(true);
      expect(isFresh(stamp, fingerprint([lockfile], ["v24.22.0"]))).to.equal(false);
      writeFileSync(lockfile, "two");
      expect(isFresh(stamp, fingerprint([lockfile], ["v24.21.0"]))).to.equal(false);
    });

    it("does not take two facts for one", () => {
      expect(fingerprint([], ["ab", "c"])).to.not.equal(fingerprint([], ["a", "bc"]));
    });

    it("is not fresh where there is none", () => {
      expect(isFresh(join(folder, "missing"), fingerprint([], []))).to.equal(false);
    });
  });

  describe("Node", () => {
    it("compares versions as numbers", () => {
      expect(isNewEnough("22.18.0", ">=22.18.0")).to.equal(true);
      expect(isNewEnough("24.2.0", ">=22.18.0")).to.equal(true);
      expect(isNewEnough("100.0.0", ">=22.18.0")).to.equal(true);
      expect(isNewEnough("22.9.0", ">=22.18.0")).to.equal(false);
      expect(isNewEnough("9.99.99", ">=22.18.0")).to.equal(false);
    });

    it("refuses a range that it cannot read", () => {
      expect(() => isNewEnough("22.18.0", "^22")).to.throw(">=x.y.z");
    });

    it("is pinned by version and digest for every platform, and new enough", () => {
      const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), "utf8"));
      const { "": _root, ...packages }: Record<string, LockedPackage> = read(
        "scripts/toolchain/package-lock.json",
      ).packages;
      const platforms = Object.values(packages).map(({ os, cpu }) => `${os} ${cpu}`);
      expect(platforms).to.have.members([
        "linux x64",
        "linux arm64",
        "darwin x64",
        "darwin arm64",
        "win32 x64",
      ]);
      for (const { version, integrity } of Object.values(packages)) {
        expect(isNewEnough(version, read("package.json").engines.node)).to.equal(true);
        expect(integrity).to.match(/^sha512-[A-Za-z0-9+/]{86}==$/);
      }
    });
  });

  it("finds the native packages of every platform in the lockfile, or npm ci refuses it", () => {
    const lockfile = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
    const packages: Record<string, { optionalDependencies?: Record<string, string> }> = lockfile.packages;
    const paths = Object.keys(packages);
    const missing = Object.values(packages)
      .flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}))
      .filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)));
    expect(missing).to.deep.equal([]);
  });

  describe("lock", () => {
    const silent = () => undefined;

    it("lets one in at a time", async () => {
      const lock = join(folder, "lock");
      const events: string[] = [];
      const job = (name: string) =>
        withLock(lock, silent, async () => {
          events.push(`${name} in`);
          await new Promise((resolve) => setTimeout(resolve, 20));
          events.push(`${name} out`);
        });
      await Promise.all([job("a"), job("b")]);
      expect(events).to.deep.equal(["a in", "a out", "b in", "b out"]);
      expect(existsSync(lock)).to.equal(false);
    });

    it("is taken over from an owner that died", async () => {
      const lock = join(folder, "lock");
      const owner = spawn(process.execPath, ["-e", ""]);
      await once(owner, "exit");
      mkdirSync(lock);
      writeFileSync(join(lock, "pids"), String(owner.pid));
      expect(await withLock(lock, silent, async () => "done")).to.equal("done");
    });

    it("is not taken over while the work of a dead owner goes on", async () => {
      const lock = join(folder, "lock");
      const owner = spawn(process.execPath, ["-e", ""]);
      await once(owner, "exit");
      const worker = spawn(process.execPath, ["-e", "setTimeout(() => {}, 400)"]);
      mkdirSync(lock);
      writeFileSync(join(lock, "pids"), `${owner.pid} ${worker.pid}`);
      await withLock(lock, silent, async () => undefined);
      expect(worker.exitCode).to.equal(0);
    });

    it("is taken over from an owner that died before it could sign", async () => {
      const lock = join(folder, "lock");
      mkdirSync(lock);
      utimesSync(lock, 0, 0);
      expect(await withLock(lock, silent, async () => "done")).to.equal("done");
    });

    it("is released when the work fails", async () => {
      const lock = join(folder, "lock");
      const failure = await withLock(lock, silent, async () => {
        throw new RangeError("no");
      }).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(RangeError);
      expect(existsSync(lock)).to.equal(false);
    });
  });

  it("tells a missing network from a wrong package", () => {
    expect(explain("npm error code ENOTFOUND")).to.contain("could not be reached");
    expect(explain("npm error code EINTEGRITY")).to.contain("not the one that the lockfile names");
    expect(explain("npm error code E404")).to.equal("npm error code E404");
  });
});

import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { randomStream } from "../../../../bench/randomStream.ts";
import type { Clock } from "../../../../offchain-runner/src/clock.ts";
import { ArtifactError } from "../../../../offchain-runner/src/hub/artifactError.ts";
import type { ArtifactFetcher } from "../../../../offchain-runner/src/hub/artifactFetcher.ts";
import type { ModelCacheOptions, ModelCacheParts } from "../../../../offchain-runner/src/hub/modelCache.ts";
import { ModelCache } from "../../../../offchain-runner/src/hub/modelCache.ts";
import type { ReleaseFile } from "../../../../offchain-runner/src/hub/release.ts";
import { campaign } from "../../../fixtures/campaign.ts";
import { FakeClock, until } from "../clocks.ts";
import { expectError } from "../expectError.ts";
import { ArtifactBench, fileOf } from "./artifacts.ts";

/** Serves what it is given by URI; waits where a test holds it. */
class FakeFetcher implements ArtifactFetcher {
  readonly contents = new Map<string, string>();
  readonly asked: string[] = [];
  held: Promise<void> | undefined;

  async fetchTo(...[file, target, signal]: Parameters<ArtifactFetcher["fetchTo"]>): Promise<void> {
    this.asked.push(file.uri);
    await this.held;
    signal.throwIfAborted();
    const content = this.contents.get(file.uri);
    if (content === undefined) throw new ArtifactError("artifact-not-found", { uri: file.uri });
    await target.write(content);
  }
}

describe("ModelCache", () => {
  const bench = new ArtifactBench();
  const { signal } = new AbortController();
  let fetcher: FakeFetcher;
  let clock: FakeClock;

  beforeEach(() => {
    fetcher = new FakeFetcher();
    clock = new FakeClock();
  });
  afterEach(() => bench.close());

  async function openCache(
    options: Partial<ModelCacheOptions> = {},
    parts: Partial<ModelCacheParts> = {},
  ): Promise<ModelCache> {
    const folder = await bench.folder();
    const all: ModelCacheParts = { fetcher, clock: clock as Clock, ...parts };
    return ModelCache.open({ folder, maxBytes: 100, minFreeBytes: 0, ...options }, all);
  }

  function publish(content: string, uri = `uri:${content.slice(0, 8)}`) {
    fetcher.contents.set(uri, content);
    return fileOf(content, uri);
  }

  const filesOnDisk = async () => (await readdir(join(await bench.folder(), "files"))).length;
  const partials = async () => (await readdir(join(await bench.folder(), "partial"))).length;

  it("fetches a file once and keeps it", async () => {
    const cache = await openCache();
    const file = publish("weights");
    for (let round = 0; round < 3; round++) {
      const lease = await cache.acquire(file, signal);
      expect(await readFile(lease.path, "utf8")).to.equal("weights");
      lease.close();
      lease.close();
    }
    expect(fetcher.asked).to.have.length(1);
    expect(cache.usedBytes).to.equal(7);
    expect(await partials()).to.equal(0);
  });

  it("lets many callers wait for one fetch", async () => {
    const cache = await openCache();
    const file = publish("weights");
    const leases = await Promise.all(Array.from({ length: 10 }, () => cache.acquire(file, signal)));
    expect(new Set(leases.map(({ path }) => path)).size).to.equal(1);
    expect(fetcher.asked).to.have.length(1);
  });

  it("goes on for those who stay when one of them gives up, and stops when all do", async () => {
    const cache = await openCache();
    const file = publish("weights");
    let release = () => {};
    fetcher.held = new Promise((resolve) => {
      release = resolve;
    });
    const [leaving, staying] = [new AbortController(), new AbortController()];
    const left = cache.acquire(file, leaving.signal).catch((error: unknown) => error);
    const stayed = cache.acquire(file, staying.signal);
    await until(() => fetcher.asked.length === 1);
    leaving.abort("bored");
    expect(await left).to.equal("bored");
    release();
    (await stayed).close();
    const other = publish("other weights");
    fetcher.held = new Promise((resolve) => {
      release = resolve;
    });
    const alone = new AbortController();
    const gone = cache.acquire(other, alone.signal).catch((error: unknown) => error);
    await until(() => fetcher.asked.length === 2);
    alone.abort("bored");
    const again = cache.acquire(other, signal);
    release();
    expect(await gone).to.equal("bored");
    expect(await readFile((await again).path, "utf8")).to.equal("other weights");
    expect(await partials()).to.equal(0);
  });

  it("does not let another release's dead URI or wrong size spoil this one's", async () => {
    const cache = await openCache();
    const good = publish("weights");
    const dead = { ...good, uri: "uri:dead" };
    const outcomes = await Promise.allSettled([cache.acquire(dead, signal), cache.acquire(good, signal)]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(["rejected", "fulfilled"]);
    await expectError(cache.acquire({ ...good, size: 8 }, signal), "artifact-size-mismatch");
  });

  it("passes on what the fetch says, and tries afresh the next time", async () => {
    const cache = await openCache();
    const file = fileOf("weights", "uri:weights");
    await expectError(cache.acquire(file, signal), "artifact-not-found");
    expect(cache.usedBytes).to.equal(0);
    publish("weights");
    (await cache.acquire(file, signal)).close();
  });

  it("refuses declarations that cannot be", async () => {
    const cache = await openCache();
    const file = publish("weights");
    for (const sha256 of ["", "0x", "../../etc/passwd", `${file.sha256}0`]) {
      await expectError(cache.acquire({ ...file, sha256 }, signal), "artifact-digest-mismatch");
    }
    for (const size of [-1, 0.5, Number.NaN, 2 ** 60]) {
      await expectError(cache.acquire({ ...file, size }, signal), "artifact-digest-mismatch");
    }
  });

  describe("over restarts", () => {
    it("keeps whole files and drops half-finished ones and strangers", async () => {
      const file = publish("weights");
      (await (await openCache()).acquire(file, signal)).close();
      const folder = await bench.folder();
      await writeFile(join(folder, "partial", "leftover"), "half");
      await writeFile(join(folder, "files", "stranger"), "what");
      await mkdir(join(folder, "files", "0".repeat(64)));
      const cache = await openCache();
      expect([await filesOnDisk(), await partials()]).to.deep.equal([1, 0]);
      (await cache.acquire(file, signal)).close();
      expect(fetcher.asked).to.have.length(1);
    });

    it("fetches again what was damaged meanwhile", async () => {
      const file = publish("weights");
      const lease = await (await openCache()).acquire(file, signal);
      await chmod(lease.path, 0o600);
      await writeFile(lease.path, "weightz");
      const again = await (await openCache()).acquire(file, signal);
      expect(await readFile(again.path, "utf8")).to.equal("weights");
      expect(fetcher.asked).to.have.length(2);
    });

    it("forgets first what was used longest ago", async () => {
      const [first, second] = [publish("a".repeat(40)), publish("b".repeat(40))];
      const cache = await openCache();
      for (const file of [first, second, first]) {
        (await cache.acquire(file, signal)).close();
        clock.advance(1_000);
      }
      const restarted = await openCache();
      (await restarted.acquire(publish("c".repeat(40)), signal)).close();
      (await restarted.acquire(first, signal)).close();
      expect(fetcher.asked).to.have.length(3);
    });

    it("shrinks to a smaller bound", async () => {
      for (const name of ["a", "b"])
        (await (await openCache()).acquire(publish(name.repeat(40)), signal)).close();
      expect((await openCache({ maxBytes: 50 })).usedBytes).to.equal(40);
      expect(await filesOnDisk()).to.equal(1);
    });
  });

  it("fetches again what was damaged or lost while it ran", async () => {
    const cache = await openCache();
    const file = publish("weights");
    const { path } = await cache.acquire(file, signal);
    await rm(path);
    await writeFile(path, "weightz");
    expect(await readFile((await cache.acquire(file, signal)).path, "utf8")).to.equal("weights");
    await rm(path);
    expect(await readFile((await cache.acquire(file, signal)).path, "utf8")).to.equal("weights");
    expect(fetcher.asked).to.have.length(3);
  });

  it("never removes a leased file", async () => {
    const cache = await openCache();
    const [leased, loose] = [
      await cache.acquire(publish("a".repeat(40)), signal),
      await cache.acquire(publish("b".repeat(40)), signal),
    ];
    loose.close();
    clock.advance(1_000);
    const third = await cache.acquire(publish("c".repeat(40)), signal);
    expect((await stat(leased.path)).size).to.equal(40);
    const error = await expectError(cache.acquire(publish("d".repeat(40)), signal), "cache-full");
    expect(error.retryable).to.equal(true);
    third.close();
    (await cache.acquire(publish("d".repeat(40)), signal)).close();
    expect(cache.usedBytes).to.equal(80);
  });

  it("keeps account of a file whose fetch was left by all, and is wanted again before it ended", async () => {
    const cache = await openCache();
    const file = publish("a".repeat(60));
    const leaving = new AbortController();
    let end = () => {};
    fetcher.held = new Promise((resolve) => {
      end = resolve;
    });
    const left = cache.acquire(file, leaving.signal);
    await until(() => fetcher.asked.length === 1);
    leaving.abort(new Error("left"));
    await left.catch(() => undefined);
    fetcher.held = undefined;
    await expectError(cache.acquire(publish("b".repeat(50)), signal), "cache-full");
    const again = cache.acquire(file, signal);
    end();
    const lease = await again;
    expect(cache.usedBytes).to.equal(60);
    await expectError(cache.acquire(publish("b".repeat(50)), signal), "cache-full");
    expect((await stat(lease.path)).size).to.equal(60);
  });

  it("keeps every leased file through random loads at once on a disk far too small", async () => {
    const cache = await openCache({ maxBytes: 100 });
    const random = randomStream(`model cache ${campaign.seed}`);
    const files = Array.from({ length: 12 }, (_, index) =>
      publish(String.fromCharCode(97 + index).repeat(10 + 3 * index)),
    );
    const ends = { leased: 0, full: 0 };
    const load = async (): Promise<void> => {
      const file = files[Math.floor(random() * files.length)] as ReleaseFile;
      const leaving = new AbortController();
      if (random() < 0.2) queueMicrotask(() => leaving.abort(new ArtifactError("artifact-not-found", {})));
      try {
        const lease = await cache.acquire(file, leaving.signal);
        for (let looks = Math.floor(random() * 6); looks >= 0; looks--) {
          expect(cache.usedBytes).to.be.at.most(100);
          expect((await readFile(lease.path)).length).to.equal(file.size);
        }
        lease.close();
        ends.leased += 1;
      } catch (error) {
        if (!(error instanceof ArtifactError)) throw error;
        ends.full += error.code === "cache-full" ? 1 : 0;
      }
    };
    const loader = async (): Promise<void> => {
      for (let count = 0; count < campaign.runs(25, 500); count++) await load();
    };
    await Promise.all(Array.from({ length: 12 }, loader));
    expect(ends.leased).to.be.above(0);
    expect(ends.full).to.be.above(0);
    const names = await readdir(join(await bench.folder(), "files"));
    const sizes = await Promise.all(
      names.map(async (name) => (await stat(join(await bench.folder(), "files", name))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.equal(cache.usedBytes);
    expect(await partials()).to.equal(0);
  });

  it("refuses a file that is larger than the cache", async () => {
    await expectError((await openCache()).acquire(publish("x".repeat(101)), signal), "cache-full");
    expect(await filesOnDisk()).to.equal(0);
  });

  it("counts downloads under way", async () => {
    const cache = await openCache();
    const files = ["a", "b", "c"].map((name) => publish(name.repeat(40)));
    const outcomes = await Promise.allSettled(files.map((file) => cache.acquire(file, signal)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).to.have.length(2);
  });

  it("leaves room on the disk, and makes some if it can", async () => {
    let free = 1_000;
    const parts = { freeBytes: async () => free };
    const cache = await openCache({ minFreeBytes: 100 }, parts);
    (await cache.acquire(publish("a".repeat(40)), signal)).close();
    free = 120;
    const error = await expectError(cache.acquire(publish("b".repeat(40)), signal), "cache-disk-full");
    expect(error.retryable).to.equal(true);
    expect(await filesOnDisk()).to.equal(0);
  });

  it("gives a typed error where its folder cannot be used", async () => {
    const folder = join(await bench.folder(), "file");
    await writeFile(folder, "in the way");
    await expectError(openCache({ folder }), "cache-unusable");
  });

  it("ends its downloads when it stops, and begins none after", async () => {
    const cache = await openCache();
    let release = () => {};
    fetcher.held = new Promise((resolve) => {
      release = resolve;
    });
    const waiting = expectError(cache.acquire(publish("weights"), signal), "artifact-unavailable");
    await until(() => fetcher.asked.length === 1);
    const stopped = cache.stop();
    release();
    await Promise.all([waiting, stopped, cache.stop()]);
    await expectError(cache.acquire(publish("weights"), signal), "artifact-unavailable");
    expect([await filesOnDisk(), await partials()]).to.deep.equal([0, 0]);
  });
});

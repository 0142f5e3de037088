import { NetworkError } from "@opg-network/sdk/errors";
import { expect } from "chai";
import { Executor } from "../../../offchain-runner/src/jobs/executor.ts";
import { JobStore } from "../../../offchain-runner/src/jobs/jobStore.ts";
import { OfferedReleases } from "../../../offchain-runner/src/jobs/offeredReleases.ts";
import { NO_BARS } from "./fakes/noBars.ts";
import { ScriptedEngine, someCatalog } from "./fakes/scriptedEngine.ts";
import { silentLogger } from "./fakes/silentLogger.ts";
import { INPUT, idOf, RELEASE, someRequest } from "./fakes/someRequest.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

const SERVED = { release: RELEASE, minFee: 0n, modes: ["VANILLA" as const], expectedRunMs: 200 };

describe("Executor", () => {
  let temp: TempDatabase;
  let clock: SteppedClock;
  let store: JobStore;
  let engine: ScriptedEngine;
  let releases: OfferedReleases;
  let executor: Executor;
  const { signal } = new AbortController();
  const request = someRequest();
  const id = idOf(request);

  beforeEach(() => {
    temp = new TempDatabase();
    clock = new SteppedClock();
    store = new JobStore(temp.database, clock);
    engine = new ScriptedEngine();
    const logger = silentLogger;
    releases = new OfferedReleases(
      [SERVED],
      { bars: NO_BARS, catalog: someCatalog, engine, clock, logger },
      () => undefined,
    );
    executor = new Executor(
      { store, releases, engine, clock, logger },
      { parallelRuns: 2, onRun: () => undefined },
    );
    store.observe(id, request, INPUT, 1);
    store.move(id, "queued");
  });

  afterEach(() => temp.dispose());

  /** Starts what is due and waits until nothing runs. */
  async function step(): Promise<void> {
    executor.step(signal);
    while (executor.activeCount > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  const failing = (code: string, retryable: boolean) => async (): Promise<Uint8Array> => {
    throw new NetworkError(code, "no", { retryable });
  };

  it("stores the answer of a run", async () => {
    await releases.run(signal);
    await step();
    expect(store.get(id)?.state).to.equal("answered");
    expect([...(store.get(id)?.output ?? [])]).to.deep.equal([7]);
  });

  it("keeps jobs of an earlier life until their model is loaded", async () => {
    await releases.resolve();
    await step();
    expect([store.get(id)?.state, engine.runs]).to.deep.equal(["queued", 0]);
    await releases.run(signal);
    clock.advance(1_000);
    await step();
    expect(store.get(id)?.state).to.equal("answered");
  });

  it("fails jobs of a model that cannot be served, with its reason", async () => {
    engine.onPrepare = async () => {
      throw new NetworkError("artifact-digest-mismatch", "no");
    };
    await releases.run(signal);
    await step();
    expect(store.get(id)).to.deep.include({ state: "failed", reason: "artifact-digest-mismatch" });
  });

  it("fails jobs of a release that is no longer served", async () => {
    const other = someRequest({ release: `0x${"02".repeat(32)}` });
    store.observe(idOf(other), other, INPUT, 1);
    store.move(idOf(other), "queued");
    await releases.run(signal);
    await step();
    expect(store.get(idOf(other))).to.deep.include({ state: "failed", reason: "release-not-served" });
  });

  it("tries again what may pass, later and at most three times", async () => {
    await releases.run(signal);
    engine.onRun = failing("worker-lost", true);
    await step();
    expect(store.get(id)).to.deep.include({ state: "queued", attempts: 1 });
    await step();
    expect(engine.runs).to.equal(1);
    for (let i = 0; i < 4; ++i) {
      clock.advance(10_000);
      await step();
    }
    expect(engine.runs).to.equal(3);
    expect(store.get(id)).to.deep.include({ state: "failed", reason: "worker-lost" });
  });

  it("does not try again what cannot pass", async () => {
    await releases.run(signal);
    engine.onRun = failing("model-crashed", false);
    await step();
    expect([engine.runs, store.get(id)?.reason]).to.deep.equal([1, "model-crashed"]);
  });

  it("starts no more than it has room for", async () => {
    await releases.run(signal);
    for (const lane of [1, 2, 3]) {
      const more = someRequest({ lane });
      store.observe(idOf(more), more, INPUT, 1);
      store.move(idOf(more), "queued");
    }
    executor.step(signal);
    executor.step(signal);
    expect(executor.activeCount).to.equal(2);
    await step();
  });

  it("drops an answer that nobody waits for any more", async () => {
    await releases.run(signal);
    engine.onRun = async () => {
      store.move(id, "lost", { reason: "answered-by-another" });
      return Uint8Array.of(7);
    };
    await step();
    expect(store.get(id)?.state).to.equal("lost");
  });
});

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

const SERVED = {
  ...{ release: RELEASE, minFee: 0n, expectedRunMs: 200 },
  modes: ["VANILLA" as const, "ZK" as const],
};
const ZK = 1;

describe("Executor", () => {
  let temp: TempDatabase;
  let clock: SteppedClock;
  let store: JobStore;
  let engine: ScriptedEngine;
  let releases: OfferedReleases;
  let executor: Executor;
  let onPrepareProofs: () => Promise<void>;
  let onProve: () => Promise<Uint8Array>;
  const { signal } = new AbortController();
  const request = someRequest();
  const id = idOf(request);

  beforeEach(() => {
    temp = new TempDatabase();
    clock = new SteppedClock();
    store = new JobStore(temp.database, clock);
    engine = new ScriptedEngine();
    onPrepareProofs = async () => undefined;
    onProve = async () => Uint8Array.of(9);
    const logger = silentLogger;
    releases = new OfferedReleases(
      [SERVED],
      { bars: NO_BARS, catalog: someCatalog, engine, clock, logger, prepareProofs: () => onPrepareProofs() },
      () => undefined,
    );
    executor = new Executor(
      { store, releases, engine, prover: { prove: () => onProve() }, clock, logger },
      { parallelRuns: 2, parallelProofs: 1, onRun: () => undefined },
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

  it("ends when the end of a run cannot be stored", async () => {
    await releases.run(signal);
    const full = Object.assign(new Error("full"), { errcode: 13 });
    engine.onRun = async () => {
      store.moveIf = () => {
        throw full;
      };
      return Uint8Array.of(7);
    };
    const end = await executor.run(signal, signal).catch((error: unknown) => error);
    expect(end).to.equal(full);
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

  describe("in mode ZK", () => {
    let proved: string;

    beforeEach(() => {
      proved = queued(1);
    });

    function queued(lane: number, mode = ZK): string {
      const more = someRequest({ lane, mode });
      store.observe(idOf(more), more, INPUT, 1);
      store.move(idOf(more), "queued");
      return idOf(more);
    }

    it("stores output and proof together", async () => {
      await releases.run(signal);
      const states: unknown[] = [];
      onProve = async () => {
        const job = store.get(proved);
        states.push(job?.state, job?.output);
        return Uint8Array.of(9);
      };
      await step();
      expect(states).to.deep.equal(["running", undefined]);
      const { state, output, proof } = store.get(proved) ?? {};
      expect([state, [...(output ?? [])], [...(proof ?? [])]]).to.deep.equal(["answered", [7], [9]]);
      expect(store.get(id)?.proof).to.equal(undefined);
    });

    it("runs and proves again what was under way when the process ended", async () => {
      await releases.run(signal);
      store.move(proved, "running");
      store.requeueRunning();
      await step();
      expect(store.get(proved)?.state).to.equal("answered");
    });

    it("proves again what may pass, at most three times, and fails with the reason", async () => {
      await releases.run(signal);
      let proofs = 0;
      onProve = () => {
        proofs += 1;
        return failing("proving-memory-exceeded", true)();
      };
      await step();
      expect(store.get(proved)).to.deep.include({ state: "queued", attempts: 1 });
      expect(store.get(proved)?.output).to.equal(undefined);
      for (let i = 0; i < 4; ++i) {
        clock.advance(10_000);
        await step();
      }
      expect(proofs).to.equal(3);
      expect(store.get(proved)).to.deep.include({ state: "failed", reason: "proving-memory-exceeded" });
    });

    it("holds up no other jobs, however many wait for a proof", async () => {
      await releases.run(signal);
      const many = [2, 3, 4].map((lane) => queued(lane));
      let release = (): void => undefined;
      onProve = () =>
        new Promise((resolve) => {
          release = () => resolve(Uint8Array.of(9));
        });
      executor.step(signal);
      while (store.get(id)?.state !== "answered") await new Promise((resolve) => setImmediate(resolve));
      const plain = queued(9, 0);
      executor.step(signal);
      while (store.get(plain)?.state !== "answered") await new Promise((resolve) => setImmediate(resolve));
      const states = [proved, ...many].map((each) => store.get(each)?.state);
      expect(states).to.have.members(["running", "queued", "queued", "queued"]);
      expect(store.countOf("proved", ["queued"])).to.equal(3);
      release();
    });

    it("proves nothing that others have ended meanwhile", async () => {
      await releases.run(signal);
      engine.onRun = async () => {
        if (store.get(proved)?.state === "running")
          store.move(proved, "lost", { reason: "answered-by-another" });
        return Uint8Array.of(7);
      };
      let proofs = 0;
      onProve = async () => Uint8Array.of(++proofs);
      await step();
      expect([store.get(proved)?.state, proofs]).to.deep.equal(["lost", 0]);
    });

    it("fails with the reason why the release cannot be proved, and answers the others", async () => {
      onPrepareProofs = async () => {
        throw new NetworkError("proof-key-mismatch", "no");
      };
      await releases.run(signal);
      expect(releases.get(RELEASE)?.zk).to.deep.equal({ status: "refused", problem: "proof-key-mismatch" });
      await step();
      expect(store.get(proved)).to.deep.include({ state: "failed", reason: "proof-key-mismatch" });
      expect(store.get(id)?.state).to.equal("answered");
    });

    it("waits while the keys are looked at", async () => {
      const stop = new AbortController();
      let begun = (): void => undefined;
      const begins = new Promise<void>((resolve) => {
        begun = resolve;
      });
      onPrepareProofs = () =>
        new Promise((_, reject) => {
          begun();
          stop.signal.addEventListener("abort", () => reject(stop.signal.reason));
        });
      const loading = releases.run(stop.signal);
      await begins;
      await step();
      expect(store.get(proved)?.state).to.equal("queued");
      expect(store.get(id)?.state).to.equal("answered");
      stop.abort();
      await loading;
    });

    it("proves no longer what its circuit disagreed about, and answers it otherwise", async () => {
      await releases.run(signal);
      releases.barProofs(RELEASE, "proof-disagrees");
      await step();
      expect(store.get(proved)).to.deep.include({ state: "failed", reason: "proof-disagrees" });
      expect(store.get(id)?.state).to.equal("answered");
    });
  });
});

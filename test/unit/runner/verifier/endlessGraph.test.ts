import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { expect } from "chai";
import { id } from "ethers";
import { ExactInterpreter } from "../../../../offchain-runner/src/exact/interpreter.ts";
import { DisputeStore } from "../../../../offchain-runner/src/verifier/disputeStore.ts";
import { EvidenceStore } from "../../../../offchain-runner/src/verifier/evidenceStore.ts";
import { type ComputedEnd, GraphRunner } from "../../../../offchain-runner/src/verifier/graphRunner.ts";
import { ResultChecker } from "../../../../offchain-runner/src/verifier/resultChecker.ts";
import { VerifierError } from "../../../../offchain-runner/src/verifier/verifierError.ts";
import { circling } from "../../../fixtures/exact/circlingGraph.ts";
import { expectError } from "../expectError.ts";
import { silentLogger } from "../fakes/silentLogger.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";
import { TempDatabase } from "../fakes/tempDatabase.ts";
import { DOMAIN, NOW_SEC, RIGHT, someEvidence, WRONG } from "./someEvidence.ts";

const ENDLESS = 2 ** 32 - 1;
const { signal } = new AbortController();

const anInput = encodeTensors([{ dtype: "int32", shape: [1], data: new Uint8Array(4) }]);

describe("a graph without an end", function () {
  this.timeout(120_000);
  let runner: GraphRunner;

  beforeEach(() => {
    runner = new GraphRunner({ threads: 1, threadMemoryMb: 128, runTimeoutMs: 60_000, graphBytes: 1e6 });
  });

  afterEach(() => runner.stop());

  it("is refused before it runs, however often it is asked for", async () => {
    const endless = circling(1, ENDLESS, ENDLESS, ENDLESS);
    expect(() => new ExactInterpreter(endless)).to.throw("beyond a limit of the machine");
    for (let i = 0; i < 3; ++i) await expectError(runner.run(endless, anInput, signal), "graph-unmeasurable");
    await expectError(runner.runFresh(endless, anInput, signal), "graph-unmeasurable");
    expect(runner.isSlow(endless.graphRoot)).to.equal(false);
  });

  it("is one of more than 2^24 elements a step, and no other", async () => {
    expect(new ExactInterpreter(circling(1, 2 ** 24)).stops).to.have.length(2);
    for (const counts of [[2 ** 24 + 1], [2 ** 12, 2 ** 13]])
      expect(() => new ExactInterpreter(circling(1, ...counts))).to.throw("elements");
  });

  it("fails all that wait for it at once where its steps are small, and runs apart from then on", async () => {
    const long = circling(800, 2 ** 24);
    const hurried = new GraphRunner({
      ...{ threads: 1, threadMemoryMb: 128, runTimeoutMs: 2, graphBytes: 1e6, quickMs: 1 },
    });
    try {
      const errors = await Promise.all(
        Array.from({ length: 40 }, () => hurried.run(long, anInput, signal).catch((error: unknown) => error)),
      );
      const [first] = errors;
      expect(first).to.include({ code: "check-too-slow", retryable: true });
      for (const error of errors) expect((error as Error).message).to.equal((first as Error).message);
      expect(hurried.isSlow(long.graphRoot)).to.equal(true);
      const again = await hurried.run(long, anInput, signal).catch((error: unknown) => error);
      expect(again).to.include({ code: "check-too-slow", retryable: false });
    } finally {
      await hurried.stop();
    }
  });
});

describe("ResultChecker, beside graphs without an end", function () {
  this.timeout(20_000);
  const WINDOW = 86_400;
  let temp: TempDatabase;
  let clock: SteppedClock;
  let evidence: EvidenceStore;
  let checker: ResultChecker;
  let ends: string[];
  let runs: string[];
  let slow: Set<string>;
  let reads: string[];
  let run: (graphRoot: string) => Promise<ComputedEnd>;
  let runFresh: (graphRoot: string) => Promise<ComputedEnd>;

  beforeEach(() => {
    temp = new TempDatabase();
    clock = new SteppedClock();
    evidence = new EvidenceStore(temp.database, clock, WINDOW);
    [ends, runs, reads, slow] = [[], [], [], new Set()];
    run = async () => ({ kind: "state", state: RIGHT });
    runFresh = run;
    type Named = { graphRoot: string };
    checker = new ResultChecker(
      {
        ...{ evidence, clock, logger: silentLogger, disputes: new DisputeStore(temp.database, clock) },
        // A release has its name for its graph.
        releases: {
          termsOf: async (release: string) => ({ graphRoot: release, exactFrom: NOW_SEC }),
          graphOf: async ({ graphRoot }: Named) => ({ graphRoot }),
          freshGraphOf: async ({ graphRoot }: Named) => {
            reads.push(graphRoot);
            return { graphRoot };
          },
        } as never,
        runner: {
          isSlow: (graphRoot: string) => slow.has(graphRoot),
          run: ({ graphRoot }: Named) => {
            runs.push(graphRoot);
            return run(graphRoot);
          },
          runFresh: ({ graphRoot }: Named) => runFresh(graphRoot),
        } as never,
        operators: { slashableOperatorOf: async () => ({ operatorId: 1, era: 0 }) } as never,
        onChecked: (end) => ends.push(end),
        onFault: () => undefined,
        onWrong: () => undefined,
        nowSec: () => NOW_SEC,
      },
      { domainSeparator: DOMAIN, windowSec: WINDOW },
    );
  });

  afterEach(() => temp.dispose());

  function record(release: string, count: number, output = RIGHT): void {
    for (let i = 0; i < count; ++i)
      evidence.record(someEvidence(output, { release: id(release), input: Uint8Array.of(i, i >> 8) }), true);
  }

  const settled = async (): Promise<void> => {
    for (let i = 0; i < 20; ++i) await new Promise((resolve) => setImmediate(resolve));
  };

  it("comes to an end with all of an unmeasurable graph's results, most of them without a run", async () => {
    run = async () => {
      throw new VerifierError("graph-unmeasurable", "a step over too many elements");
    };
    record("endless", 1_000);
    while ((await checker.step(signal)) > 0);
    expect(ends).to.have.length(1_000);
    expect(new Set(ends)).to.deep.equal(new Set(["unmeasurable"]));
    expect(runs.length).to.be.at.most(64);
  });

  it("still holds two contradicting answers about such a graph against who signed both", async () => {
    run = async () => {
      throw new VerifierError("graph-unmeasurable", "a step over too many elements");
    };
    record("endless", 1, RIGHT);
    record("endless", 1, WRONG);
    await checker.step(signal);
    expect(ends).to.deep.equal(["wrong", "wrong"]);
  });

  it("computes a slow graph for one result at a time, three times in vain at the most", async () => {
    const root = id("slow");
    slow.add(root);
    run = async () => {
      throw new VerifierError("check-too-slow", "too slow");
    };
    record("slow", 200);
    for (let i = 0; i < 2; ++i) {
      await checker.step(signal);
      expect([runs.length, ends]).to.deep.equal([i + 1, []]);
      clock.advance(600_000);
    }
    for (let i = 0; i < 20; ++i) {
      await checker.step(signal);
      clock.advance(10_000);
    }
    expect(runs).to.have.length(3);
    expect(ends).to.deep.equal(Array.from({ length: 200 }, () => "failed"));
    // Rested, it has another chance.
    clock.advance(3_600_000);
    run = async () => ({ kind: "state", state: RIGHT });
    record("slow", 201);
    await checker.step(signal);
    expect(ends.at(-1)).to.equal("right");
  });

  it("comes to an end with others while results of hanging graphs are in flight", async () => {
    const hanging = ["a", "b", "c", "d", "e", "f"].map((name) => id(name));
    const stopping = new AbortController();
    for (const root of hanging) slow.add(root);
    run = (graphRoot) =>
      hanging.includes(graphRoot)
        ? new Promise((_, fail) => stopping.signal.addEventListener("abort", () => fail(new Error("over"))))
        : Promise.resolve({ kind: "state", state: RIGHT });
    for (const name of ["a", "b", "c", "d", "e", "f"]) record(name, 100);
    record("honest", 300);
    const running = checker.run(stopping.signal);
    for (let i = 0; ends.length < 300; ++i) {
      if (i > 2_000) throw new Error(`${ends.length} of 300 results came to an end`);
      await settled();
    }
    stopping.abort();
    await running;
    expect(new Set(ends)).to.deep.equal(new Set(["right"]));
    expect(runs.filter((root) => hanging.includes(root))).to.have.length(4);
  });

  it("takes releases by turns, and many results of one after the few of others", () => {
    record("many", 500);
    for (const name of ["x", "y", "z"]) record(name, 2);
    const releases = evidence.due(10, 64).map(({ signed }) => signed.result.release);
    const four = [...new Set(["many", "x", "y", "z"].map((name) => id(name)))].sort();
    expect(releases.slice(0, 8)).to.deep.equal([...four, ...four]);
    expect(evidence.due(1_000, 64)).to.have.length(70);
    const [first = "", ...others] = four;
    const next = evidence.due(4, 64, first).map(({ signed }) => signed.result.release);
    expect(next).to.deep.equal([...others, first]);
  });

  it("confirms lies one at a time, by a graph that is read once for many of them", async () => {
    let [now, most] = [0, 0];
    runFresh = async () => {
      most = Math.max(most, ++now);
      await settled();
      now -= 1;
      return { kind: "state", state: RIGHT };
    };
    record("lied", 40, WRONG);
    await checker.step(signal);
    expect(ends).to.deep.equal(Array.from({ length: 40 }, () => "wrong"));
    expect(most).to.equal(1);
    expect(reads.length).to.be.at.most(4);
  });

  it("confirms lies about a quick graph while one about a slow graph is computed", async () => {
    slow.add(id("slow"));
    let finish = (): void => undefined;
    const hung = new Promise<void>((resolve) => {
      finish = resolve;
    });
    runFresh = async (graphRoot) => {
      if (graphRoot === id("slow")) await hung;
      return { kind: "state", state: RIGHT };
    };
    record("slow", 1, WRONG);
    record("lied", 3, WRONG);
    const step = checker.step(signal);
    while (ends.length < 3) await settled();
    expect(ends).to.deep.equal(["wrong", "wrong", "wrong"]);
    finish();
    await step;
    expect(ends).to.have.length(4);
  });
});

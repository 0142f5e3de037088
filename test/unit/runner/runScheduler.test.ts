import { expect } from "chai";
import type { PublishedRelease } from "../../../offchain-runner/src/hub/releaseCatalog.ts";
import type { InferenceEngine } from "../../../offchain-runner/src/jobs/inferenceEngine.ts";
import type { RunKind } from "../../../offchain-runner/src/jobs/runScheduler.ts";
import { RunScheduler } from "../../../offchain-runner/src/jobs/runScheduler.ts";
import { expectError } from "./expectError.ts";
import { SOME_RELEASE } from "./fakes/scriptedEngine.ts";

const SLOW: PublishedRelease = { ...SOME_RELEASE, id: "slow" };
const QUICK: PublishedRelease = { ...SOME_RELEASE, id: "quick" };
const EXPECTED_MS: Record<string, number> = { slow: 1_000, quick: 5 };

describe("RunScheduler", () => {
  /** Runs that the engine has, by their input's first byte, and how to end them. */
  let held: Map<number, (output: Uint8Array) => void>;
  let scheduler: RunScheduler;
  const { signal } = new AbortController();

  function open(children: number, options: { maxWaiting?: number; requestShare?: number } = {}): void {
    held = new Map();
    const engine: InferenceEngine = {
      prepare: async () => undefined,
      checkInput: () => undefined,
      expectedRunMs: (id) => EXPECTED_MS[id],
      run: (_, input) => new Promise((resolve) => held.set(input[0] as number, resolve)),
    };
    scheduler = new RunScheduler(engine, {
      children,
      depth: 4,
      quickMs: 50,
      requestShare: options.requestShare ?? 0.3,
      maxWaiting: options.maxWaiting ?? 100,
      guessMs: () => 50,
      servesQuick: () => true,
      onRun: () => undefined,
    });
  }

  function run(
    number: number,
    release: PublishedRelease,
    caller: string,
    { kind = "calls", until = signal }: { kind?: RunKind; until?: AbortSignal } = {},
  ): Promise<Uint8Array> {
    const order = { kind, caller, release, input: Uint8Array.of(number) };
    return scheduler.run(order, until, signal);
  }

  async function end(number: number): Promise<void> {
    held.get(number)?.(Uint8Array.of(number));
    held.delete(number);
    await new Promise((resolve) => setImmediate(resolve));
  }

  const began = (): number[] => [...held.keys()].sort((a, b) => a - b);

  it("lets a slow model delay only its own runs", async () => {
    open(2);
    void run(1, SLOW, "alice");
    void run(2, SLOW, "alice");
    void run(3, QUICK, "bob");
    void run(4, QUICK, "alice");
    expect(began()).to.deep.equal([1, 3, 4]);
    await end(3);
    expect(began()).to.deep.equal([1, 4]);
    await end(1);
    expect(began()).to.deep.equal([2, 4]);
  });

  it("takes callers in turn, however much one of them asks", async () => {
    open(1);
    for (const number of [1, 2, 3, 4]) void run(number, SLOW, "alice");
    void run(5, SLOW, "bob");
    await end(1);
    expect(began()).to.deep.equal([5]);
    await end(5);
    expect(began()).to.deep.equal([2]);
  });

  it("keeps a share of the time for requests on chain", async () => {
    open(1, { requestShare: 0.5 });
    for (const number of [1, 2, 3]) void run(number, SLOW, "alice");
    for (const number of [11, 12, 13]) void run(number, SLOW, "", { kind: "requests" });
    const order: number[] = [];
    for (let i = 0; i < 6; ++i) {
      const [next] = began();
      order.push(next as number);
      await end(next as number);
    }
    expect(order.slice(0, 4).filter((number) => number > 10)).to.have.length(2);
  });

  it("takes an aborted run out of the queue, and lets one that has begun go on", async () => {
    open(1);
    const stop = new AbortController();
    const first = run(1, SLOW, "alice", { until: stop.signal }).catch((error: unknown) => error);
    const second = run(2, SLOW, "alice", { until: stop.signal }).catch((error: unknown) => error);
    stop.abort("enough");
    expect([await first, await second]).to.deep.equal(["enough", "enough"]);
    expect([began(), scheduler.waiting, scheduler.running]).to.deep.equal([[1], 0, 1]);
    await end(1);
    expect([began(), scheduler.running]).to.deep.equal([[], 0]);
  });

  it("says when to come back when as many wait as may", async () => {
    open(1, { maxWaiting: 1 });
    void run(1, SLOW, "alice");
    scheduler.requireRoom();
    void run(2, SLOW, "bob");
    const error = await expectError(
      Promise.resolve().then(() => scheduler.requireRoom()),
      "no-capacity",
    );
    expect(error.data.retryAfterMs).to.equal(1_000);
  });
});

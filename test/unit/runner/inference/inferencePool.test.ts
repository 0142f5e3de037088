import { expect } from "chai";
import type { InferenceErrorCode } from "../../../../offchain-runner/src/inference/inferenceError.ts";
import {
  affine,
  countedLoop,
  dense,
  int64Scalar,
  int64Vector,
  largeOutput,
  memoryHog,
  passThrough,
  unknownOperator,
} from "../../../fixtures/models/make.ts";
import { FLOAT, model, node, value } from "../../../fixtures/models/onnxBuilder.ts";
import { ShiftedClock, until } from "../clocks.ts";
import { expectError } from "../expectError.ts";
import { PoolBench } from "./pool.ts";
import { float32, valuesOf } from "./tensors.ts";

const FOREVER = 1_000_000_000n;
const MEGABYTE = 1024 * 1024;

describe("InferencePool", () => {
  const bench = new PoolBench();
  const { signal } = new AbortController();
  afterEach(() => bench.close());

  it("returns the outputs in the order of the release's schema", async () => {
    const { bytes } = {
      bytes: model({
        nodes: [node("Neg", ["x"], ["negative"]), node("Abs", ["x"], ["absolute"])],
        inputs: [value("x", FLOAT, ["n"])],
        outputs: [value("negative", FLOAT, ["n"]), value("absolute", FLOAT, ["n"])],
      }),
    };
    const output = (name: string) => ({ name, dtype: "float32", shape: [-1] }) as const;
    const schema = { inputs: [output("x")], outputs: [output("absolute"), output("negative")] };
    const served = await bench.serve("two-outputs", { bytes, schema });
    const { outputs } = await bench.pool().run({ ...served, inputs: [float32([-3, 4])] }, signal);
    expect(outputs.map(valuesOf)).to.deep.equal([
      [3, 4],
      [3, -4],
    ]);
  });

  it("gives every run its own answer when many are under way", async () => {
    const served = await bench.serve("affine", affine());
    const pool = bench.pool({ slots: 2 });
    const numbers = Array.from({ length: 300 }, (_, index) => index);
    const answers = await Promise.all(
      numbers.map((n) => pool.run({ ...served, inputs: [float32([n])] }, signal)),
    );
    expect(answers.map(({ outputs }) => outputs.map(valuesOf))).to.deep.equal(
      numbers.map((n) => [[2 * n + 1]]),
    );
    expect(pool.expectedRunMs("affine")).to.be.greaterThan(0);
    // The first process may have done it all before the second was there.
    await until(() => pool.capacity.readySlots === 2);
    expect(pool.capacity).to.deep.equal({
      slots: 2,
      readySlots: 2,
      running: 0,
      queued: 0,
      queueLimit: 1_000,
    });
  });

  it("lets no run wait until every model is loaded that is still to be", async () => {
    const served = await bench.serve("affine", affine());
    const others = await Promise.all(
      Array.from({ length: 30 }, (_, i) => bench.serve(`other-${i}`, affine())),
    );
    const pool = bench.pool();
    await pool.warm(served, signal);
    let loaded = 0;
    const loading = others.map((other) => pool.warm(other, signal).then(() => (loaded += 1)));
    const runs = [1, 2].map((n) => pool.run({ ...served, inputs: [float32([n])] }, signal));
    await Promise.all(runs);
    expect(loaded).to.be.below(others.length / 2);
    await Promise.all(loading);
  });

  it("takes inputs that lie anywhere in memory", async () => {
    const served = await bench.serve("affine", affine());
    const pool = bench.pool();
    const { data } = float32([1, 2]);
    for (let offset = 0; offset < 4; offset++) {
      const buffer = Buffer.concat([Buffer.alloc(offset), data]).subarray(offset);
      const { outputs } = await pool.run(
        { ...served, inputs: [{ dtype: "float32", shape: [2], data: buffer }] },
        signal,
      );
      expect(outputs.map(valuesOf)).to.deep.equal([[3, 5]]);
    }
  });

  it("refuses inputs that do not fit the schema before anything runs", async () => {
    const served = await bench.serve("affine", affine());
    await expectError(bench.pool().run({ ...served, inputs: [] }, signal), "tensor-count-wrong");
  });

  it("ends a run that takes too long, and goes on", async () => {
    const served = await bench.serve("loop", countedLoop());
    const pool = bench.pool({ runLimitMs: 300 });
    const error = await expectError(
      pool.run({ ...served, inputs: [int64Scalar(FOREVER)] }, signal),
      "inference-timeout",
    );
    expect(error.retryable).to.equal(false);
    expect(error.data).to.deep.equal({ release: "loop", phase: "run", limitMs: 300 });
    await pool.run({ ...served, inputs: [int64Scalar(1n)] }, signal);
  });

  it("holds a run to a limit of its own", async () => {
    const served = await bench.serve("loop", countedLoop());
    const request = { ...served, inputs: [int64Scalar(FOREVER)], timeLimitMs: 200 };
    const error = await expectError(bench.pool().run(request, signal), "inference-timeout");
    expect(error.data.limitMs).to.equal(200);
  });

  it("ends a run that takes too much memory, and goes on", async () => {
    const served = await bench.serve("hog", memoryHog());
    const pool = bench.pool({ memoryBytes: 400 * MEGABYTE });
    const error = await expectError(
      pool.run({ ...served, inputs: [int64Vector(500_000_000n)] }, signal),
      "memory-exceeded",
    );
    expect(error.retryable).to.equal(false);
    expect(error.data.residentBytes).to.be.greaterThan(400 * MEGABYTE);
    await pool.run({ ...served, inputs: [int64Vector(10n)] }, signal);
  });

  it("refuses a model that is larger than all that sessions may take", async () => {
    const served = await bench.serve("affine", affine());
    const request = { ...served, inputs: [float32([1])] };
    await expectError(bench.pool({ sessionBytes: 10 }).run(request, signal), "memory-exceeded");
  });

  it("reports an allocation that the runtime itself refuses", async () => {
    const served = await bench.serve("hog", memoryHog());
    const request = { ...served, inputs: [int64Vector(500_000_000_000_000n)] };
    await expectError(bench.pool().run(request, signal), "inference-failed");
  });

  it("remembers for a while that the runtime refused a model", async () => {
    const clock = new ShiftedClock();
    const pool = bench.pool({}, { clock });
    const bad = await bench.serve("model", unknownOperator());
    const request = { ...bad, inputs: [float32([1])] };
    const first = await expectError(pool.run(request, signal), "model-load-failed");
    expect(first.retryable).to.equal(false);
    expect(first.data.detail).to.contain("Frobnicate");
    await bench.serve("model", affine());
    const second = await expectError(pool.run(request, signal), "model-load-failed");
    expect(second.data.retryAfterMs).to.be.within(1, 60_000);
    clock.advance(60_000);
    expect(valuesOf((await pool.run(request, signal)).outputs[0] ?? float32([]))).to.deep.equal([3]);
  });

  it("refuses an output that is not what the release declares", async () => {
    const served = await bench.serve("narrow", passThrough([2]));
    const pool = bench.pool();
    const error = await expectError(
      pool.run({ ...served, inputs: [float32([1, 2, 3])] }, signal),
      "output-mismatch",
    );
    expect(error.retryable).to.equal(false);
    expect(
      (await pool.run({ ...served, inputs: [float32([1, 2])] }, signal)).outputs[0]?.shape,
    ).to.deep.equal([2]);
  });

  it("refuses an output that is too large to carry", async () => {
    const served = await bench.serve("large", largeOutput());
    const pool = bench.pool({ maxOutputBytes: 1_000 });
    const error = await expectError(
      pool.run({ ...served, inputs: [int64Vector(251n)] }, signal),
      "output-too-large",
    );
    expect(error.data.bytes).to.equal(1_004);
    await pool.run({ ...served, inputs: [int64Vector(250n)] }, signal);
  });

  it("pushes back when the queue is full, and says for how long", async () => {
    const served = await bench.serve("loop", countedLoop());
    const pool = bench.pool({ queueLimit: 1, runLimitMs: 400 });
    const slow = () => pool.run({ ...served, inputs: [int64Scalar(FOREVER)] }, signal);
    const running = slow();
    running.catch(() => undefined);
    await until(() => pool.capacity.running === 1);
    const waiting = slow();
    const error = await expectError(slow(), "no-capacity");
    expect(error.retryable).to.equal(true);
    expect(error.data.retryAfterMs).to.be.greaterThan(0);
    await expectError(running, "inference-timeout");
    await expectError(waiting, "inference-timeout");
  });

  it("drops an aborted run from the queue and ends one under way", async () => {
    const served = await bench.serve("loop", countedLoop());
    const pool = bench.pool({ abortGraceMs: 50 });
    const [running, waiting] = [new AbortController(), new AbortController()];
    const request = { ...served, inputs: [int64Scalar(FOREVER)] };
    const first = pool.run(request, running.signal).catch((error: unknown) => error);
    await until(() => pool.capacity.running === 1);
    const second = pool.run(request, waiting.signal).catch((error: unknown) => error);
    waiting.abort("not wanted");
    expect(await second).to.equal("not wanted");
    expect(pool.capacity.queued).to.equal(0);
    running.abort("not wanted either");
    expect(await first).to.equal("not wanted either");
    await pool.run({ ...served, inputs: [int64Scalar(1n)] }, signal);
  });

  it("refuses to begin what is already aborted", async () => {
    const served = await bench.serve("affine", affine());
    const outcome = bench.pool().run({ ...served, inputs: [float32([1])] }, AbortSignal.abort("too late"));
    expect(await outcome.catch((error: unknown) => error)).to.equal("too late");
  });

  it("drops the session used longest ago when memory is short", async () => {
    const evicted: string[] = [];
    const metrics = {
      inferenceEnded: () => undefined,
      workerEnded: () => undefined,
      batchEnded: () => undefined,
    };
    const pool = bench.pool(
      { sessionBytes: 20 * MEGABYTE },
      { metrics: { ...metrics, sessionEvicted: (release) => evicted.push(release) } },
    );
    const shape = { rows: 1, size: 512, layers: 8 };
    const models = await Promise.all(["one", "two", "three"].map((name) => bench.serve(name, dense(shape))));
    const input = float32(new Array(512).fill(0), [1, 512]);
    for (const served of [...models, ...models.slice(0, 1)]) {
      expect((await pool.run({ ...served, inputs: [input] }, signal)).outputs[0]?.shape).to.deep.equal([
        1, 512,
      ]);
    }
    expect(evicted.slice(0, 2)).to.deep.equal(["one", "two"]);
  });

  it("loads a model into every process ahead of its first run", async () => {
    const served = await bench.serve("affine", affine());
    const pool = bench.pool({ slots: 2 });
    await pool.warm(served, signal);
    await expectError(pool.warm(await bench.serve("bad", unknownOperator()), signal), "model-load-failed");
    await pool.run({ ...served, inputs: [float32([1])] }, signal);
  });

  it("says so when no process starts", async () => {
    const served = await bench.serve("affine", affine());
    const pool = bench.pool({ startLimitMs: 1 });
    const error = await expectError(
      pool.run({ ...served, inputs: [float32([1])] }, signal),
      "runtime-unavailable",
    );
    expect(error.retryable).to.equal(true);
  });

  it("tells its metrics how each run ended", async () => {
    const ends: [string, string][] = [];
    const inferenceEnded = (release: string, outcome: "ok" | "aborted" | InferenceErrorCode) =>
      ends.push([release, outcome]);
    const metrics = {
      inferenceEnded,
      workerEnded: () => undefined,
      batchEnded: () => undefined,
      sessionEvicted: () => undefined,
    };
    const pool = bench.pool({}, { metrics });
    await pool.run({ ...(await bench.serve("affine", affine())), inputs: [float32([1])] }, signal);
    const bad = await bench.serve("bad", unknownOperator());
    await expectError(pool.run({ ...bad, inputs: [float32([1])] }, signal), "model-load-failed");
    expect(ends).to.deep.equal([
      ["affine", "ok"],
      ["bad", "model-load-failed"],
    ]);
  });
});

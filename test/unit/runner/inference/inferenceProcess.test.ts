import { fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { affine, countedLoop, int64Scalar, integerDivision } from "../../../fixtures/models/make.ts";
import { ShiftedClock, until } from "../clocks.ts";
import { expectError } from "../expectError.ts";
import { PoolBench } from "./pool.ts";
import { float32, int32 } from "./tensors.ts";

const FOREVER = 1_000_000_000n;
const LETHAL = [int32([-2_147_483_648]), int32([-1])];

const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}/status`) && !/^State:\s+[ZX]/m.test(readStatus(pid));

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "State: X";
  }
}

describe("inference processes", () => {
  const bench = new PoolBench();
  const { signal } = new AbortController();
  afterEach(() => bench.close());

  it("turn a native crash into an error of that run alone", async () => {
    const [division, served] = [
      await bench.serve("division", integerDivision()),
      await bench.serve("affine", affine()),
    ];
    const pool = bench.pool();
    await pool.run({ ...division, inputs: [int32([8]), int32([2])] }, signal);
    const lethal = pool.run({ ...division, inputs: LETHAL }, signal);
    const others = [1, 2, 3].map((n) => pool.run({ ...served, inputs: [float32([n])] }, signal));
    const error = await expectError(lethal, "model-crashed");
    expect(error.retryable).to.equal(false);
    expect(error.data).to.deep.include({ release: "division", phase: "run", signal: "SIGFPE" });
    expect(await Promise.all(others)).to.have.length(3);
  });

  it("spare the runs that were lined up behind the one that crashed", async () => {
    const division = await bench.serve("division", integerDivision());
    const pool = bench.pool({ pipeline: { depth: 4, backlogMs: 1_000 } });
    const harmless = () => pool.run({ ...division, inputs: [int32([8]), int32([2])] }, signal);
    await harmless();
    const runs = [harmless(), pool.run({ ...division, inputs: LETHAL }, signal), harmless(), harmless()];
    const outcomes = await Promise.allSettled(runs);
    expect(outcomes.map(({ status }) => status)).to.deep.equal([
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
  });

  it("rest a model that crashed too often, and try it again later", async () => {
    const clock = new ShiftedClock();
    const division = await bench.serve("division", integerDivision());
    const pool = bench.pool(
      { health: { loadFailureMs: 1, maxCrashes: 2, crashWindowMs: 60_000 } },
      { clock },
    );
    const harmless = { ...division, inputs: [int32([8]), int32([2])] };
    for (let crash = 0; crash < 2; crash++)
      await expectError(pool.run({ ...division, inputs: LETHAL }, signal), "model-crashed");
    const error = await expectError(pool.run(harmless, signal), "model-quarantined");
    expect(error.retryable).to.equal(true);
    expect(error.data.retryAfterMs).to.be.within(1, 60_000);
    clock.advance(60_000);
    await pool.run(harmless, signal);
  });

  it("survive being killed from outside in the middle of a run", async () => {
    const [loop, served] = [await bench.serve("loop", countedLoop()), await bench.serve("affine", affine())];
    const pool = bench.pool();
    await pool.run({ ...loop, inputs: [int64Scalar(1n)] }, signal);
    const running = pool.run({ ...loop, inputs: [int64Scalar(FOREVER)] }, signal);
    const waiting = pool.run({ ...served, inputs: [float32([1])] }, signal);
    const [pid = 0] = pool.pids;
    process.kill(pid, "SIGKILL");
    const error = await expectError(running, "worker-lost");
    expect(error.retryable).to.equal(true);
    await waiting;
    expect(pool.pids).to.not.include(pid);
  });

  it("leave it to the node what an interrupt means", async () => {
    const loop = await bench.serve("loop", countedLoop());
    const pool = bench.pool();
    await pool.run({ ...loop, inputs: [int64Scalar(1n)] }, signal);
    const running = pool.run({ ...loop, inputs: [int64Scalar(2_000n)] }, signal);
    for (const pid of pool.pids) for (const name of ["SIGINT", "SIGTERM"]) process.kill(pid, name);
    await running;
  });

  it("see nothing of the node's environment", async () => {
    const pool = bench.pool();
    await pool.run({ ...(await bench.serve("affine", affine())), inputs: [float32([1])] }, signal);
    const environment = readFileSync(`/proc/${pool.pids[0]}/environ`, "utf8")
      .split("\0")
      .filter((entry) => entry !== "");
    const names = environment.map((entry) => entry.split("=")[0]);
    expect(names.filter((name) => !name?.startsWith("NODE_CHANNEL_"))).to.deep.equal([]);
  });

  it("end when the pool stops, and take their run with them after its grace", async () => {
    const loop = await bench.serve("loop", countedLoop());
    const pool = bench.pool();
    await pool.run({ ...loop, inputs: [int64Scalar(1n)] }, signal);
    const { pids } = pool;
    const running = expectError(
      pool.run({ ...loop, inputs: [int64Scalar(FOREVER)] }, signal),
      "inference-stopped",
    );
    const waiting = expectError(
      pool.run({ ...loop, inputs: [int64Scalar(1n)] }, signal),
      "inference-stopped",
    );
    const stopped = [pool.stop(50), pool.stop(50)];
    const refused = expectError(
      pool.run({ ...loop, inputs: [int64Scalar(1n)] }, signal),
      "inference-stopped",
    );
    expect((await Promise.all([running, waiting, refused])).map(({ retryable }) => retryable)).to.deep.equal([
      true,
      true,
      true,
    ]);
    await Promise.all(stopped);
    expect(pids.filter(isAlive)).to.deep.equal([]);
  });

  it("finish their run when it ends within the grace", async () => {
    const loop = await bench.serve("loop", countedLoop());
    const pool = bench.pool();
    await pool.run({ ...loop, inputs: [int64Scalar(1n)] }, signal);
    const running = pool.run({ ...loop, inputs: [int64Scalar(500n)] }, signal);
    await pool.stop(20_000);
    expect((await running).outputs).to.have.length(1);
  });

  it("end by themselves when the node is killed in the middle of a run", async () => {
    const { modelPath } = await bench.serve("loop", countedLoop());
    const node = fork(fileURLToPath(new URL("./orphanedNode.ts", import.meta.url)), [modelPath], {
      execArgv: [],
    });
    const pid = await new Promise<number>((resolve) =>
      node.once("message", (message) => resolve(Number(message))),
    );
    expect(isAlive(pid)).to.equal(true);
    node.kill("SIGKILL");
    await until(() => !isAlive(pid));
  });
});

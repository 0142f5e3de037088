import { setTimeout as sleep } from "node:timers/promises";
import { decodeTensors, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { numbersFromTensor, tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { expect } from "chai";
import { lowerRelease } from "../../../../offchain-runner/src/exact/lowering.ts";
import type { PreparedRelease } from "../../../../offchain-runner/src/hub/releaseStore.ts";
import type { InferencePool } from "../../../../offchain-runner/src/inference/inferencePool.ts";
import type { PrepareOptions } from "../../../../offchain-runner/src/jobs/inferenceEngine.ts";
import { OnnxEngine } from "../../../../offchain-runner/src/jobs/onnxEngine.ts";
import { byteSum } from "../../../fixtures/models/make.ts";
import { expectError } from "../expectError.ts";
import { PoolBench } from "./pool.ts";

const ID = `0x${"cd".repeat(32)}`;

describe("OnnxEngine on exact releases", () => {
  const pools = new PoolBench();
  const { signal } = new AbortController();
  afterEach(() => pools.close());

  /** Serves the sum of bytes, and checks it against the graph of a sum with this weight. */
  async function engineAgainst(weight: number, options?: PrepareOptions) {
    const served = await pools.serve("sum", byteSum());
    const { inputs, outputs } = served.schema;
    const graph = lowerRelease(byteSum(weight).bytes, served.schema);
    const files = [{ path: "model.onnx", size: served.bytes, sha256: ID, uri: "" }];
    const record = { id: ID, entry: 0, files, inputs, outputs };
    const prepared: PreparedRelease = {
      ...served,
      release: record,
      graph,
      hasFreeBatch: false,
      close: () => Promise.resolve(),
    };
    const alarms: string[] = [];
    const store = { prepare: () => Promise.resolve(prepared) };
    const pool = pools.pool();
    const engine = new OnnxEngine(store, pool, (id) => alarms.push(id));
    await engine.prepare(record, signal, options);
    return { engine, record, alarms, pool };
  }

  const input = encodeTensors([tensorFromNumbers("uint8", [1, 4], [1, 2, 3, 250])]);

  it("gives what runtime and interpreter agree on", async () => {
    const { engine, record, alarms } = await engineAgainst(1);
    const output = decodeTensors(await engine.run(record, input, signal));
    expect(output.map(numbersFromTensor)).to.deep.equal([[256]]);
    expect(alarms).to.deep.equal([]);
  });

  it("gives nothing and raises the alarm when they differ", async () => {
    const { engine, record, alarms } = await engineAgainst(2);
    const error = await expectError(engine.run(record, input, signal), "exact-runtime-disagrees");
    expect(error.retryable).to.equal(false);
    expect(alarms).to.deep.equal([ID]);
  });

  it("runs nothing more of a release on which they differed once, not even what they agree on", async () => {
    const { engine, record, alarms } = await engineAgainst(2);
    await expectError(engine.run(record, input, signal), "exact-runtime-disagrees");
    const zeros = encodeTensors([tensorFromNumbers("uint8", [1, 4], [0, 0, 0, 0])]);
    await expectError(engine.run(record, zeros, signal), "exact-runtime-disagrees");
    expect(alarms).to.deep.equal([ID]);
  });

  it("compares in the child process, which loads the graph again when it was lost", async () => {
    const { engine, record, pool } = await engineAgainst(1);
    const [pid] = pool.pids;
    process.kill(pid ?? 0, "SIGKILL");
    await untilOther(pool, pid);
    const output = decodeTensors(await engine.run(record, input, signal));
    expect(output.map(numbersFromTensor)).to.deep.equal([[256]]);
    const wrong = await engineAgainst(2);
    const [other] = wrong.pool.pids;
    process.kill(other ?? 0, "SIGKILL");
    await untilOther(wrong.pool, other);
    await expectError(wrong.engine.run(record, input, signal), "exact-runtime-disagrees");
  });

  it("signs what the runtime gives where the check is switched off", async () => {
    const { engine, record, alarms } = await engineAgainst(2, { checkExact: false });
    const output = decodeTensors(await engine.run(record, input, signal));
    expect(output.map(numbersFromTensor)).to.deep.equal([[256]]);
    expect(alarms).to.deep.equal([]);
  });

  /** Until the pool has another process in its place. */
  async function untilOther(pool: InferencePool, pid: number | undefined): Promise<void> {
    while (pool.pids[0] === undefined || pool.pids[0] === pid) await sleep(20);
  }
});

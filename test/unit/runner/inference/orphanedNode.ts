import { systemClock } from "../../../../offchain-runner/src/clock.ts";
import { InferencePool, POOL_OPTIONS } from "../../../../offchain-runner/src/inference/inferencePool.ts";
import { countedLoop, int64Scalar } from "../../../fixtures/models/make.ts";
import { SILENT } from "./pool.ts";

// A node that gets killed: begins a run without end and says which process it is in. A test runner that loads
// every file of the folder must not become one.
if (import.meta.main) {
  const pool = new InferencePool(POOL_OPTIONS, { clock: systemClock, log: SILENT });
  const { signal } = new AbortController();
  const [, , modelPath = ""] = process.argv;
  const served = { release: "loop", modelPath, bytes: 1, schema: countedLoop().schema };
  pool.start();
  await pool.run({ ...served, inputs: [int64Scalar(1n)] }, signal);
  const running = pool.run({ ...served, inputs: [int64Scalar(1_000_000_000n)] }, signal);
  process.send?.(pool.pids[0]);
  await running;
}

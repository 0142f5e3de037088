import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeTensors } from "@opg-network/sdk/tensorCodec";
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { systemClock } from "../../offchain-runner/src/clock.ts";
import { lowerRelease } from "../../offchain-runner/src/exact/lowering.ts";
import { InferencePool, POOL_OPTIONS } from "../../offchain-runner/src/inference/inferencePool.ts";
import { RUNS_AHEAD } from "../../offchain-runner/src/jobs/onnxEngine.ts";
import { LOCAL } from "../../scripts/local/paths.ts";
import { openMany, outputsSince, rowInput, setLoadStage, usageOf } from "../../test/e2e/fixture/load.ts";
import { sumsOfRows } from "../../test/fixtures/models/make.ts";
import type { Figures } from "../figures.ts";
import { quantile } from "../quantile.ts";

const IN_FLIGHT = 400;
const RUNS_A_ROUND = 2_000;
const ROUNDS = 5;
const GIVE_UP_MS = 120_000;

/**
 * A tiny exact model, so that all that is measured is what the node adds. `ratio.load.*`: time of raw onnxruntime-node on
 * the same inputs, one after the other, over the time of the inference process, with and without micro-batching, and of
 * the whole node with its chain, from the first of many requests, opened as fast as the chain takes them, to the last answer.
 */
export async function measure(): Promise<Figures> {
  const rawMs = await rawRun();
  const [alone, together] = [await pooled(rawMs, false), await pooled(rawMs, true)];
  return {
    "us.load.raw-run": round(rawMs * 1_000),
    "ratio.load.pool": round(alone),
    "ratio.load.pool.batched": round(together),
    ...(await underLoad(rawMs)),
  };
}

/** Milliseconds of one run. */
async function rawRun(): Promise<number> {
  const session = await InferenceSession.create(sumsOfRows().bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const rounds: number[] = [];
  for (let count = 0; count < ROUNDS; count++) {
    const beganAt = performance.now();
    for (let seed = 0; seed < RUNS_A_ROUND; seed++) {
      const [row] = decodeTensors(rowInput(seed));
      await session.run({ x: new OnnxTensor("uint8", row?.data ?? new Uint8Array(), [1, 4]) });
    }
    rounds.push((performance.now() - beganAt) / RUNS_A_ROUND);
  }
  await session.release();
  return quantile(rounds, 0.5);
}

/** With as many runs given to the pool at once as the node gives it. */
async function pooled(rawMs: number, hasFreeBatch: boolean): Promise<number> {
  const folder = join(LOCAL, "bench-load");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { bytes, schema } = sumsOfRows();
  const modelPath = join(folder, "sums.onnx");
  await writeFile(modelPath, bytes);
  const graph = lowerRelease(bytes, schema);
  const model = { release: "sums", modelPath, bytes: bytes.length, schema, graph, hasFreeBatch };
  const pool = new InferencePool(POOL_OPTIONS, {
    clock: systemClock,
    log: { debug() {}, warn() {}, error() {} },
  });
  pool.start();
  const { signal } = new AbortController();
  try {
    await pool.warm(model, signal);
    const ratios: number[] = [];
    for (let count = 0; count < ROUNDS + 1; count++) {
      let seed = 0;
      const beganAt = performance.now();
      const lane = async () => {
        while (seed < RUNS_A_ROUND)
          await pool.run({ ...model, inputs: decodeTensors(rowInput(seed++)) }, signal);
      };
      await Promise.all(Array.from({ length: RUNS_AHEAD }, lane));
      ratios.push((rawMs * RUNS_A_ROUND) / (performance.now() - beganAt));
    }
    // The first round is slower: nothing is compiled yet.
    return quantile(ratios.slice(1), 0.5);
  } finally {
    await pool.stop(1_000);
  }
}

async function underLoad(rawMs: number): Promise<Figures> {
  const { chain, protocol, rows, node, stop } = await setLoadStage();
  try {
    const idle = usageOf(node);
    const block = await chain.provider.getBlockNumber();
    await chain.stopMining();
    const beganAt = performance.now();
    await openMany(chain, protocol, rows.release, IN_FLIGHT);
    await chain.resumeMining();
    await chain.mine();
    await node.until(
      async () => (await outputsSince(protocol, block)).size === IN_FLIGHT,
      "all requests are answered",
      GIVE_UP_MS,
    );
    const ms = performance.now() - beganAt;
    const { cpuSeconds, mostMib } = usageOf(node);
    return {
      "requests.load.in-flight": IN_FLIGHT,
      "seconds.load": round(ms / 1_000),
      "ratio.load.node": round((rawMs * IN_FLIGHT) / ms),
      "ms.load.cpu-a-request": round(((cpuSeconds - idle.cpuSeconds) * 1_000) / IN_FLIGHT),
      "mib.load": round(mostMib),
    };
  } finally {
    await stop();
  }
}

function round(value: number): number {
  return Number(value.toFixed(3));
}

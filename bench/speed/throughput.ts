import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { InferenceResult } from "@opg-network/sdk/inferenceResult";
import type { Tensor } from "@opg-network/sdk/tensor";
import { decodeTensors, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { id, keccak256, Wallet } from "ethers";
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { loadSignerKey } from "../../offchain-runner/src/chain/signerKey.ts";
import { systemClock } from "../../offchain-runner/src/clock.ts";
import { InferencePool, POOL_OPTIONS } from "../../offchain-runner/src/inference/inferencePool.ts";
import type { ServedModel } from "../../offchain-runner/src/inference/servedModel.ts";
import { registerKeccak } from "../../offchain-runner/src/keccak.ts";
import { ResultSigner } from "../../offchain-runner/src/proofs/resultSigner.ts";
import { SubmissionLedger } from "../../offchain-runner/src/proofs/submissionLedger.ts";
import { openDatabase } from "../../offchain-runner/src/store/database.ts";
import { LOCAL } from "../../scripts/local/paths.ts";
import { dense } from "../../test/fixtures/models/make.ts";
import type { Figures } from "../figures.ts";
import { quantile } from "../quantile.ts";

const ROWS = 1;
const SIZE = 2_048;
/** Each 16 MB of weights; together they take the 5 ms and more that the figure is about. */
const LAYERS = 10;
const RUNS_A_ROUND = 200;
const ROUNDS = 9;
/** Results under one signature, as the node signs what is ready for one transaction. */
const BUNDLE = 20;

/**
 * Inferences a second from queue to signed result, against raw onnxruntime-node with the same one thread on the same
 * inputs. The two take turns, and the ratio is the median over pairs of rounds, so that a machine whose speed drifts
 * does not favour one of them.
 */
export async function measure(): Promise<Figures> {
  await registerKeccak();
  const folder = join(LOCAL, "bench-throughput");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { bytes, schema } = dense({ rows: ROWS, size: SIZE, layers: LAYERS });
  const modelPath = join(folder, "dense.onnx");
  await writeFile(modelPath, bytes);
  const inputs = Array.from({ length: RUNS_A_ROUND }, (_, index) => encodeTensors([inputTensor(index)]));

  const served = { release: id("dense"), modelPath, bytes: bytes.length, schema };
  const node = await openNode(folder, served);
  const raw = await openRaw(modelPath);
  try {
    await node.round(inputs);
    await raw.round(inputs);
    const ratios: number[] = [];
    const runMs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const rawMs = await timed(() => raw.round(inputs));
      const nodeMs = await timed(() => node.round(inputs));
      ratios.push(rawMs / nodeMs);
      runMs.push(rawMs / RUNS_A_ROUND);
    }
    return {
      "ratio.node.throughput": round(quantile(ratios, 0.5), 3),
      "ms.node.throughput.model": round(quantile(runMs, 0.5), 2),
    };
  } finally {
    await node.close();
    await raw.close();
  }
}

async function openNode(folder: string, model: ServedModel) {
  const pool = new InferencePool(POOL_OPTIONS, {
    clock: systemClock,
    log: { debug() {}, warn() {}, error() {} },
  });
  pool.start();
  const { signal } = new AbortController();
  await pool.warm(model, signal);
  const database = openDatabase(folder);
  const key = await loadSignerKey({ kind: "raw-key", privateKey: Wallet.createRandom().privateKey });
  const signer = new ResultSigner(
    key,
    new SubmissionLedger(database, systemClock),
    id("domain"),
    () => false,
  );
  let count = 0;
  return {
    round: async (inputs: readonly Uint8Array[]) => {
      let ready: InferenceResult[] = [];
      await Promise.all(
        inputs.map(async (input) => {
          const { outputs } = await pool.run({ ...model, inputs: decodeTensors(input) }, signal);
          ready.push(resultOf(model.release, input, encodeTensors(outputs), count++));
          if (ready.length === BUNDLE) signer.sign(ready.splice(0));
        }),
      );
      if (ready.length !== 0) signer.sign(ready);
      ready = [];
    },
    close: async () => {
      await pool.stop(1_000);
      database.close();
    },
  };
}

async function openRaw(modelPath: string) {
  const session = await InferenceSession.create(modelPath, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
  });
  return {
    round: async (inputs: readonly Uint8Array[]) => {
      for (const input of inputs) {
        const [tensor] = decodeTensors(input);
        if (tensor === undefined) throw new Error("the input holds no tensor");
        const floats = new Float32Array(tensor.data.slice().buffer);
        await session.run({ x: new OnnxTensor("float32", floats, tensor.shape) });
      }
    },
    close: () => session.release(),
  };
}

function resultOf(release: string, input: Uint8Array, output: Uint8Array, count: number): InferenceResult {
  return {
    context: id(`request ${count}`),
    release,
    mode: 0,
    codec: 1,
    inputHash: keccak256(input),
    outputHash: keccak256(output),
    fee: 10n ** 16n,
    maxCover: 0n,
    validUntil: 2_000_000_000,
  };
}

function inputTensor(seed: number): Tensor {
  const floats = Float32Array.from({ length: ROWS * SIZE }, (_, index) => Math.sin(seed + index));
  return { dtype: "float32", shape: [ROWS, SIZE], data: new Uint8Array(floats.buffer) };
}

async function timed(run: () => Promise<void>): Promise<number> {
  const beganAt = performance.now();
  await run();
  return performance.now() - beganAt;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

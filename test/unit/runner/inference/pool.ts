import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../../offchain-runner/src/clock.ts";
import type { PoolOptions, PoolParts } from "../../../../offchain-runner/src/inference/inferencePool.ts";
import { InferencePool, POOL_OPTIONS } from "../../../../offchain-runner/src/inference/inferencePool.ts";
import type { ServedModel } from "../../../../offchain-runner/src/inference/servedModel.ts";
import type { MadeModel } from "../../../fixtures/models/make.ts";

/** Takes what a pool says and keeps it to itself. */
export const SILENT: PoolParts["log"] = {
  debug: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Pools and model files of one test file, taken down together. */
export class PoolBench {
  readonly #pools: InferencePool[] = [];
  #folder: string | undefined;

  pool(options: Partial<PoolOptions> = {}, parts: Partial<PoolParts> = {}): InferencePool {
    const pool = new InferencePool(
      { ...POOL_OPTIONS, ...options },
      { clock: systemClock, log: SILENT, ...parts },
    );
    pool.start();
    this.#pools.push(pool);
    return pool;
  }

  async serve(release: string, { bytes, schema }: MadeModel): Promise<ServedModel> {
    this.#folder ??= await mkdtemp(join(tmpdir(), "opg-pool-"));
    const modelPath = join(this.#folder, `${release}.onnx`);
    await writeFile(modelPath, bytes);
    return { release, modelPath, bytes: bytes.length, schema };
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.splice(0).map((pool) => pool.stop(0)));
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Tensor } from "@opg-network/sdk/tensor";
import pino from "pino";
import { systemClock } from "../../offchain-runner/src/clock.ts";
import { artifactFetcher } from "../../offchain-runner/src/hub/artifactFetcher.ts";
import { ModelCache } from "../../offchain-runner/src/hub/modelCache.ts";
import { ReleaseStore } from "../../offchain-runner/src/hub/releaseStore.ts";
import { InferencePool, POOL_OPTIONS } from "../../offchain-runner/src/inference/inferencePool.ts";
import type { Release } from "../release.ts";

const MAX_FILE_BYTES = 512 * 1024 * 1024;
const TIMEOUTS = { totalMs: 120_000, stallMs: 20_000 };
const STOP_MS = 1_000;

export interface ModelRunnerOptions {
  /** Where files with relative URIs are. */
  modelFolder: string;
  allowPrivateNetworks: boolean;
}

/** What is needed of a release to run it. */
export type RunnableRelease = Pick<Release, "id" | "entry" | "files" | "inputs" | "outputs">;

/** Fetches and runs releases as a node does: verified, checked, in a process apart. */
export interface ModelRunner {
  run(release: RunnableRelease, inputs: readonly Tensor[]): Promise<Tensor[]>;
}

/** Gives `use` a runner, and leaves no process and no file behind. */
export async function withModelRunner<T>(
  { modelFolder, allowPrivateNetworks }: ModelRunnerOptions,
  use: (runner: ModelRunner) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), "opg-verify-"));
  const { signal } = new AbortController();
  const fetcher = artifactFetcher(
    {
      allowHttp: allowPrivateNetworks,
      allowPrivateNetworks,
      modelFolder: path.resolve(modelFolder),
      maxFileBytes: MAX_FILE_BYTES,
      maxDataUriBytes: MAX_FILE_BYTES,
      timeouts: TIMEOUTS,
    },
    systemClock,
  );
  const cacheOptions = { folder: path.join(folder, "cache"), maxBytes: 2 * MAX_FILE_BYTES, minFreeBytes: 0 };
  const cache = await ModelCache.open(cacheOptions, { fetcher, clock: systemClock });
  const store = await ReleaseStore.open({ cache, folder: path.join(folder, "releases") });
  const pool = new InferencePool(POOL_OPTIONS, { clock: systemClock, log: pino({ level: "silent" }) });
  pool.start();
  try {
    return await use({
      async run(release, inputs) {
        const prepared = await store.prepare(release, signal);
        try {
          const { modelPath, bytes } = prepared;
          const schema = { inputs: release.inputs, outputs: release.outputs };
          const { outputs } = await pool.run(
            { release: release.id, modelPath, bytes, schema, inputs },
            signal,
          );
          return outputs;
        } finally {
          await prepared.close();
        }
      },
    });
  } finally {
    await pool.stop(STOP_MS);
    await cache.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

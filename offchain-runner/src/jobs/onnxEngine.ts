import { join } from "node:path";
import { checkAgainstSchema } from "@opg-network/sdk/schema";
import type { Tensor } from "@opg-network/sdk/tensor";
import { decodeTensors, encodeTensors } from "@opg-network/sdk/tensorCodec";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { LoweredGraph } from "../exact/blobs.ts";
import { ExactError } from "../exact/exactError.ts";
import { artifactFetcher } from "../hub/artifactFetcher.ts";
import { ModelCache } from "../hub/modelCache.ts";
import type { Release } from "../hub/release.ts";
import { ReleaseStore } from "../hub/releaseStore.ts";
import { type InferenceMetrics, InferencePool, POOL_OPTIONS } from "../inference/inferencePool.ts";
import type { ServedModel } from "../inference/servedModel.ts";
import type { InferenceEngine, PrepareOptions } from "./inferenceEngine.ts";

const MEGABYTE = 1024 * 1024;
const MAX_DATA_URI_BYTES = 4 * MEGABYTE;
const MIN_FREE_BYTES = 256 * MEGABYTE;
const STALL_MS = 15_000;
/** Half of a process's memory may hold sessions; the rest is for runs. */
const SESSION_SHARE = 0.5;

/** Quick runs that one process may be given at once: enough that some can be done as one. */
export const RUNS_AHEAD = 2 * POOL_OPTIONS.batch.rows;

/** Hears that the runtime and the interpreter gave different outputs: one of them is wrong, and nothing is signed. */
export type OnDisagreement = (release: string) => void;

/** The engine on onnxruntime-node, with what it keeps on disk and in child processes. */
export class OnnxEngine implements InferenceEngine {
  readonly #store: Pick<ReleaseStore, "prepare">;
  readonly #pool: InferencePool;
  readonly #models = new Map<string, ServedModel>();
  readonly #graphs = new Map<string, LoweredGraph>();
  /** Releases on which the runtime was wrong once, or the lowering: nobody knows which, so nothing more is run. */
  readonly #barred = new Set<string>();
  readonly #onDisagreement: OnDisagreement;

  constructor(store: Pick<ReleaseStore, "prepare">, pool: InferencePool, onDisagreement: OnDisagreement) {
    this.#store = store;
    this.#pool = pool;
    this.#onDisagreement = onDisagreement;
  }

  /** How many runs are worth starting at once: those that run and those that wait beside them. */
  get parallelRuns(): number {
    return this.#pool.capacity.slots * 2 * RUNS_AHEAD;
  }

  async prepare(
    release: Release,
    signal: AbortSignal,
    { checkExact }: PrepareOptions = { checkExact: true },
  ): Promise<void> {
    const { modelPath, bytes, graph, hasFreeBatch } = await this.#store.prepare(release, signal);
    const { id, inputs, outputs } = release;
    const model = {
      release: id,
      modelPath,
      bytes,
      schema: { inputs, outputs },
      graph: checkExact ? graph : undefined,
      hasFreeBatch,
    };
    await this.#pool.warm(model, signal);
    this.#models.set(id, model);
    if (graph !== undefined) this.#graphs.set(id, graph);
  }

  /** What the file of an exact release means, and the release commits to; undefined before it is prepared. */
  graphOf(releaseId: string): LoweredGraph | undefined {
    return this.#graphs.get(releaseId);
  }

  checkInput(release: Release, input: Uint8Array): void {
    decodeFor(release, input);
  }

  expectedRunMs(releaseId: string): number | undefined {
    return this.#pool.expectedRunMs(releaseId);
  }

  async run(release: Release, input: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const model = this.#models.get(release.id);
    if (model === undefined) throw new TypeError("a release is run that was not prepared");
    if (this.#barred.has(release.id)) throw disagreement(release.id);
    try {
      const { outputs } = await this.#pool.run({ ...model, inputs: decodeFor(release, input) }, signal);
      return encodeTensors(outputs);
    } catch (error) {
      if (error instanceof ExactError && error.code === "exact-runtime-disagrees") this.#bar(release.id);
      throw error;
    }
  }

  #bar(release: string): void {
    this.#barred.add(release);
    this.#onDisagreement(release);
  }

  async stop(graceMs: number): Promise<void> {
    await this.#pool.stop(graceMs);
  }
}

/** Fetches and verifies releases, and keeps their files. @param folder where those in use are put together; emptied */
export async function openReleaseStore(
  config: Pick<Config, "dataDir" | "modelDir" | "artifacts">,
  folder: string,
  clock: Clock,
): Promise<ReleaseStore> {
  const { artifacts, modelDir, dataDir } = config;
  const fetcher = artifactFetcher(
    {
      modelFolder: modelDir,
      ...(artifacts.ipfsGateway !== undefined && { ipfsGateway: artifacts.ipfsGateway }),
      allowHttp: artifacts.allowHttp,
      allowPrivateNetworks: artifacts.allowPrivateNetworks,
      maxFileBytes: artifacts.maxBytes,
      maxDataUriBytes: MAX_DATA_URI_BYTES,
      timeouts: { totalMs: artifacts.timeoutMs, stallMs: STALL_MS },
    },
    clock,
  );
  const cache = await ModelCache.open(
    { folder: join(dataDir, "cache"), maxBytes: artifacts.diskCacheBytes, minFreeBytes: MIN_FREE_BYTES },
    { fetcher, clock },
  );
  return ReleaseStore.open({ cache, folder });
}

/** Opens cache and folders and starts the child processes. */
export async function openOnnxEngine(
  config: Pick<Config, "dataDir" | "modelDir" | "limits" | "artifacts">,
  clock: Clock,
  logger: Logger,
  onDisagreement: OnDisagreement,
  metrics?: InferenceMetrics,
): Promise<OnnxEngine> {
  const { limits, dataDir } = config;
  const store = await openReleaseStore(config, join(dataDir, "releases"), clock);
  const memoryBytes = limits.memoryMb * MEGABYTE;
  const pool = new InferencePool(
    {
      ...POOL_OPTIONS,
      slots: limits.children,
      threads: limits.threads,
      memoryBytes,
      sessionBytes: memoryBytes * SESSION_SHARE,
      queueLimit: limits.queue,
      runLimitMs: limits.runTimeoutMs,
      loadLimitMs: limits.loadTimeoutMs,
    },
    { clock, log: logger, ...(metrics !== undefined && { metrics }) },
  );
  pool.start();
  return new OnnxEngine(store, pool, (release) => {
    logger.error(
      { release },
      "onnxruntime and the interpreter disagree; the result is not signed, and the release no longer served",
    );
    onDisagreement(release);
  });
}

function disagreement(release: string): ExactError {
  return new ExactError("exact-runtime-disagrees", { reason: `release ${release} is barred since they did` });
}

function decodeFor(release: Release, input: Uint8Array): Tensor[] {
  const tensors = decodeTensors(input);
  checkAgainstSchema(tensors, release.inputs);
  return tensors;
}

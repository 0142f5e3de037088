import { link, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import pLimit from "p-limit";
import { diskFailure } from "./artifactFetcher.ts";
import type { Lease, ModelCache } from "./modelCache.ts";
import { ModelError } from "./modelError.ts";
import type { OnnxLimits } from "./onnxFile.ts";
import { ONNX_LIMITS } from "./onnxFile.ts";
import { isPlainPath } from "./plainPath.ts";
import type { CheckedModel } from "./policyCheck.ts";
import { checkInThread } from "./policyCheck.ts";
import type { Release } from "./release.ts";

export interface ReleaseStoreParts {
  readonly cache: ModelCache;
  /** On the same file system as the cache; emptied at the start. */
  readonly folder: string;
  readonly limits?: OnnxLimits;
}

/** A release whose files are verified, checked against the policy and laid out as it names them. */
export interface PreparedRelease extends CheckedModel {
  readonly release: Release;
  readonly modelPath: string;
  /** Bytes of all its files: what a session of it takes in memory at the least. */
  readonly bytes: number;
  close(): Promise<void>;
}

interface LaidOut extends CheckedModel {
  readonly modelPath: string;
  readonly leases: Lease[];
}

interface Prepared {
  readonly ready: Promise<LaidOut>;
  readonly abort: AbortController;
  users: number;
}

/** Each takes a thread, and as many times a model's bytes as its policy allows; a node may serve hundreds. */
const CHECKS_AT_ONCE = 2;
const RELEASE_ID = /^0x[0-9a-fA-F]{64}$/;

/** Releases that the node serves: from the hub's record to a path that the runtime can load. */
export class ReleaseStore {
  readonly #cache: ModelCache;
  readonly #folder: string;
  readonly #limits: OnnxLimits;
  readonly #prepared = new Map<string, Prepared>();
  readonly #checks = pLimit(CHECKS_AT_ONCE);
  #closing: Promise<unknown> = Promise.resolve();

  private constructor({ cache, folder, limits = ONNX_LIMITS }: ReleaseStoreParts) {
    this.#cache = cache;
    this.#folder = folder;
    this.#limits = limits;
  }

  static async open(parts: ReleaseStoreParts): Promise<ReleaseStore> {
    try {
      await rm(parts.folder, { recursive: true, force: true });
      await mkdir(parts.folder, { recursive: true });
    } catch (cause) {
      throw diskFailure(cause);
    }
    return new ReleaseStore(parts);
  }

  /**
   * Fetches, verifies and checks a release; its files stay until every caller has closed what it got.
   * @throws ModelError, ExactError, ArtifactError, or the signal's reason
   */
  async prepare(release: Release, signal: AbortSignal): Promise<PreparedRelease> {
    checkFiles(release);
    const { size } = entryOf(release);
    if (size > this.#limits.maxFileBytes) {
      throw new ModelError("model-too-large", {
        reason: `${size} bytes, at most ${this.#limits.maxFileBytes}`,
      });
    }
    await this.#closing;
    signal.throwIfAborted();
    const prepared = this.#prepared.get(release.id) ?? this.#begin(release);
    prepared.users += 1;
    let isOpen = true;
    const close = async () => {
      if (isOpen) await this.#leave(release.id, prepared);
      isOpen = false;
    };
    try {
      const { modelPath, graph, hasFreeBatch } = await race(prepared.ready, signal);
      const bytes = release.files.reduce((total, file) => total + file.size, 0);
      return { release, modelPath, bytes, graph, hasFreeBatch, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  #begin(release: Release): Prepared {
    const abort = new AbortController();
    const ready = this.#layOut(release, abort.signal);
    ready.catch(() => this.#prepared.get(release.id) === prepared && this.#prepared.delete(release.id));
    const prepared: Prepared = { ready, abort, users: 0 };
    this.#prepared.set(release.id, prepared);
    return prepared;
  }

  async #layOut(release: Release, signal: AbortSignal): Promise<LaidOut> {
    const leases: Lease[] = [];
    try {
      for (const file of release.files) leases.push(await this.#cache.acquire(file, signal));
      const checked = await this.#check(release, leases, signal);
      const root = join(this.#folder, release.id);
      for (const [index, file] of release.files.entries()) {
        const path = join(root, file.path);
        await mkdir(dirname(path), { recursive: true });
        await link(leases[index]?.path ?? "", path);
      }
      return { modelPath: join(root, entryOf(release).path), leases, ...checked };
    } catch (error) {
      for (const lease of leases) lease.close();
      await rm(join(this.#folder, release.id), { recursive: true, force: true });
      throw diskFailure(error);
    }
  }

  #check(release: Release, leases: readonly Lease[], signal: AbortSignal): Promise<CheckedModel> {
    const { inputs, outputs, graph } = release;
    const files = new Map(release.files.map(({ path, size }) => [path, { size }]));
    const subject = { path: entryOf(release).path, files, schema: { inputs, outputs } };
    const task = { modelPath: leases[release.entry]?.path ?? "", subject, limits: this.#limits, graph };
    return this.#checks(() => checkInThread(task, signal));
  }

  async #leave(id: string, prepared: Prepared): Promise<void> {
    prepared.users -= 1;
    if (prepared.users > 0) return;
    if (this.#prepared.get(id) === prepared) this.#prepared.delete(id);
    prepared.abort.abort();
    this.#closing = this.#closing.then(() => this.#remove(id, prepared));
    await this.#closing;
  }

  async #remove(id: string, prepared: Prepared): Promise<void> {
    // What failed to be laid out has cleaned up after itself.
    const laidOut = await prepared.ready.catch(() => undefined);
    if (laidOut === undefined) return;
    await rm(join(this.#folder, id), { recursive: true, force: true });
    for (const lease of laidOut.leases) lease.close();
  }
}

function entryOf(release: Release) {
  const file = release.files[release.entry];
  if (file === undefined)
    throw new ModelError("release-files-invalid", { reason: `it has no file ${release.entry}` });
  return file;
}

/** The hub checks paths too; a node that trusts it writes where a publisher likes on the day that check is wrong. */
function checkFiles(release: Release): void {
  const refuse = (reason: string, value: string) =>
    new ModelError("release-files-invalid", { reason, value });
  if (!RELEASE_ID.test(release.id)) throw refuse("its id is not 32 bytes", release.id);
  entryOf(release);
  const paths = new Set<string>();
  for (const { path } of release.files) {
    if (!isPlainPath(path)) throw refuse("this is not a plain path inside the release", path);
    if (paths.has(path)) throw refuse("two files have this path", path);
    paths.add(path);
  }
  for (const path of paths) {
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      if (paths.has(path.slice(0, at))) throw refuse("this file's folder is another file", path);
    }
  }
}

function race<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((fulfil, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(fulfil, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

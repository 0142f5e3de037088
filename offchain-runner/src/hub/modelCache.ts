import { createHash, randomUUID } from "node:crypto";
import { createReadStream, rmSync } from "node:fs";
import { chmod, lstat, mkdir, open, readdir, rename, rm, statfs, utimes } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../clock.ts";
import { ArtifactError } from "./artifactError.ts";
import type { ArtifactFetcher } from "./artifactFetcher.ts";
import { diskFailure } from "./artifactFetcher.ts";
import type { ReleaseFile } from "./release.ts";

export interface ModelCacheOptions {
  /** Belongs to this cache alone: what it does not know in there is deleted. */
  readonly folder: string;
  readonly maxBytes: number;
  /** Left free on the disk for everybody else. */
  readonly minFreeBytes: number;
}

export interface ModelCacheParts {
  readonly fetcher: ArtifactFetcher;
  readonly clock: Clock;
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** A verified file that stays on disk until the lease is closed. */
export interface Lease {
  readonly path: string;
  close(): void;
}

interface Entry {
  readonly name: string;
  size: number;
  usedAtMs: number;
  /** Leases, and fetches waiting for the file. */
  holds: number;
  /** How the file looked when it was last known to be whole; `undefined` until this process has hashed it. */
  verified: Looks | undefined;
  fetching: Fetching | undefined;
}

interface Looks {
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
}

interface Fetching {
  readonly file: ReleaseFile;
  readonly done: Promise<void>;
  readonly abort: AbortController;
  waiters: number;
}

const DIGEST = /^0x[0-9a-fA-F]{64}$/;
const ENTRY_NAME = /^[0-9a-f]{64}$/;

/**
 * Files of releases by digest, bounded in bytes. The least recently used leave first; leased ones never. A file is
 * hashed when it arrives, and again the first time it is used after a start or whenever its size, time or inode changed.
 */
export class ModelCache {
  readonly #options: ModelCacheOptions;
  readonly #parts: Required<ModelCacheParts>;
  readonly #entries = new Map<string, Entry>();
  readonly #stopped = new AbortController();

  private constructor(options: ModelCacheOptions, parts: ModelCacheParts) {
    this.#options = options;
    this.#parts = { freeBytes: freeBytesOf, ...parts };
  }

  /** Takes over the folder: half-finished downloads of an earlier life go, whole files stay. */
  static async open(options: ModelCacheOptions, parts: ModelCacheParts): Promise<ModelCache> {
    const cache = new ModelCache(options, parts);
    try {
      await rm(cache.#partials, { recursive: true, force: true });
      await mkdir(cache.#partials, { recursive: true });
      await mkdir(cache.#files, { recursive: true });
      for (const name of await readdir(cache.#files)) await cache.#adopt(name);
      await cache.#makeRoom(0);
    } catch (cause) {
      throw diskFailure(cause);
    }
    return cache;
  }

  /** Bytes on disk, downloads under way at their full size. */
  get usedBytes(): number {
    let total = 0;
    for (const { size } of this.#entries.values()) total += size;
    return total;
  }

  /** The file on disk, fetched if need be. @throws ArtifactError, or the signal's reason */
  async acquire(file: ReleaseFile, signal: AbortSignal): Promise<Lease> {
    signal.throwIfAborted();
    this.#stopped.signal.throwIfAborted();
    if (!DIGEST.test(file.sha256) || !Number.isSafeInteger(file.size) || file.size < 0) {
      throw new ArtifactError("artifact-digest-mismatch", { declared: file.sha256, size: file.size });
    }
    const entry = this.#entry(file);
    entry.holds += 1;
    try {
      await this.#ensure(entry, file, signal);
    } catch (error) {
      this.#letGo(entry);
      throw error;
    }
    let isOpen = true;
    return {
      path: join(this.#files, entry.name),
      close: () => {
        if (isOpen) this.#letGo(entry);
        isOpen = false;
      },
    };
  }

  /** Ends downloads; leased files stay readable. */
  async stop(): Promise<void> {
    this.#stopped.abort(new ArtifactError("artifact-unavailable", { reason: "the node is stopping" }));
    const fetches = [...this.#entries.values()].flatMap(({ fetching }) =>
      fetching === undefined ? [] : [fetching.done],
    );
    await Promise.allSettled(fetches);
  }

  get #files(): string {
    return join(this.#options.folder, "files");
  }

  get #partials(): string {
    return join(this.#options.folder, "partial");
  }

  async #adopt(name: string): Promise<void> {
    const path = join(this.#files, name);
    const found = await lstat(path);
    if (!ENTRY_NAME.test(name) || !found.isFile()) return rm(path, { recursive: true, force: true });
    this.#entries.set(name, {
      name,
      size: found.size,
      usedAtMs: found.mtimeMs,
      holds: 0,
      verified: undefined,
      fetching: undefined,
    });
  }

  #entry(file: ReleaseFile): Entry {
    const name = file.sha256.slice(2).toLowerCase();
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const entry = { name, size: 0, usedAtMs: 0, holds: 0, verified: undefined, fetching: undefined };
    this.#entries.set(name, entry);
    return entry;
  }

  #letGo(entry: Entry): void {
    entry.holds -= 1;
    this.#forgetIfEmpty(entry);
  }

  #forgetIfEmpty(entry: Entry): void {
    const isEmpty = entry.holds === 0 && entry.verified === undefined && entry.size === 0;
    const isKnown = this.#entries.get(entry.name) === entry;
    if (isEmpty && isKnown && entry.fetching === undefined) this.#entries.delete(entry.name);
  }

  async #ensure(entry: Entry, file: ReleaseFile, signal: AbortSignal): Promise<void> {
    for (;;) {
      const isMine = entry.fetching === undefined;
      const fetching = entry.fetching ?? this.#start(entry, file);
      try {
        await waitFor(fetching, signal);
      } catch (error) {
        if (isMine || signal.aborted || this.#stopped.signal.aborted) throw error;
        // Those who began it gave up, or their URI or size was what failed: then this file's own are tried.
        const isSame = fetching.file.size === file.size && fetching.file.uri === file.uri;
        if (isSame && !fetching.abort.signal.aborted) throw error;
        continue;
      }
      if (entry.size === file.size) return;
      throw new ArtifactError("artifact-size-mismatch", { declared: file.size, received: entry.size });
    }
  }

  #start(entry: Entry, file: ReleaseFile): Fetching {
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#stopped.signal]);
    const done = this.#provide(entry, file, signal).finally(() => {
      entry.fetching = undefined;
      this.#forgetIfEmpty(entry);
    });
    // Waiters that gave up leave nobody to see how it ended.
    done.catch(() => undefined);
    entry.fetching = { file, done, abort, waiters: 0 };
    return entry.fetching;
  }

  async #provide(entry: Entry, file: ReleaseFile, signal: AbortSignal): Promise<void> {
    try {
      if (!(await this.#isIntact(entry, signal))) await this.#download(entry, file, signal);
      await this.#markUsed(entry);
    } catch (cause) {
      signal.throwIfAborted();
      throw diskFailure(cause);
    }
  }

  async #isIntact(entry: Entry, signal: AbortSignal): Promise<boolean> {
    const path = this.#pathOf(entry);
    const found = await looksOf(path);
    if (found !== undefined && entry.verified !== undefined && isDeepStrictEqual(found, entry.verified))
      return true;
    if (found !== undefined && (await digestOf(path, signal)) === entry.name) {
      entry.size = found.size;
      return true;
    }
    await rm(path, { recursive: true, force: true });
    Object.assign(entry, { size: 0, verified: undefined });
    return false;
  }

  async #download(entry: Entry, file: ReleaseFile, signal: AbortSignal): Promise<void> {
    const partial = join(this.#partials, `${entry.name}.${randomUUID()}`);
    // Counted from the start, so that downloads side by side do not share one gap.
    entry.size = file.size;
    try {
      await this.#makeRoom(file.size);
      const handle = await open(partial, "wx");
      try {
        await this.#parts.fetcher.fetchTo(file, handle, signal);
      } finally {
        await handle.close();
      }
      await chmod(partial, 0o444);
      await rename(partial, this.#pathOf(entry));
    } catch (error) {
      entry.size = 0;
      await rm(partial, { force: true });
      throw error;
    }
  }

  /** The file's own time keeps the order of use over a restart. */
  async #markUsed(entry: Entry): Promise<void> {
    entry.usedAtMs = this.#parts.clock.nowMs();
    const seconds = entry.usedAtMs / 1000;
    await utimes(this.#pathOf(entry), seconds, seconds);
    entry.verified = await looksOf(this.#pathOf(entry));
  }

  async #makeRoom(arriving: number): Promise<void> {
    const { maxBytes, minFreeBytes, folder } = this.#options;
    while (this.usedBytes > maxBytes) {
      if (!this.#evictOne()) throw new ArtifactError("cache-full", { needed: arriving, limit: maxBytes });
    }
    while (arriving > 0 && (await this.#parts.freeBytes(folder)) - arriving < minFreeBytes) {
      if (!this.#evictOne()) throw new ArtifactError("cache-disk-full", { needed: arriving });
    }
  }

  #evictOne(): boolean {
    let oldest: Entry | undefined;
    for (const entry of this.#entries.values()) {
      // A fetch that everybody has left still writes until it notices.
      const isIdle = entry.holds === 0 && entry.fetching === undefined;
      if (isIdle && entry.usedAtMs < (oldest?.usedAtMs ?? Number.POSITIVE_INFINITY)) oldest = entry;
    }
    if (oldest === undefined) return false;
    // At once, so that nobody finds a file that is about to go.
    rmSync(this.#pathOf(oldest), { force: true });
    this.#entries.delete(oldest.name);
    return true;
  }

  #pathOf(entry: Entry): string {
    return join(this.#files, entry.name);
  }
}

async function waitFor(fetching: Fetching, signal: AbortSignal): Promise<void> {
  fetching.waiters += 1;
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    await Promise.race([fetching.done, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
    fetching.waiters -= 1;
    if (fetching.waiters === 0) fetching.abort.abort();
  }
}

async function looksOf(path: string): Promise<Looks | undefined> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isFile() ? { size: found.size, mtimeMs: found.mtimeMs, inode: found.ino } : undefined;
}

async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk);
  return hash.digest("hex");
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

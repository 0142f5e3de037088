import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { join } from "node:path";

/**
 * Brings what was committed to the disk without holding up the thread, as many commits as there are with one flush. A
 * commit is in the write-ahead log already, and so survives the end of the process; this is for a power cut.
 */
export class DiskFlush {
  readonly #file: string;
  #log: Promise<FileHandle> | undefined;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(folder: string) {
    this.#file = join(folder, "node.sqlite-wal");
  }

  /**
   * Resolves when all that was committed before this call is on disk. After one failure nothing is known to be there any
   * more, so every later call fails too.
   */
  flushed(): Promise<void> {
    // The one that runs may have begun before the last commit.
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      this.#running = this.#flush();
      return this.#running;
    });
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#running.catch(() => undefined);
    await (await this.#log)?.close();
  }

  async #flush(): Promise<void> {
    // Opened for writing because not every system flushes a file that is only read. SQLite keeps no lock on this one.
    this.#log ??= open(this.#file, "r+");
    await (await this.#log).datasync();
  }
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../../../offchain-runner/src/store/database.ts";

/** A real database in a folder of its own. */
export class TempDatabase {
  readonly folder = mkdtempSync(join(tmpdir(), "opg-store-"));
  #database: DatabaseSync | undefined;

  get database(): DatabaseSync {
    this.#database ??= openDatabase(this.folder);
    return this.#database;
  }

  /** Opens the same files again, as a new process would. */
  reopen(): DatabaseSync {
    this.#database?.close();
    this.#database = undefined;
    return this.database;
  }

  dispose(): void {
    if (this.#database?.isOpen === true) this.#database.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

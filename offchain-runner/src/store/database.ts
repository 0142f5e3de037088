import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { NodeError } from "../nodeError.ts";
import { MIGRATIONS } from "./migrations.ts";

/**
 * The node's one database. `exclusive` makes a second node on the same folder fail at once instead of signing from the
 * same ledger; the operating system frees the lock however the process ends.
 */
export function openDatabase(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(folder, "node.sqlite"), { timeout: 0 });
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    // Survives the end of the process at any point; what a power cut may cost is found again on chain. What it must
    // not cost goes through `transactDurably` or waits for `DiskFlush`.
    database.exec("PRAGMA synchronous = NORMAL");
    database.exec("PRAGMA foreign_keys = ON");
    database.exec("BEGIN IMMEDIATE; COMMIT");
  } catch (cause) {
    database.close();
    throw new NodeError("data-dir-locked", "another process has the data folder open", {
      retryable: true,
      data: { folder },
      cause,
    });
  }
  migrate(database);
  return database;
}

/** Runs `work` in one transaction; nested calls join the outer one. */
export function transact<T>(database: DatabaseSync, work: () => T): T {
  if (database.isTransaction) return work();
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
  if (version > MIGRATIONS.length) {
    database.close();
    throw new NodeError("store-version-unknown", "the data folder was written by a newer node", {
      data: { version, known: MIGRATIONS.length },
    });
  }
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < version) continue;
    transact(database, () => {
      database.exec(sql);
      database.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}

/** As `transact`, and on disk when it returns: it survives a power cut too. Costs a flush of the disk. */
export function transactDurably<T>(database: DatabaseSync, work: () => T): T {
  database.exec("PRAGMA synchronous = FULL");
  try {
    return transact(database, work);
  } finally {
    database.exec("PRAGMA synchronous = NORMAL");
  }
}

import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { NetworkErrorInit } from "@opg-network/sdk/errors";
import { NodeError } from "../nodeError.ts";
import { MIGRATIONS } from "./migrations.ts";

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/**
 * The node's one database. `exclusive` makes a second node on the same folder fail at once instead of signing from the
 * same ledger; the operating system frees the lock however the process ends.
 */
export function openDatabase(folder: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (isEmptied(folder)) throw damaged(folder, { data: { folder, problem: "the file is gone or empty" } });
    database = new DatabaseSync(join(folder, "node.sqlite"), { timeout: 0 });
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    // Survives the end of the process at any point; what a power cut may cost is found again on chain. What it must
    // not cost goes through `transactDurably` or waits for `DiskFlush`.
    database.exec("PRAGMA synchronous = NORMAL");
    database.exec("PRAGMA foreign_keys = ON");
    database.exec("BEGIN IMMEDIATE; COMMIT");
    checkWhole(database, folder);
  } catch (cause) {
    database?.close();
    throw storeFailure(cause, folder) ?? unavailable(folder, cause);
  }
  migrate(database);
  return database;
}

/** Who signs from a ledger of which a part is gone may sign another output. */
function checkWhole(database: DatabaseSync, folder: string): void {
  const problem = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (problem !== "ok") throw damaged(folder, { data: { folder, problem } });
}

/**
 * Whether a folder that a node has used has no database any more. SQLite would begin a new one, without a word, and throw
 * away the log beside it.
 */
export function isEmptied(folder: string): boolean {
  const sizeOf = (name: string): number => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  // The node makes that folder when it has opened its database.
  const wasUsed = sizeOf("node.sqlite-wal") > 0 || existsSync(join(folder, "releases"));
  return wasUsed && sizeOf("node.sqlite") === 0;
}

/** The error that SQLite's stands for, also while the node runs; undefined for all others. */
export function storeFailure(cause: unknown, folder: string): NodeError | undefined {
  if (cause instanceof NodeError) return cause;
  const code = sqliteCode(cause);
  if (code === undefined) return undefined;
  if (isLocked(cause)) {
    const init = { retryable: true, data: { folder }, cause };
    return new NodeError("data-dir-locked", "another process has the data folder open", init);
  }
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) return damaged(folder, { data: { folder }, cause });
  return unavailable(folder, cause);
}

function unavailable(folder: string, cause: unknown): NodeError {
  const init = { retryable: true, data: { folder }, cause };
  return new NodeError("store-unavailable", "the database cannot be opened or written", init);
}

function damaged(folder: string, init: NetworkErrorInit): NodeError {
  return new NodeError(
    "store-damaged",
    `the database in ${folder} is damaged; restore it from a backup: it holds what this key has signed`,
    init,
  );
}

/** Whether the error says that somebody else has the database. */
export function isLocked(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

/** The primary code, which is the lowest byte of an extended one. */
function sqliteCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : undefined;
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

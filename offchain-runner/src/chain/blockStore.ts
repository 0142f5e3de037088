import type { DatabaseSync } from "node:sqlite";
import { transact } from "../store/database.ts";

/** A block whose logs are all processed. */
export interface SeenBlock {
  number: number;
  hash: string;
}

const KEPT_BLOCKS = 4_096;

/** The watcher's cursor and the hashes by which it recognises a reorganised chain. */
export class BlockStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** The newest processed block at or below `number`. */
  newest(number: number = Number.MAX_SAFE_INTEGER): SeenBlock | undefined {
    return this.#database
      .prepare("SELECT number, hash FROM blocks WHERE number <= ? ORDER BY number DESC LIMIT 1")
      .get(number) as SeenBlock | undefined;
  }

  /** Runs `work` and moves the cursor to `block`: both happen or neither. */
  advance(block: SeenBlock, work: () => void): void {
    transact(this.#database, () => {
      work();
      this.#database.prepare("INSERT OR REPLACE INTO blocks VALUES (?, ?)").run(block.number, block.hash);
      this.#database.prepare("DELETE FROM blocks WHERE number < ?").run(block.number - KEPT_BLOCKS);
    });
  }

  /** Runs `work` and forgets every block above `number`. */
  rewind(number: number, work: () => void): void {
    transact(this.#database, () => {
      work();
      this.#database.prepare("DELETE FROM blocks WHERE number > ?").run(number);
    });
  }
}

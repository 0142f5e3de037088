import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { InferenceResult } from "@opg-network/sdk/inferenceResult";
import type { Clock } from "../clock.ts";
import { transact } from "../store/database.ts";

/** Which answer it is: what a `ResultsLoaded` on chain can be matched with. */
export type ServedKey = Pick<InferenceResult, "context" | "release" | "codec" | "inputHash">;

/** An answer that is about to be given away; grains that it counts for. */
export interface ServedResult extends ServedKey {
  grains: number;
}

/** Who is given it: one caller on one network. */
export interface Recipient {
  caller: string;
  network: string;
  isNewcomer: boolean;
}

/** How much and since when. */
export interface Unpaid {
  grains: number;
  oldestAtMs: number | undefined;
}

export interface ServedTotals {
  served: number;
  consumed: number;
  unpaidGrains: number;
}

const SAME_KEY = "context = ? AND input_hash = ? AND release = ? AND codec = ?";

/** What was given to whom, and what of it was used on chain, where its use is its payment. */
export class ServedResults {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  transact<T>(work: () => T): T {
    return transact(this.#database, work);
  }

  /**
   * True when the caller has this very answer already, for no less, and has not used it: giving it again costs nobody
   * anything. With a proof it may be worth more than it was without.
   */
  isHeld(caller: string, result: ServedResult, sinceMs: number): boolean {
    return this.#heldBy(caller, result, sinceMs) !== undefined;
  }

  /** @returns its number in the books */
  record({ caller, network, isNewcomer }: Recipient, result: ServedResult): number {
    const { context, release, codec, inputHash, grains } = result;
    const { lastInsertRowid } = this.#prepared(
      "INSERT INTO served_results (caller, network, is_newcomer, context, release, codec, input_hash, grains, served_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ).run(
      caller,
      network,
      isNewcomer ? 1 : 0,
      context,
      release,
      codec,
      inputHash,
      grains,
      this.#clock.nowMs(),
    );
    return Number(lastInsertRowid);
  }

  /** Takes back what was not given after all. */
  forget(ids: readonly number[]): void {
    const statement = this.#prepared("DELETE FROM served_results WHERE id = ? AND consumed_block IS NULL");
    this.transact(() => {
      for (const id of ids) statement.run(id);
    });
  }

  /**
   * Notes that an answer was used. The oldest that is not used yet counts, whoever asked for it.
   * @param by names the log, so that one that is seen twice counts once
   * @returns its grains; 0 when it is not in the books
   */
  consume({ context, release, codec, inputHash }: ServedKey, block: number, by: string): number {
    const key = [context, inputHash, release, codec] as const;
    const known = this.#prepared(`SELECT id FROM served_results WHERE ${SAME_KEY} AND consumed_by = ?`).get(
      ...key,
      by,
    );
    if (known !== undefined) return 0;
    const row = this.#prepared(
      `SELECT id, grains FROM served_results WHERE ${SAME_KEY} AND consumed_block IS NULL ORDER BY id LIMIT 1`,
    ).get(...key);
    if (row === undefined) return 0;
    this.#prepared("UPDATE served_results SET consumed_block = ?, consumed_by = ? WHERE id = ?").run(
      block,
      by,
      row.id as number,
    );
    return row.grains as number;
  }

  /** Blocks above `ancestor` are no longer part of the chain. */
  rollback(ancestor: number): void {
    this.#prepared(
      "UPDATE served_results SET consumed_block = NULL, consumed_by = NULL WHERE consumed_block > ?",
    ).run(ancestor);
  }

  unpaidBy(caller: string, sinceMs: number): Unpaid {
    return this.#unpaid("caller = ?", caller, sinceMs);
  }

  /** By callers of one network that have never paid. */
  unpaidByNewcomers(network: string, sinceMs: number): Unpaid {
    return this.#unpaid("network = ? AND is_newcomer = 1", network, sinceMs);
  }

  /** Grains of what a caller was given and has used. */
  paidBy(caller: string, sinceMs: number): number {
    const row = this.#prepared(
      "SELECT coalesce(sum(grains), 0) AS grains FROM served_results WHERE caller = ? AND served_at_ms > ? AND consumed_block IS NOT NULL",
    ).get(caller, sinceMs);
    return row?.grains as number;
  }

  totals(sinceMs: number): ServedTotals {
    const row = this.#prepared(
      "SELECT count(*) AS served, count(consumed_block) AS consumed, coalesce(sum(CASE WHEN consumed_block IS NULL THEN grains END), 0) AS unpaidGrains FROM served_results WHERE served_at_ms > ?",
    ).get(sinceMs);
    const { served, consumed, unpaidGrains } = row as unknown as ServedTotals;
    return { served, consumed, unpaidGrains };
  }

  prune(beforeMs: number): void {
    this.#prepared("DELETE FROM served_results WHERE served_at_ms < ?").run(beforeMs);
  }

  #heldBy(caller: string, { context, release, codec, inputHash, grains }: ServedResult, sinceMs: number) {
    return this.#prepared(
      `SELECT id FROM served_results WHERE ${SAME_KEY} AND caller = ? AND served_at_ms > ? AND grains >= ? AND consumed_block IS NULL LIMIT 1`,
    ).get(context, inputHash, release, codec, caller, sinceMs, grains);
  }

  #unpaid(where: string, subject: string, sinceMs: number): Unpaid {
    const row = this.#prepared(
      `SELECT coalesce(sum(grains), 0) AS grains, min(served_at_ms) AS oldest FROM served_results WHERE ${where} AND served_at_ms > ? AND consumed_block IS NULL`,
    ).get(subject, sinceMs);
    return { grains: row?.grains as number, oldestAtMs: (row?.oldest as number | null) ?? undefined };
  }

  #prepared(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

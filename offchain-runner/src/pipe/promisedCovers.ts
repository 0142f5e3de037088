import type { DatabaseSync, StatementSync } from "node:sqlite";
import { GRAIN } from "@opg-network/sdk/request";
import type { CoverUse } from "../cover/coverUse.ts";
import { lockableOf } from "../cover/coverUse.ts";
import { transact } from "../store/database.ts";

/** A cover of one result. */
export interface PromisedCover {
  /** Names the result; the same again is one promise. */
  key: string;
  payer: string;
  /** Token wei, whole grains. */
  amount: bigint;
}

interface Held extends PromisedCover {
  holders: number;
}

/**
 * What this node may be held to through `Pipe`: what it signed, in the database until nobody can use it any more, and what
 * it is about to sign, in memory. What was used is in the chain's own figure too until then: counted twice rather than not
 * at all.
 */
export class PromisedCovers {
  readonly #database: DatabaseSync;
  readonly #held = new Map<string, Held>();
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @returns what gives it back, once */
  hold(cover: PromisedCover): () => void {
    const held = this.#held.get(cover.key) ?? { ...cover, holders: 0 };
    held.holders += 1;
    this.#held.set(cover.key, held);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      held.holders -= 1;
      if (held.holders === 0) this.#held.delete(cover.key);
    };
  }

  /** Whether it is counted already. */
  has(key: string): boolean {
    return this.#held.has(key) || this.#isSigned(key);
  }

  /** Records covers together with what `sign` records; neither without the other. */
  recordWith<T>(covers: readonly PromisedCover[], validUntil: number, sign: () => T): T {
    return transact(this.#database, () => {
      for (const { key, payer, amount } of covers)
        this.#prepared("INSERT INTO promised_covers VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING").run(
          key,
          payer,
          amount / GRAIN,
          validUntil,
        );
      return sign();
    });
  }

  /** The latest end of what was promised to a payer. */
  latestEndOf(payer: string): number | undefined {
    const row = this.#prepared("SELECT max(valid_until) AS until FROM promised_covers WHERE payer = ?").get(
      payer,
    );
    return (row?.until as number | null) ?? undefined;
  }

  /** All that can be used at `nowSec` of the chain's time, or later. */
  use(nowSec: number, payer: string | undefined): CoverUse {
    this.#prepared("DELETE FROM promised_covers WHERE valid_until < ?").run(nowSec);
    const row = this.#prepared(
      `SELECT coalesce(sum(grains), 0) AS total, coalesce(sum((grains + 2) / 3 * 3), 0) AS lockable,
         coalesce(sum(CASE WHEN payer = ? THEN grains END), 0) AS ofPayer FROM promised_covers`,
    ).get(payer ?? "");
    const signed = row as unknown as Record<keyof CoverUse, number>;
    const use: CoverUse = {
      ofPayer: BigInt(signed.ofPayer) * GRAIN,
      total: BigInt(signed.total) * GRAIN,
      lockable: BigInt(signed.lockable) * GRAIN,
    };
    for (const held of this.#held.values()) {
      if (this.#isSigned(held.key)) continue;
      use.total += held.amount;
      use.lockable += lockableOf(held.amount);
      if (held.payer === payer) use.ofPayer += held.amount;
    }
    return use;
  }

  #isSigned(key: string): boolean {
    return this.#prepared("SELECT 1 FROM promised_covers WHERE key = ?").get(key) !== undefined;
  }

  #prepared(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import { transact } from "../store/database.ts";
import type { GasPrice } from "./gasPrices.ts";

export type TransactionPurpose =
  | "fulfil"
  | "accept"
  | "report-no-show"
  | "deliver"
  | "claim"
  | "dispute"
  | "cover"
  | "admit-key";

export const FINAL_STATES = ["included", "reverted", "superseded", "expired", "abandoned"] as const;
export type FinalState = (typeof FINAL_STATES)[number];
export type TransactionState = "pending" | "cancelling" | FinalState;

export interface StoredTransaction {
  id: number;
  purpose: TransactionPurpose;
  state: TransactionState;
  /** Address of the key that signed it. */
  signer: string;
  nonce: number;
  target: string;
  data: string;
  gasLimit: bigint;
  value: bigint;
  /** Chain time in seconds after which it is worth nothing. */
  validUntil: number;
  createdAtMs: number;
}

/** One signed form of a transaction; all forms of it share the nonce, so at most one is ever mined. */
export interface Attempt {
  hash: string;
  kind: "original" | "cancel";
  raw: string;
  price: GasPrice;
  signedAtMs: number;
}

/** Every transaction that is signed, written before it leaves the process; forgotten long after it ended. */
export class TransactionStore {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Records a transaction with its first attempt, and whatever `alongside` writes, in one piece. */
  create(
    transaction: Omit<StoredTransaction, "id" | "state" | "createdAtMs">,
    attempt: Attempt,
    alongside: (id: number) => void,
  ): StoredTransaction {
    return transact(this.#database, () => {
      const now = this.#clock.nowMs();
      const { lastInsertRowid } = this.#database
        .prepare(
          `INSERT INTO transactions
             (purpose, state, signer, nonce, target, data, gas_limit, value, valid_until, created_at_ms, updated_at_ms)
           VALUES (?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          transaction.purpose,
          transaction.signer,
          transaction.nonce,
          transaction.target,
          transaction.data,
          transaction.gasLimit.toString(),
          transaction.value.toString(),
          transaction.validUntil,
          now,
          now,
        );
      const id = Number(lastInsertRowid);
      this.addAttempt(id, attempt);
      alongside(id);
      return { ...transaction, id, state: "pending", createdAtMs: now };
    });
  }

  addAttempt(id: number, { hash, kind, raw, price, signedAtMs }: Attempt): void {
    this.#database
      // Bytes that were given up can be signed again, for another transaction of the same nonce.
      .prepare("INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(hash, id, kind, raw, price.maxFee.toString(), price.tip.toString(), signedAtMs);
  }

  /** Oldest first. */
  attemptsOf(id: number): Attempt[] {
    const rows = this.#database
      .prepare("SELECT * FROM attempts WHERE transaction_id = ? ORDER BY signed_at_ms, rowid")
      .all(id);
    return rows.map((row) => ({
      hash: row.hash as string,
      kind: row.kind as Attempt["kind"],
      raw: row.raw as string,
      price: { maxFee: BigInt(row.max_fee as string), tip: BigInt(row.max_tip as string) },
      signedAtMs: Number(row.signed_at_ms),
    }));
  }

  /** @param cost wei that it took, where it was mined */
  setState(id: number, state: TransactionState, cost?: bigint): void {
    this.#database
      .prepare("UPDATE transactions SET state = ?, cost = ?, updated_at_ms = ? WHERE id = ?")
      .run(state, cost?.toString() ?? null, this.#clock.nowMs(), id);
  }

  /** What was paid for transactions that ended since then, and when the first of them did. */
  spentSince(sinceMs: number): { wei: bigint; firstAtMs: number | undefined } {
    const rows = this.#database
      .prepare(
        "SELECT cost, updated_at_ms FROM transactions WHERE cost IS NOT NULL AND updated_at_ms > ? ORDER BY updated_at_ms",
      )
      .all(sinceMs);
    const wei = rows.reduce((sum, row) => sum + BigInt(row.cost as string), 0n);
    return { wei, firstAtMs: rows[0] === undefined ? undefined : Number(rows[0].updated_at_ms) };
  }

  /** Forgets transactions that ended before `beforeMs` and that nothing refers to any more. */
  prune(beforeMs: number): void {
    const ended = `SELECT id FROM transactions WHERE updated_at_ms < ? AND state NOT IN ('pending', 'cancelling')
      AND id NOT IN (SELECT transaction_id FROM jobs WHERE transaction_id IS NOT NULL)
      AND id NOT IN (SELECT transaction_id FROM disputes WHERE transaction_id IS NOT NULL)
      AND id NOT IN (SELECT transaction_id FROM wrong_covers WHERE transaction_id IS NOT NULL)`;
    transact(this.#database, () => {
      this.#database.prepare(`DELETE FROM attempts WHERE transaction_id IN (${ended})`).run(beforeMs);
      this.#database.prepare(`DELETE FROM transactions WHERE id IN (${ended})`).run(beforeMs);
    });
  }

  /** What a crash left behind, oldest first; one at most, unless the process was killed in the middle of a change. */
  unfinished(): StoredTransaction[] {
    const rows = this.#database
      .prepare("SELECT * FROM transactions WHERE state IN ('pending', 'cancelling') ORDER BY id")
      .all();
    return rows.map((row) => ({
      id: Number(row.id),
      purpose: row.purpose as TransactionPurpose,
      state: row.state as TransactionState,
      signer: row.signer as string,
      nonce: Number(row.nonce),
      target: row.target as string,
      data: row.data as string,
      gasLimit: BigInt(row.gas_limit as string),
      value: BigInt(row.value as string),
      validUntil: Number(row.valid_until),
      createdAtMs: Number(row.created_at_ms),
    }));
  }
}

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { SignedResult } from "@opg-network/sdk/evidence/evidence";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import type { Clock } from "../clock.ts";
import { transact } from "../store/database.ts";
import { signedFromJson, signedToJson } from "../verifier/signedResultJson.ts";

export const COVER_STATES = [
  /** Of a wrong result; whether it insures anybody is to be seen. */
  "found",
  /** It does; not claimed yet. */
  "reserved",
  /** Claimed, and to be paid once its time has come. */
  "claimed",
  "paid",
  /** There was nothing to claim, or nothing any more. */
  "lapsed",
] as const;

export type CoverState = (typeof COVER_STATES)[number];

/** A result that is wrong and may insure somebody. */
export interface WrongCover {
  readonly id: number;
  readonly state: CoverState;
  readonly operatorId: number;
  /** `claimKey` of what is wrong. */
  readonly claimKey: string;
  readonly signed: SignedResult;
  readonly attempts: number;
}

/** What changes of one; null clears. */
export interface WrongCoverPatch {
  state?: CoverState;
  transactionId?: number | null;
  attempts?: number;
  notBeforeMs?: number;
  /** Chain time. */
  notBeforeSec?: number;
}

const LIVE = "state IN ('found', 'reserved', 'claimed')";

/** Owns what is known of covers of wrong results. What is reserved, due and paid the chain says. */
export class WrongCoverStore {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #onChange: () => void;

  constructor(database: DatabaseSync, clock: Clock, onChange: () => void) {
    this.#database = database;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Keeps a wrong result that was signed to insure; once, and nothing of one that insures nothing. */
  note(operatorId: number, claimKey: string, signed: SignedResult): void {
    if (signed.result.maxCover === 0n) return;
    const { changes } = this.#database
      .prepare(
        `INSERT OR IGNORE INTO wrong_covers (operator_id, result_hash, state, claim_key, signed, updated_at_ms)
         VALUES (?, ?, 'found', ?, ?, ?)`,
      )
      .run(operatorId, resultHash(signed.result), claimKey, signedToJson(signed), this.#clock.nowMs());
    if (changes > 0) this.#onChange();
  }

  /** Those whose time has come and that no transaction is under way for, oldest first. */
  due(chainNowSec: number, limit: number): WrongCover[] {
    return this.#select(
      `${LIVE} AND transaction_id IS NULL AND not_before_ms <= ? AND not_before_sec <= ? ORDER BY id LIMIT ?`,
      [this.#clock.nowMs(), chainNowSec, limit],
    );
  }

  /** Whether anything that a wrong answer insures is still to be claimed. */
  isWaiting(claimKey: string): boolean {
    return this.#select("claim_key = ? AND state = 'reserved' LIMIT 1", [claimKey]).length > 0;
  }

  awaiting(transactionId: number): WrongCover | undefined {
    return this.#select("transaction_id = ?", [transactionId])[0];
  }

  get(id: number): WrongCover | undefined {
    return this.#select("id = ?", [id])[0];
  }

  update(id: number, patch: WrongCoverPatch): void {
    const entries = Object.entries({ ...columnsOf(patch), updated_at_ms: this.#clock.nowMs() });
    this.#database
      .prepare(`UPDATE wrong_covers SET ${entries.map(([name]) => `${name} = ?`).join(", ")} WHERE id = ?`)
      .run(...entries.map(([, value]) => value), id);
    this.#onChange();
  }

  /** Has what one verdict is about looked at now. */
  wake(claimKey: string): void {
    const { changes } = this.#database
      .prepare(
        `UPDATE wrong_covers SET not_before_ms = 0, not_before_sec = 0, attempts = 0 WHERE claim_key = ? AND ${LIVE}`,
      )
      .run(claimKey);
    if (changes > 0) this.#onChange();
  }

  /** After a reorganisation: what holds is read from the chain again, of what had ended too. */
  wakeAll(): void {
    this.#database.exec(
      `UPDATE wrong_covers SET not_before_ms = 0, not_before_sec = 0,
         state = CASE state WHEN 'paid' THEN 'claimed' WHEN 'lapsed' THEN 'found' ELSE state END`,
    );
    this.#onChange();
  }

  /** Lets go of transactions that ended while nobody wrote down what they came to. */
  releaseOrphans(): void {
    this.#database.exec(
      `UPDATE wrong_covers SET transaction_id = NULL WHERE transaction_id IN
         (SELECT id FROM transactions WHERE state NOT IN ('pending', 'cancelling'))`,
    );
  }

  counts(): Record<CoverState, number> {
    const counts = Object.fromEntries(COVER_STATES.map((state) => [state, 0])) as Record<CoverState, number>;
    const rows = this.#database.prepare("SELECT state, count(*) AS n FROM wrong_covers GROUP BY state").all();
    for (const { state, n } of rows) counts[state as CoverState] = Number(n);
    return counts;
  }

  /** Forgets ends older than `beforeMs`. */
  prune(beforeMs: number): void {
    transact(this.#database, () => {
      this.#database
        .prepare(`DELETE FROM wrong_covers WHERE NOT ${LIVE} AND updated_at_ms < ?`)
        .run(beforeMs);
    });
  }

  #select(where: string, values: SQLInputValue[]): WrongCover[] {
    const rows = this.#database.prepare(`SELECT * FROM wrong_covers WHERE ${where}`).all(...values);
    return rows.map((row) => ({
      id: Number(row.id),
      state: row.state as CoverState,
      operatorId: Number(row.operator_id),
      claimKey: row.claim_key as string,
      signed: signedFromJson(row.signed as string),
      attempts: Number(row.attempts),
    }));
  }
}

const COLUMNS: Record<keyof WrongCoverPatch, string> = {
  state: "state",
  transactionId: "transaction_id",
  attempts: "attempts",
  notBeforeMs: "not_before_ms",
  notBeforeSec: "not_before_sec",
};

function columnsOf(patch: WrongCoverPatch): Record<string, SQLInputValue> {
  return Object.fromEntries(
    Object.entries(patch)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [COLUMNS[name as keyof WrongCoverPatch], value as SQLInputValue]),
  );
}

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Claim } from "@opg-network/sdk/evidence/claim";
import type { SignedResult } from "@opg-network/sdk/evidence/evidence";
import type { Clock } from "../clock.ts";
import { transact } from "../store/database.ts";
import type { Dispute, DisputeAct, DisputeKind, DisputeState } from "./dispute.ts";
import { DISPUTE_STATES, LIVE_DISPUTE_STATES } from "./dispute.ts";
import { signedFromJson, signedToJson } from "./signedResultJson.ts";

export type NewDispute = Pick<
  Dispute,
  "key" | "kind" | "claim" | "signer" | "signed" | "other" | "input" | "evidenceUntil" | "salt"
> & { state: "found" | "computing" };

/** What changes of a dispute; null clears. */
export interface DisputePatch {
  state?: DisputeState;
  reason?: string | null;
  place?: number | null;
  committedBlock?: number | null;
  challengeBlock?: number | null;
  verdictBlock?: number | null;
  pc?: number;
  steps?: number;
  hasWorked?: boolean;
  slashed?: bigint;
  bounty?: bigint;
  input?: Uint8Array;
  act?: DisputeAct | null;
  transactionId?: number | null;
  attempts?: number;
  notBeforeMs?: number;
  /** Chain time. */
  notBeforeSec?: number;
}

/** Places of `Disputes.commit` that an account has. */
const PLACES = 256;

/** Owns disputes: the only place where one is written. */
export class DisputeStore {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #listeners: (() => void)[] = [];

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  transact<T>(work: () => T): T {
    return transact(this.#database, work);
  }

  /** Records a lie once. @returns false when its claim is known */
  open(dispute: NewDispute): boolean {
    const now = this.#clock.nowMs();
    const { signed, other } = dispute;
    const { changes } = this.#database
      .prepare(
        `INSERT OR IGNORE INTO disputes
           (key, kind, state, claim, signer, signed, other, input, evidence_until, salt, found_at_ms, updated_at_ms,
            challenge_block)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
                 (SELECT block FROM open_challenges WHERE key = ?1))`,
      )
      .run(
        dispute.key,
        dispute.kind,
        dispute.state,
        JSON.stringify(dispute.claim),
        dispute.signer,
        signed === undefined ? null : signedToJson(signed),
        other === undefined ? null : signedToJson(other),
        dispute.input ?? null,
        dispute.evidenceUntil,
        dispute.salt,
        now,
        now,
      );
    if (changes > 0) this.#changed();
    return changes > 0;
  }

  /** Has what a contradiction punished computed too, since something that it insures depends on that. */
  computeAfterAll(key: string, signed: SignedResult): void {
    const { changes } = this.#database
      .prepare(
        `UPDATE disputes SET kind = 'wrong-output', signed = ?, other = NULL, not_before_ms = 0, not_before_sec = 0,
           state = CASE WHEN state IN ('done', 'given-up') THEN 'proved' ELSE state END, updated_at_ms = ?
         WHERE key = ? AND transaction_id IS NULL`,
      )
      .run(signedToJson(signed), this.#clock.nowMs(), key);
    if (changes > 0) this.#changed();
  }

  /** Keeps when a challenge was opened, of a claim that this node may find wrong later. */
  noteChallenge(key: string, block: number): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO open_challenges VALUES (?, ?, ?)")
      .run(key, block, this.#clock.nowMs());
  }

  get(key: string): Dispute | undefined {
    return this.#select("key = ?", [key])[0];
  }

  /** Live ones whose time has come and that no transaction is under way for, those whose evidence ends first before. */
  due(chainNowSec: number, limit: number): Dispute[] {
    return this.#select(
      `state IN (${LIVE_DISPUTE_STATES.map(() => "?").join()}) AND transaction_id IS NULL
       AND not_before_ms <= ? AND not_before_sec <= ? ORDER BY evidence_until, found_at_ms LIMIT ?`,
      [...LIVE_DISPUTE_STATES, this.#clock.nowMs(), chainNowSec, limit],
    );
  }

  awaiting(transactionId: number): Dispute | undefined {
    return this.#select("transaction_id = ?", [transactionId])[0];
  }

  /** Those whose transaction ended while nobody wrote down what it came to. */
  orphaned(): Dispute[] {
    return this.#select(
      `transaction_id IN (SELECT id FROM transactions WHERE state NOT IN ('pending', 'cancelling'))`,
      [],
    );
  }

  /** A place for a commitment that no live dispute uses; undefined when there is none. */
  freePlace(): number | undefined {
    const rows = this.#database
      .prepare("SELECT place FROM disputes WHERE place IS NOT NULL AND state NOT IN ('done', 'given-up')")
      .all();
    const taken = new Set(rows.map(({ place }) => Number(place)));
    for (let place = 0; place < PLACES; ++place) if (!taken.has(place)) return place;
    return undefined;
  }

  /** Live ones whose commitment is, or is to be, in that place. */
  inPlace(place: number): Dispute[] {
    return this.#select("place = ? AND state NOT IN ('done', 'given-up')", [place]);
  }

  /** Adds what was paid for a dispute, once. @param by what paid it, however often it is seen */
  notePayment(by: string, key: string, amount: bigint): boolean {
    return this.transact(() => {
      const { changes } = this.#database
        .prepare("INSERT OR IGNORE INTO dispute_payments VALUES (?, ?)")
        .run(by, key);
      if (changes === 0) return false;
      this.update(key, { bounty: (this.get(key)?.bounty ?? 0n) + amount });
      return true;
    });
  }

  recent(limit: number): Dispute[] {
    return this.#select("TRUE ORDER BY updated_at_ms DESC, key LIMIT ?", [limit]);
  }

  counts(): Record<DisputeState, number> {
    const counts = Object.fromEntries(DISPUTE_STATES.map((state) => [state, 0])) as Record<
      DisputeState,
      number
    >;
    for (const row of this.#database
      .prepare("SELECT state, count(*) AS n FROM disputes GROUP BY state")
      .all())
      counts[row.state as DisputeState] = Number(row.n);
    return counts;
  }

  update(key: string, patch: DisputePatch): void {
    const entries = Object.entries({ ...columnsOf(patch), updated_at_ms: this.#clock.nowMs() });
    this.#database
      .prepare(`UPDATE disputes SET ${entries.map(([name]) => `${name} = ?`).join(", ")} WHERE key = ?`)
      .run(...entries.map(([, value]) => value), key);
    this.#changed();
  }

  /** Undoes what the chain said above block `ancestor`. What holds is read from the chain again. */
  rollback(ancestor: number): void {
    this.#database
      .prepare(
        `UPDATE disputes SET not_before_ms = 0, not_before_sec = 0,
           state = CASE WHEN state IN ('given-up') THEN state
                        WHEN challenge_block <= ?1 THEN 'computing'
                        WHEN committed_block <= ?1 THEN 'committed' ELSE 'found' END,
           committed_block = CASE WHEN committed_block <= ?1 THEN committed_block END,
           challenge_block = CASE WHEN challenge_block <= ?1 THEN challenge_block END,
           verdict_block = NULL
         WHERE committed_block > ?1 OR challenge_block > ?1 OR verdict_block > ?1`,
      )
      .run(ancestor);
    this.#database.prepare("DELETE FROM open_challenges WHERE block > ?").run(ancestor);
    this.#changed();
  }

  /** Forgets ends older than `beforeMs`. */
  prune(beforeMs: number): void {
    this.transact(() => {
      this.#database
        .prepare("DELETE FROM disputes WHERE state IN ('done', 'given-up') AND updated_at_ms < ?")
        .run(beforeMs);
      this.#database.prepare("DELETE FROM open_challenges WHERE seen_at_ms < ?").run(beforeMs);
      this.#database.exec("DELETE FROM dispute_payments WHERE key NOT IN (SELECT key FROM disputes)");
    });
  }

  #select(where: string, values: SQLInputValue[]): Dispute[] {
    return this.#database
      .prepare(`SELECT * FROM disputes WHERE ${where}`)
      .all(...values)
      .map(toDispute);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function toDispute(row: Record<string, unknown>): Dispute {
  const number = (value: unknown): number | undefined => (value === null ? undefined : Number(value));
  const signed = (value: unknown) => (value === null ? undefined : signedFromJson(value as string));
  return {
    key: row.key as string,
    kind: row.kind as DisputeKind,
    state: row.state as DisputeState,
    reason: (row.reason as string | null) ?? undefined,
    claim: JSON.parse(row.claim as string) as Claim,
    signer: row.signer as string,
    signed: signed(row.signed),
    other: signed(row.other),
    input: (row.input as Uint8Array | null) ?? undefined,
    evidenceUntil: Number(row.evidence_until),
    place: number(row.place),
    salt: row.salt as string,
    committedBlock: number(row.committed_block),
    challengeBlock: number(row.challenge_block),
    pc: Number(row.pc),
    steps: Number(row.steps),
    hasWorked: row.has_worked === 1,
    slashed: BigInt(row.slashed as string),
    bounty: BigInt(row.bounty as string),
    act: (row.act as DisputeAct | null) ?? undefined,
    transactionId: number(row.transaction_id),
    attempts: Number(row.attempts),
    foundAtMs: Number(row.found_at_ms),
  };
}

const COLUMNS: Record<keyof DisputePatch, string> = {
  state: "state",
  reason: "reason",
  place: "place",
  committedBlock: "committed_block",
  challengeBlock: "challenge_block",
  verdictBlock: "verdict_block",
  pc: "pc",
  steps: "steps",
  hasWorked: "has_worked",
  slashed: "slashed",
  bounty: "bounty",
  input: "input",
  act: "act",
  transactionId: "transaction_id",
  attempts: "attempts",
  notBeforeMs: "not_before_ms",
  notBeforeSec: "not_before_sec",
};

function columnsOf(patch: DisputePatch): Record<string, SQLInputValue> {
  const values: Record<string, SQLInputValue> = {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    const column = COLUMNS[name as keyof DisputePatch];
    if (typeof value === "bigint") values[column] = value.toString();
    else if (typeof value === "boolean") values[column] = value ? 1 : 0;
    else values[column] = value as SQLInputValue;
  }
  return values;
}

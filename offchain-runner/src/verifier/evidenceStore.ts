import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Evidence, SignedResult } from "@opg-network/sdk/evidence/evidence";
import type { KnownRequest, LoggedRequest } from "@opg-network/sdk/evidence/requestEvidence";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import { decodeRequest, encodeRequest } from "@opg-network/sdk/request";
import type { Clock } from "../clock.ts";
import { transact } from "../store/database.ts";
import { signedFromJson, signedToJson } from "./signedResultJson.ts";

/** What became of a signed result that was seen. */
export type WatchedState =
  /** To be looked at. */
  | "waiting"
  /** Its input is in no log so far. */
  | "no-input"
  /** Not in the sample. */
  | "skipped"
  | "right"
  /** A dispute has it from here. */
  | "wrong"
  /** Not of an exact release, or older than its exactness. */
  | "unmeasured"
  /** Of a graph that nobody can run to its end, the machine as little as a verifier. */
  | "unmeasurable"
  /** Its graph cannot be read or computed here. */
  | "failed";

export interface WatchedResult {
  readonly id: number;
  readonly signer: string;
  readonly state: WatchedState;
  readonly isSampled: boolean;
  readonly signed: SignedResult;
  readonly attempts: number;
}

/** The largest input that fits a transaction beside its proof. A longer one cannot be evidence. */
export const MAX_EVIDENCE_INPUT = 98_304;

/** Owns what was signed on chain, for as long as it is evidence. A result counts once, however often it was used. */
export class EvidenceStore {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #statements = new Map<string, StatementSync>();
  /** Seconds that a result stays evidence after it can no longer be used. */
  readonly #windowSec: number;

  constructor(database: DatabaseSync, clock: Clock, windowSec: number) {
    this.#database = database;
    this.#clock = clock;
    this.#windowSec = windowSec;
  }

  transact<T>(work: () => T): T {
    return transact(this.#database, work);
  }

  recordRequest({ id, request, input }: LoggedRequest): void {
    const { deadline, inputHash } = request;
    this.#prepare("INSERT OR IGNORE INTO watched_requests VALUES (?, ?, ?)").run(
      id,
      encodeRequest(request),
      deadline,
    );
    this.#keepInput(inputHash, input, deadline);
  }

  /** Without its input, which is kept by its hash. */
  requestOf(id: string): KnownRequest | undefined {
    const row = this.#prepare("SELECT request FROM watched_requests WHERE id = ?").get(id);
    if (row === undefined) return undefined;
    return { id, request: decodeRequest(row.request as string), input: undefined };
  }

  /** Keeps a result once. @returns false when it is known */
  record({ signed, signer, input }: Evidence, isSampled: boolean): boolean {
    const { result } = signed;
    const { changes } = this.#prepare(
      `INSERT OR IGNORE INTO watched_results
           (hash, signer, state, is_sampled, release, codec, input_hash, output_hash, signed, valid_until)
         VALUES (?, ?, 'waiting', ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      resultHash(result),
      signer,
      isSampled ? 1 : 0,
      result.release,
      result.codec,
      result.inputHash,
      result.outputHash,
      signedToJson(signed),
      result.validUntil,
    );
    if (input !== undefined) this.#keepInput(result.inputHash, input, result.validUntil);
    else this.#keepLonger(result.inputHash, result.validUntil);
    return changes > 0;
  }

  /**
   * What is to be looked at now: the oldest of each release, then the second of each, up to `perRelease`. Releases take turns
   * in the order of their ids, beginning behind `after`.
   */
  due(limit: number, perRelease = limit, after = ""): WatchedResult[] {
    const releases = this.#waitingReleases();
    const first = releases.findIndex((release) => release > after);
    const inTurn = first < 0 ? releases : [...releases.slice(first), ...releases.slice(0, first)];
    const queues = inTurn.map((release) => this.#dueOf(release, perRelease));
    const longest = Math.max(0, ...queues.map((queue) => queue.length));
    const ids: number[] = [];
    for (let turn = 0; turn < longest && ids.length < limit; ++turn)
      ids.push(...queues.flatMap((queue) => queue.slice(turn, turn + 1)));
    return ids.slice(0, limit).flatMap((id) => this.#select("id = ?", [id]));
  }

  /** In order. Goes from one to the next by the index, however many results each of them has. */
  #waitingReleases(): string[] {
    const next = this.#prepare(
      "SELECT min(release) AS release FROM watched_results WHERE state = 'waiting' AND release > ?",
    );
    const releases: string[] = [];
    for (;;) {
      const release = next.get(releases.at(-1) ?? "")?.release;
      if (typeof release !== "string") return releases;
      releases.push(release);
    }
  }

  #dueOf(release: string, limit: number): number[] {
    const rows = this.#prepare(
      `SELECT id FROM watched_results WHERE state = 'waiting' AND release = ? AND not_before_ms <= ?
         ORDER BY not_before_ms, id LIMIT ?`,
    ).all(release, this.#clock.nowMs(), limit);
    return rows.map(({ id }) => Number(id));
  }

  /** Other outputs for the same input of the same release, by whomever. */
  conflicting({ signed: { result } }: WatchedResult, limit: number): WatchedResult[] {
    const { inputHash, release, codec, outputHash } = result;
    return this.#select(
      "input_hash = ? AND release = ? AND codec = ? AND output_hash <> ? ORDER BY valid_until DESC LIMIT ?",
      [inputHash, release, codec, outputHash, limit],
    );
  }

  inputOf(hash: string): Uint8Array | undefined {
    const row = this.#prepare("SELECT input FROM watched_inputs WHERE hash = ?").get(hash);
    return row?.input as Uint8Array | undefined;
  }

  /** What came to be known while a result was looked at has it looked at again. */
  conclude(id: number, state: Exclude<WatchedState, "waiting">): void {
    this.#prepare(
      `UPDATE watched_results SET state = CASE
         WHEN ?1 = 'skipped' AND is_sampled = 1 THEN 'waiting'
         WHEN ?1 = 'no-input' AND EXISTS (SELECT 1 FROM watched_inputs WHERE hash = input_hash) THEN 'waiting'
         ELSE ?1 END WHERE id = ?2`,
    ).run(state, id);
  }

  /** Another try after `pauseMs`. */
  retry(id: number, pauseMs: number): void {
    this.#prepare("UPDATE watched_results SET attempts = attempts + 1, not_before_ms = ? WHERE id = ?").run(
      this.#clock.nowMs() + pauseMs,
      id,
    );
  }

  /** Not a try: what it needs is in use. */
  postpone(id: number, pauseMs: number): void {
    this.#prepare("UPDATE watched_results SET not_before_ms = ? WHERE id = ?").run(
      this.#clock.nowMs() + pauseMs,
      id,
    );
  }

  /** Has a result computed that was not in the sample. */
  sample(id: number): void {
    this.#prepare(
      `UPDATE watched_results SET is_sampled = 1, state = CASE state WHEN 'skipped' THEN 'waiting' ELSE state END
         WHERE id = ?`,
    ).run(id);
  }

  /** Takes one of those that wait to be computed out of the sample, by chance. */
  shedOne(): void {
    this.#database.exec(
      `UPDATE watched_results SET is_sampled = 0 WHERE id = (SELECT id FROM watched_results
       WHERE state = 'waiting' AND is_sampled = 1 ORDER BY random() LIMIT 1)`,
    );
  }

  get backlog(): number {
    const row = this.#prepare(
      "SELECT count(*) AS n FROM watched_results WHERE state = 'waiting' AND is_sampled = 1",
    ).get();
    return Number(row?.n);
  }

  /** Forgets what is no evidence any more, and the oldest beyond `most` results. */
  prune(chainNowSec: number, most: number): void {
    const end = chainNowSec - this.#windowSec;
    this.transact(() => {
      this.#prepare("DELETE FROM watched_results WHERE valid_until < ?").run(end);
      this.#prepare("DELETE FROM watched_requests WHERE deadline < ?").run(end);
      this.#prepare("DELETE FROM watched_inputs WHERE until < ?").run(end);
      this.#prepare(
        `DELETE FROM watched_results WHERE id <=
             (SELECT id FROM watched_results ORDER BY id DESC LIMIT 1 OFFSET ?)`,
      ).run(most);
    });
  }

  #keepInput(hash: string, input: string, until: number): void {
    const bytes = Buffer.from(input.slice(2), "hex");
    if (bytes.length > MAX_EVIDENCE_INPUT) return;
    const { changes } = this.#prepare(
      "INSERT INTO watched_inputs VALUES (?, ?, ?) ON CONFLICT (hash) DO UPDATE SET until = max(until, excluded.until)",
    ).run(hash, bytes, until);
    if (changes === 0) return;
    this.#prepare(
      "UPDATE watched_results SET state = 'waiting' WHERE input_hash = ? AND state = 'no-input'",
    ).run(hash);
  }

  #keepLonger(hash: string, until: number): void {
    this.#prepare("UPDATE watched_inputs SET until = ?1 WHERE hash = ?2 AND until < ?1").run(until, hash);
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #select(where: string, values: (string | number)[]): WatchedResult[] {
    const rows = this.#prepare(`SELECT * FROM watched_results WHERE ${where}`).all(...values);
    return rows.map((row) => ({
      id: Number(row.id),
      signer: row.signer as string,
      state: row.state as WatchedState,
      isSampled: row.is_sampled === 1,
      signed: signedFromJson(row.signed as string),
      attempts: Number(row.attempts),
    }));
  }
}

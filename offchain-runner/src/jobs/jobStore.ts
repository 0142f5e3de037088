import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Acceptance, InferenceRequest } from "@opg-network/sdk/request";
import { decodeRequest, encodeRequest } from "@opg-network/sdk/request";
import type { Clock } from "../clock.ts";
import type { CoverUse } from "../cover/coverUse.ts";
import { lockableOf, NO_COVER_USE } from "../cover/coverUse.ts";
import { NodeError } from "../nodeError.ts";
import { transact } from "../store/database.ts";
import type { Job, JobReason, JobState } from "./job.ts";
import { JOB_EDGES, JOB_STATES, LIVE_STATES, ZK_MODE } from "./job.ts";
import { type JobRow, toJob } from "./jobRow.ts";

/** What changes together with a state; null clears. */
export interface JobPatch {
  reason?: JobReason | null;
  acceptance?: Acceptance | null;
  acceptedBlock?: number | null;
  output?: Uint8Array;
  proof?: Uint8Array;
  settledBlock?: number | null;
  paid?: bigint | null;
  deliverableAt?: number | null;
  attempts?: number;
  notBeforeMs?: number;
  transactionId?: number | null;
}

/** Proofs are made by processes of their own, so that neither kind of job waits for the other. */
export type JobKind = "plain" | "proved";

const OF_KIND: Readonly<Record<JobKind, string>> = {
  plain: `mode != ${ZK_MODE}`,
  proved: `mode = ${ZK_MODE}`,
};

/** What a bond stands for comes first: its end is nearer than its request's, which others choose. */
const MOST_URGENT =
  "acceptance_deadline IS NULL, min(deadline, coalesce(acceptance_deadline, deadline)), seen_at_ms, id";

/** Nothing is put off for longer: a moment further ahead was set before this machine's clock was put back. */
const MOST_PAUSE_MS = 600_000;
const IS_DUE = `(not_before_ms <= ?1 OR not_before_ms > ?1 + ${MOST_PAUSE_MS})`;

/** From the decision to serve until the end. */
const TAKEN: readonly JobState[] = ["queued", "accepting", "accepted", "running", "answered", "submitting"];
const BONDED: readonly JobState[] = ["accepted", "running", "answered", "submitting"];
const SETTLED: readonly JobState[] = ["fulfilled", "lost", "expired"];

/** Owns the jobs table: the only place where a job's state is written. */
export class JobStore {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #listeners: (() => void)[] = [];

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Calls `listener` after every change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  transact<T>(work: () => T): T {
    return transact(this.#database, work);
  }

  /** Records a request that was opened; one known already is left as it is, a dropped one comes back. */
  observe(id: string, request: InferenceRequest, input: Uint8Array, openedBlock: number): void {
    const now = this.#clock.nowMs();
    this.#database
      .prepare(
        `INSERT INTO jobs (id, state, request, mode, input, opened_block, deadline, seen_at_ms, updated_at_ms)
         VALUES (?, 'seen', ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET opened_block = excluded.opened_block,
           state = CASE state WHEN 'dropped' THEN CASE WHEN output IS NULL THEN 'seen' ELSE 'answered' END ELSE state END,
           reason = CASE state WHEN 'dropped' THEN NULL ELSE reason END`,
      )
      .run(id, encodeRequest(request), request.mode, input, openedBlock, request.deadline, now, now);
    this.#changed();
  }

  get(id: string): Job | undefined {
    const row = this.#database.prepare("SELECT * FROM jobs WHERE id = ?").get(id);
    return row === undefined ? undefined : toJob(row as unknown as JobRow);
  }

  /** Jobs in these states whose time to be tried has come: accepted ones first, then those with the nearest deadline. */
  due(states: readonly JobState[], limit: number): Job[] {
    return this.#select(`${IS_DUE} AND state IN (${marks(states)}) ORDER BY ${MOST_URGENT} LIMIT ?`, [
      this.#clock.nowMs(),
      ...states,
      limit,
    ]);
  }

  /** The same, of jobs whose result is proved, or of all others. */
  dueOf(kind: JobKind, states: readonly JobState[], limit: number): Job[] {
    return this.#select(
      `${IS_DUE} AND ${OF_KIND[kind]} AND state IN (${marks(states)}) ORDER BY ${MOST_URGENT} LIMIT ?`,
      [this.#clock.nowMs(), ...states, limit],
    );
  }

  countOf(kind: JobKind, states: readonly JobState[]): number {
    const row = this.#database
      .prepare(`SELECT count(*) AS n FROM jobs WHERE ${OF_KIND[kind]} AND state IN (${marks(states)})`)
      .get(...states);
    return Number(row?.n);
  }

  /** Of each job in these states whose result is proved, its release. */
  provedReleases(states: readonly JobState[]): string[] {
    const rows = this.#database
      .prepare(`SELECT request FROM jobs WHERE ${OF_KIND.proved} AND state IN (${marks(states)})`)
      .all(...states);
    return rows.map(({ request }) => decodeRequest(request as string).release);
  }

  /** Jobs that wait for the outcome of one transaction. */
  awaiting(transactionId: number): Job[] {
    return this.#select("transaction_id = ?", [transactionId]);
  }

  /** Fulfilled jobs whose requester is to be called back by now. */
  deliverable(chainNowSec: number, limit: number): Job[] {
    return this.#select(
      `${IS_DUE} AND state = 'fulfilled' AND deliverable_at <= ? ORDER BY deliverable_at LIMIT ?`,
      [this.#clock.nowMs(), chainNowSec, limit],
    );
  }

  /** Newest first. */
  recent(limit: number): Job[] {
    return this.#select("TRUE ORDER BY updated_at_ms DESC, id LIMIT ?", [limit]);
  }

  counts(): Record<JobState, number> {
    const counts = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobState, number>;
    for (const row of this.#database.prepare("SELECT state, count(*) AS n FROM jobs GROUP BY state").all()) {
      counts[row.state as JobState] = Number(row.n);
    }
    return counts;
  }

  /**
   * What requests insure that this node has taken on, until the chain's own figure at block `head` has it.
   * @param requester absent: of nobody in particular
   */
  coverUse(head: number, requester?: string): CoverUse {
    // A request that another accepted comes back to what was computed for it, without being judged again.
    const rows = this.#database
      .prepare(
        `SELECT request FROM jobs WHERE state IN (${marks(TAKEN)}) OR (state = 'held' AND output IS NOT NULL)
         OR (state = 'fulfilled' AND settled_block > ?)`,
      )
      .all(...TAKEN, head);
    const use = { ...NO_COVER_USE };
    for (const row of rows) {
      const { cover, requester: payer } = decodeRequest(row.request as string);
      if (cover === undefined) continue;
      use.total += cover.amount;
      use.lockable += lockableOf(cover.amount);
      if (payer === requester) use.ofPayer += cover.amount;
    }
    return use;
  }

  /** Token wei in bonds of requests that this node accepted and has not answered yet. */
  bonded(): bigint {
    const rows = this.#database
      .prepare(`SELECT request FROM jobs WHERE acceptance_signer IS NOT NULL AND state IN (${marks(BONDED)})`)
      .all(...BONDED);
    return rows.reduce((sum, row) => sum + decodeRequest(row.request as string).fee, 0n);
  }

  /** Moves a job along an edge. Throws `job-edge-invalid` for any other: a defect of the caller. */
  move(id: string, to: JobState, patch: JobPatch = {}): void {
    this.transact(() => {
      const from = this.#stateOf(id);
      if (!JOB_EDGES[from].includes(to)) {
        throw new NodeError("job-edge-invalid", "a job cannot take this edge", { data: { id, from, to } });
      }
      this.#write(id, { state: to, reason: null, ...columnsOf(patch) });
    });
  }

  /** Moves a job if it is still in one of `from`. */
  moveIf(id: string, from: readonly JobState[], to: JobState, patch: JobPatch = {}): boolean {
    return this.transact(() => {
      if (!from.includes(this.#stateOf(id))) return false;
      this.move(id, to, patch);
      return true;
    });
  }

  /** Changes what belongs to a job beside its state. */
  update(id: string, patch: JobPatch): void {
    this.#write(id, columnsOf(patch));
  }

  /** Ends live jobs whose deadline is before `chainNowSec`, the time of block `head`: of another chain it may not be over. */
  expire(chainNowSec: number, head: number): number {
    const { changes } = this.#database
      .prepare(
        `UPDATE jobs SET state = 'expired', reason = 'deadline-passed', settled_block = ?, updated_at_ms = ?
         WHERE deadline < ? AND state IN (${marks(LIVE_STATES)}) AND state NOT IN ('submitting', 'dropped')`,
      )
      .run(head, this.#clock.nowMs(), chainNowSec, ...LIVE_STATES);
    if (changes > 0) this.#changed();
    return Number(changes);
  }

  /** After a crash: what was running has to run again. */
  requeueRunning(): void {
    for (const job of this.#select("state = 'running'", [])) {
      this.move(job.id, job.acceptance === undefined ? "queued" : "accepted");
    }
  }

  /** Undoes what happened above block `ancestor`: requests opened, acceptances, ends. */
  rollback(ancestor: number): void {
    const set = (columns: string, where: string): void => {
      this.#database
        .prepare(`UPDATE jobs SET ${columns}, updated_at_ms = ? WHERE ${where}`)
        .run(this.#clock.nowMs(), ancestor);
    };
    const again = "CASE WHEN output IS NULL THEN 'seen' ELSE 'answered' END";
    this.transact(() => {
      set(
        `state = ${again}, reason = NULL, settled_block = NULL, paid = NULL, deliverable_at = NULL, not_before_ms = 0`,
        `state IN (${SETTLED.map((state) => `'${state}'`).join()}) AND settled_block > ?2`,
      );
      set(
        `state = CASE WHEN state IN ('held', 'accepted') THEN ${again} ELSE state END,
         acceptance_signer = NULL, acceptance_deadline = NULL, accepted_block = NULL`,
        "accepted_block > ?2",
      );
      set("state = 'dropped', reason = 'reorganised'", "opened_block > ?2");
    });
    this.#changed();
  }

  /** Forgets ends older than `beforeMs`. The submission ledger forgets nothing. */
  prune(beforeMs: number): void {
    this.#database
      .prepare(
        `DELETE FROM jobs WHERE updated_at_ms < ? AND deliverable_at IS NULL
         AND state IN ('declined', 'fulfilled', 'lost', 'expired', 'failed', 'dropped')`,
      )
      .run(beforeMs);
  }

  #stateOf(id: string): JobState {
    const row = this.#database.prepare("SELECT state FROM jobs WHERE id = ?").get(id);
    if (row === undefined) throw new NodeError("job-edge-invalid", "there is no such job", { data: { id } });
    return row.state as JobState;
  }

  #write(id: string, columns: Record<string, SQLInputValue>): void {
    const entries = Object.entries({ ...columns, updated_at_ms: this.#clock.nowMs() });
    this.#database
      .prepare(`UPDATE jobs SET ${entries.map(([name]) => `${name} = ?`).join(", ")} WHERE id = ?`)
      .run(...entries.map(([, value]) => value), id);
    this.#changed();
  }

  #select(where: string, values: SQLInputValue[]): Job[] {
    const rows = this.#database.prepare(`SELECT * FROM jobs WHERE ${where}`).all(...values);
    return rows.map((row) => toJob(row as unknown as JobRow));
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function marks(values: readonly unknown[]): string {
  return values.map(() => "?").join(", ");
}

function columnsOf(patch: JobPatch): Record<string, SQLInputValue> {
  const columns: Record<string, SQLInputValue> = {};
  if (patch.reason !== undefined) columns.reason = patch.reason;
  if (patch.acceptance !== undefined) {
    columns.acceptance_signer = patch.acceptance?.signer ?? null;
    columns.acceptance_deadline = patch.acceptance?.deadline ?? null;
  }
  if (patch.acceptedBlock !== undefined) columns.accepted_block = patch.acceptedBlock;
  if (patch.output !== undefined) columns.output = patch.output;
  if (patch.proof !== undefined) columns.proof = patch.proof;
  if (patch.settledBlock !== undefined) columns.settled_block = patch.settledBlock;
  if (patch.paid !== undefined) columns.paid = patch.paid?.toString() ?? null;
  if (patch.deliverableAt !== undefined) columns.deliverable_at = patch.deliverableAt;
  if (patch.attempts !== undefined) columns.attempts = patch.attempts;
  if (patch.notBeforeMs !== undefined) columns.not_before_ms = patch.notBeforeMs;
  if (patch.transactionId !== undefined) columns.transaction_id = patch.transactionId;
  return columns;
}

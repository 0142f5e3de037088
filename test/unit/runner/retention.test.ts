import { statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type Attempt, TransactionStore } from "../../../offchain-runner/src/chain/transactionStore.ts";
import { JobStore } from "../../../offchain-runner/src/jobs/jobStore.ts";
import { INPUT, idOf, someRequest } from "./fakes/someRequest.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

const DAY_MS = 86_400_000;
const KEPT_MS = 30 * DAY_MS;
const A_DAY = 10;

describe("retention of the database", () => {
  let temp: TempDatabase;
  let clock: SteppedClock;
  let jobs: JobStore;
  let transactions: TransactionStore;
  let nonce = 0;

  beforeEach(() => {
    temp = new TempDatabase();
    clock = new SteppedClock();
    jobs = new JobStore(temp.database, clock);
    transactions = new TransactionStore(temp.database, clock);
    nonce = 0;
  });
  afterEach(() => temp.dispose());

  const count = (table: string) =>
    Number(temp.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);

  /** One request, answered in a transaction of its own; ended unless told otherwise. */
  function answer(isEnded = true): { job: string; transaction: number } {
    const request = someRequest({ nonce: nonce++ });
    const job = idOf(request);
    jobs.observe(job, request, INPUT, nonce);
    jobs.move(job, "queued");
    jobs.move(job, "running");
    jobs.move(job, "answered", { output: new Uint8Array(500) });
    const attempt: Attempt = {
      hash: `0x${nonce.toString(16).padStart(64, "0")}`,
      kind: "original",
      raw: "0x".padEnd(2_000, "1"),
      price: { maxFee: 1n, tip: 1n },
      signedAtMs: clock.nowMs(),
    };
    const terms = { purpose: "fulfil", signer: "0x1", nonce, target: "0x2", validUntil: 1 } as const;
    const { id } = transactions.create(
      { ...terms, data: "0x".padEnd(2_000, "2"), gasLimit: 1n, value: 0n },
      attempt,
      (transactionId) => jobs.move(job, "submitting", { transactionId }),
    );
    if (isEnded) {
      transactions.setState(id, "included", 1n);
      jobs.move(job, "fulfilled", { settledBlock: nonce });
    }
    return { job, transaction: id };
  }

  /** As the node does every hour. */
  function prune(): void {
    jobs.prune(clock.nowMs() - KEPT_MS);
    transactions.prune(clock.nowMs() - KEPT_MS);
  }

  it("does not grow once as many days have passed as it keeps", () => {
    const bytes: number[] = [];
    for (let day = 0; day < 75; day++) {
      jobs.transact(() => {
        for (let request = 0; request < A_DAY; request++) answer();
      });
      clock.advance(DAY_MS);
      prune();
      temp.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      bytes.push(statSync(join(temp.folder, "node.sqlite")).size);
    }
    for (const table of ["jobs", "transactions", "attempts"]) expect(count(table)).to.equal(30 * A_DAY);
    // Pages of what is forgotten are used again; fuller or emptier ones are a matter of luck.
    expect(bytes.at(-1)).to.be.at.most(Math.ceil((bytes[40] ?? 0) * 1.1));
  });

  it("keeps what is not over, however old, and what it refers to", () => {
    const pending = answer(false);
    const ended = answer();
    clock.advance(10 * KEPT_MS);
    prune();
    expect(jobs.get(ended.job)).to.equal(undefined);
    expect(transactions.attemptsOf(ended.transaction)).to.deep.equal([]);
    expect(jobs.get(pending.job)?.state).to.equal("submitting");
    expect(transactions.unfinished().map(({ id }) => id)).to.deep.equal([pending.transaction]);
    transactions.setState(pending.transaction, "included", 1n);
    clock.advance(10 * KEPT_MS);
    prune();
    // Its job waits for the chain's word, and the job for its transaction.
    expect(transactions.attemptsOf(pending.transaction)).to.have.length(1);
  });

  it("forgets nothing that was signed", () => {
    temp.database.exec("INSERT INTO signed_results VALUES ('r', 1, 'i', 'c', 'o', 0)");
    clock.advance(100 * KEPT_MS);
    prune();
    expect(count("signed_results")).to.equal(1);
  });
});

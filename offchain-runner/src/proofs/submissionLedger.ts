import type { DatabaseSync } from "node:sqlite";
import type { InferenceResult } from "@opg-network/sdk/inferenceResult";
import { ZeroHash } from "ethers";
import type { Clock } from "../clock.ts";
import { NodeError } from "../nodeError.ts";
import { transact, transactDurably } from "../store/database.ts";

/** The part of a result that decides whether another output beside it is equivocation. */
export type LedgerKey = Pick<InferenceResult, "release" | "codec" | "inputHash" | "context">;

/** Whether a release is exact; undefined while this process has not read it yet. */
export type Exactness = (release: string) => boolean | undefined;

/** Another output was already signed for this key: signing this one would be slashable. */
export class OutputConflictError extends NodeError {
  override readonly name = "OutputConflictError";

  constructor(key: LedgerKey, signed: string, refused: string) {
    super(
      "output-conflict",
      "another output was signed for this input before; refusing to sign a second one",
      {
        data: { ...key, signed, refused },
      },
    );
  }
}

/** Remembers every output ever signed, so that no key ever gets a second one. */
export class SubmissionLedger {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Records the outputs of `results`, all or none and on disk, before any of them is signed. A known output is fine.
   * @param isExact exact releases conflict whatever the context, so theirs is left out of the key
   * @throws OutputConflictError when another output is on record for one of them
   */
  checkAndInsert(results: readonly InferenceResult[], isExact: Exactness): void {
    transactDurably(this.#database, () => this.#checkAndInsertAll(results, isExact));
  }

  /** The same, safe from the end of the process, and from a power cut as soon as the database is flushed. */
  checkAndCommit(results: readonly InferenceResult[], isExact: Exactness): void {
    transact(this.#database, () => this.#checkAndInsertAll(results, isExact));
  }

  /** The output on record for a key. */
  outputHashOf({ release, codec, inputHash, context }: LedgerKey): string | undefined {
    const row = this.#database
      .prepare(
        "SELECT output_hash FROM signed_results WHERE release = ? AND codec = ? AND input_hash = ? AND context = ?",
      )
      .get(release, codec, inputHash, context);
    return row?.output_hash as string | undefined;
  }

  #checkAndInsertAll(results: readonly InferenceResult[], isExact: Exactness): void {
    for (const result of results) {
      const exact = isExact(result.release);
      const key = { ...result, context: exact === true ? ZeroHash : result.context };
      this.#refuseOther(key, result.outputHash, exact);
      if (this.outputHashOf(key) === undefined) this.#insert(key, result.outputHash);
    }
  }

  /**
   * Of an exact release any other output for the input conflicts, also one that was recorded with its context while nobody
   * knew that it is exact; of one that is not known yet, an output that was recorded as exact.
   */
  #refuseOther(key: LedgerKey, outputHash: string, isExact: boolean | undefined): void {
    const { release, codec, inputHash, context } = key;
    const contexts = isExact === true ? "" : "AND context IN (?, ?)";
    const other = this.#database
      .prepare(
        `SELECT output_hash FROM signed_results
         WHERE release = ? AND codec = ? AND input_hash = ? AND output_hash != ? ${contexts} LIMIT 1`,
      )
      .get(
        ...[release, codec, inputHash, outputHash],
        ...(isExact === true ? [] : [context, isExact === undefined ? ZeroHash : context]),
      );
    if (other === undefined) return;
    throw new OutputConflictError(
      { release, codec, inputHash, context },
      other.output_hash as string,
      outputHash,
    );
  }

  #insert({ release, codec, inputHash, context }: LedgerKey, outputHash: string): void {
    this.#database
      .prepare("INSERT INTO signed_results VALUES (?, ?, ?, ?, ?, ?)")
      .run(release, codec, inputHash, context, outputHash, this.#clock.nowMs());
  }
}

import type { DatabaseSync } from "node:sqlite";
import type { ChainLog } from "../chain/chainReader.ts";
import { disputesInterface } from "../chain/contracts.ts";
import type { LogHandler } from "../chain/logWatcher.ts";
import type { OwnChallenge } from "./alarmFacts.ts";

/** Challenges of results that this operator signed, from the events of `Disputes`, until they end. */
export class OwnChallenges implements LogHandler {
  readonly #database: DatabaseSync;
  readonly #disputes: string;
  readonly #operatorId: () => number;

  constructor(database: DatabaseSync, disputes: string, operatorId: () => number) {
    this.#database = database;
    this.#disputes = disputes.toLowerCase();
    this.#operatorId = operatorId;
  }

  open(): OwnChallenge[] {
    const rows = this.#database
      .prepare(
        "SELECT key, release, opener FROM own_challenges WHERE ended_block IS NULL ORDER BY block, key",
      )
      .all();
    return rows as unknown as OwnChallenge[];
  }

  apply(logs: readonly ChainLog[]): void {
    for (const log of logs) {
      if (log.address.toLowerCase() !== this.#disputes) continue;
      const event = disputesInterface.parseLog(log);
      if (event === null || Number(event.args.operatorId ?? 0) !== this.#operatorId()) continue;
      if (event.name === "ChallengeOpened") {
        const { key, opener, claim } = event.args;
        this.#database
          .prepare("INSERT OR REPLACE INTO own_challenges VALUES (?, ?, ?, ?, NULL)")
          .run(key, claim.release, opener, log.blockNumber);
      } else if (event.name === "ChallengeEnded" || event.name === "WrongOutputProved") {
        this.#database
          .prepare("UPDATE own_challenges SET ended_block = ? WHERE key = ?")
          .run(log.blockNumber, event.args.key);
      }
    }
  }

  rollback(ancestor: number): void {
    this.#database.prepare("DELETE FROM own_challenges WHERE block > ?").run(ancestor);
    this.#database
      .prepare("UPDATE own_challenges SET ended_block = NULL WHERE ended_block > ?")
      .run(ancestor);
  }

  onHead(): void {}
}

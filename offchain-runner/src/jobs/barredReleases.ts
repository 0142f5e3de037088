import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";

/** What is remembered against releases on this machine. */
export interface Bars {
  bar(release: string, problem: string): void;
  problemOf(release: string): string | undefined;
}

/** Releases that this machine serves no longer, until somebody says that it may: `unbar`. */
export class BarredReleases implements Bars {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  bar(release: string, problem: string): void {
    this.#database
      .prepare("INSERT OR IGNORE INTO barred_releases VALUES (?, ?, ?)")
      .run(release.toLowerCase(), problem, this.#clock.nowMs());
  }

  problemOf(release: string): string | undefined {
    const row = this.#database
      .prepare("SELECT problem FROM barred_releases WHERE release = ?")
      .get(release.toLowerCase());
    return row?.problem as string | undefined;
  }

  all(): string[] {
    const rows = this.#database.prepare("SELECT release FROM barred_releases ORDER BY release").all();
    return rows.map(({ release }) => release as string);
  }

  /** @returns false when it was not barred */
  unbar(release: string): boolean {
    const { changes } = this.#database
      .prepare("DELETE FROM barred_releases WHERE release = ?")
      .run(release.toLowerCase());
    return changes > 0;
  }
}

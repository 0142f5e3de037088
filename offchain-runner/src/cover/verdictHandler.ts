import type { ChainLog } from "../chain/chainReader.ts";
import { disputesInterface } from "../chain/contracts.ts";
import type { LogHandler } from "../chain/logWatcher.ts";
import type { WrongCoverStore } from "./wrongCoverStore.ts";

const WRONG = 1n;

/** Has covers claimed as soon as a verdict is seen, whoever brought it about. */
export class VerdictHandler implements LogHandler {
  readonly #store: Pick<WrongCoverStore, "wake" | "wakeAll">;
  readonly #disputes: string;

  /** @param disputes address */
  constructor(store: Pick<WrongCoverStore, "wake" | "wakeAll">, disputes: string) {
    this.#store = store;
    this.#disputes = disputes.toLowerCase();
  }

  apply(logs: readonly ChainLog[]): void {
    for (const log of logs) {
      if (log.address.toLowerCase() !== this.#disputes) continue;
      const event = disputesInterface.parseLog(log);
      switch (event?.name) {
        case "WrongOutputProved":
        case "EquivocationProved":
          this.#store.wake(event.args.key);
          break;
        case "ChallengeEnded":
          if (event.args.verdict === WRONG) this.#store.wake(event.args.key);
          break;
      }
    }
  }

  rollback(): void {
    this.#store.wakeAll();
  }

  onHead(): void {}
}

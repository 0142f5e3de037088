import type { Logger } from "pino";
import type { Bell } from "../bell.ts";
import type { ChainTime } from "../chain/chainTime.ts";
import { ADMIT_KEY_GAS } from "../chain/gasModel.ts";
import { verifierInterface } from "../chain/keyRegistry.ts";
import type { PlannedTransaction, TransactionSource } from "../chain/transactionLoop.ts";

const VALID_SEC = 600;

/** Has the verifier take the keys of releases that are served in mode ZK, where nobody did so before. */
export class KeyAdmissionSource implements TransactionSource {
  readonly purpose = "admit-key";
  readonly #due = new Map<string, string>();
  readonly #bell: Bell;
  readonly #time: ChainTime;
  readonly #logger: Logger;

  constructor(bell: Bell, time: ChainTime, logger: Logger) {
    this.#bell = bell;
    this.#time = time;
    this.#logger = logger;
  }

  /** Asks for a key that the verifier would take now. */
  want(verifier: string, release: string): void {
    this.#due.set(release, verifier);
    this.#bell.ring();
  }

  async next(): Promise<PlannedTransaction | undefined> {
    const [due] = this.#due;
    if (due === undefined || !this.#time.isKnown) return undefined;
    const [release, to] = due;
    // Once: whoever asked looks whether it was admitted, and asks again.
    this.#due.delete(release);
    return {
      plan: {
        purpose: "admit-key",
        to,
        data: verifierInterface.encodeFunctionData("admitKey", [release]),
        gasLimit: ADMIT_KEY_GAS,
        validUntil: this.#time.head.timestamp + VALID_SEC,
      },
      onRecorded: () => undefined,
      conclude: ({ status }) => this.#logger.info({ release, status }, "admission of a proof key ended"),
    };
  }

  resume(): () => void {
    return () => undefined;
  }
}

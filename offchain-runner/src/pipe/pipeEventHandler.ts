import { CarriedResultsError, decodeBundles } from "@opg-network/sdk/carriedResults";
import { signedResultsOf } from "@opg-network/sdk/signedBundle";
import type { Logger } from "pino";
import type { ChainLog } from "../chain/chainReader.ts";
import { pipeInterface } from "../chain/contracts.ts";
import type { LogHandler } from "../chain/logWatcher.ts";
import type { ServedResults } from "./servedResults.ts";

/** Notes which of this node's answers were used on chain. */
export class PipeEventHandler implements LogHandler {
  readonly #served: ServedResults;
  readonly #pipe: string;
  readonly #signer: string;
  readonly #onConsumed: (count: number) => void;
  readonly #logger: Logger;

  constructor(
    served: ServedResults,
    { pipe, signer }: { pipe: string; signer: string },
    onConsumed: (count: number) => void,
    logger: Logger,
  ) {
    this.#served = served;
    this.#pipe = pipe.toLowerCase();
    this.#signer = signer;
    this.#onConsumed = onConsumed;
    this.#logger = logger;
  }

  apply(logs: readonly ChainLog[]): void {
    for (const log of logs) if (log.address.toLowerCase() === this.#pipe) this.#applyOne(log);
  }

  rollback(ancestor: number): void {
    this.#served.rollback(ancestor);
  }

  onHead(): void {}

  #applyOne(log: ChainLog): void {
    const event = pipeInterface.parseLog(log);
    if (event?.name !== "ResultsLoaded" || event.args.signer !== this.#signer) return;
    const { payer, bundle } = event.args as unknown as { payer: string; bundle: string };
    try {
      const results = decodeBundles(bundle).flatMap((each) => signedResultsOf(each, payer));
      const by = `${log.transactionHash}:${log.index}`;
      for (const result of results) this.#served.consume(result, log.blockNumber, by);
      this.#onConsumed(results.length);
      this.#logger.info(
        { payer, results: results.length, block: log.blockNumber, transaction: log.transactionHash },
        "results used on chain",
      );
    } catch (error) {
      // Only a lying endpoint shows such a log, and a cursor that stays would stop the node.
      if (!(error instanceof CarriedResultsError)) throw error;
      this.#logger.warn({ err: error, block: log.blockNumber }, "a log of Pipe holds no bundle");
    }
  }
}

/** One handler of all. */
export function joinHandlers(handlers: readonly LogHandler[]): LogHandler {
  return {
    apply: (logs) => {
      for (const handler of handlers) handler.apply(logs);
    },
    rollback: (ancestor) => {
      for (const handler of handlers) handler.rollback(ancestor);
    },
    onHead: (head) => {
      for (const handler of handlers) handler.onHead(head);
    },
  };
}

import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { NodeError } from "../nodeError.ts";
import type { BlockStore, SeenBlock } from "./blockStore.ts";
import type { BlockHeader, ChainLog, ChainReader } from "./chainReader.ts";
import type { ChainTime } from "./chainTime.ts";

/** Gets every log once per chain that contains it. Synchronous: it shares a database transaction with the cursor. */
export interface LogHandler {
  apply(logs: readonly ChainLog[]): void;
  /** Blocks above `ancestor` are no longer part of the chain. */
  rollback(ancestor: number): void;
  /** After a step, outside the transaction; also when there was no log. */
  onHead(head: BlockHeader): void;
}

export interface LogWatcherOptions {
  addresses: readonly string[];
  confirmations: number;
  pollIntervalMs: number;
  maxLogRange: number;
  /** How far back a node without a cursor begins. */
  lookbackBlocks: number;
  /** Nothing is looked for before this block. */
  fromBlock: number;
}

export type WatchStep =
  | { kind: "idle" }
  | { kind: "advanced"; to: number; logs: number }
  | { kind: "rewound"; ancestor: number }
  | { kind: "raced" };

const MAX_BACKOFF_MS = 10_000;
const RANGE_GROWTH = 1.1;

/** Follows the head of the chain block by block, and catches up in ranges. */
export class LogWatcher {
  readonly #reader: ChainReader;
  readonly #blocks: BlockStore;
  readonly #handler: LogHandler;
  readonly #time: ChainTime;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: LogWatcherOptions;
  #range: number;

  constructor(
    dependencies: {
      reader: ChainReader;
      blocks: BlockStore;
      handler: LogHandler;
      time: ChainTime;
      clock: Clock;
      logger: Logger;
    },
    options: LogWatcherOptions,
  ) {
    this.#reader = dependencies.reader;
    this.#blocks = dependencies.blocks;
    this.#handler = dependencies.handler;
    this.#time = dependencies.time;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#options = options;
    this.#range = options.maxLogRange;
  }

  /** Number of the newest block whose logs are processed. */
  get cursor(): number | undefined {
    return this.#blocks.newest()?.number;
  }

  /** Runs until the signal is aborted. Broken endpoints slow it down and never end it. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      let pauseMs = 0;
      try {
        const step = await this.step();
        failures = 0;
        if (step.kind === "idle") pauseMs = this.#options.pollIntervalMs;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        pauseMs = Math.min(this.#options.pollIntervalMs * 2 ** failures, MAX_BACKOFF_MS);
        this.#logger.warn({ err: error, failures }, "chain cannot be followed");
      }
      if (pauseMs > 0) await this.#clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }

  /** Processes the next piece of the chain, if there is one. */
  async step(): Promise<WatchStep> {
    const head = await this.#reader.head();
    const known = this.#blocks.newest() ?? (await this.#begin(head));
    const step = head.number < known.number ? await this.#behind(head) : await this.#follow(head, known);
    const isLagging = head.number < known.number && step.kind === "idle";
    if (!isLagging || !this.#time.isKnown) this.#time.observe(head);
    if (step.kind !== "raced") this.#handler.onHead(head);
    return step;
  }

  async #begin(head: BlockHeader): Promise<SeenBlock> {
    const { lookbackBlocks, fromBlock } = this.#options;
    const number = Math.min(head.number, Math.max(0, fromBlock - 1, head.number - lookbackBlocks));
    const block = number === head.number ? head : await this.#reader.block(number);
    if (block === undefined)
      throw new NodeError("rpc-refused", "a block below the head is missing", { retryable: true });
    this.#blocks.advance(block, () => undefined);
    return block;
  }

  /** An endpoint that lags shows a shorter chain; it counts as reorganised only when it contradicts what we saw. */
  async #behind(head: BlockHeader): Promise<WatchStep> {
    const known = this.#blocks.newest(head.number);
    if (known === undefined || (await this.#isCanonical(known, head))) return { kind: "idle" };
    return this.#rewind(head);
  }

  async #follow(head: BlockHeader, known: SeenBlock): Promise<WatchStep> {
    if (!(await this.#isCanonical(known, head))) return this.#rewind(head);
    const target = Math.min(head.number - this.#options.confirmations, known.number + this.#range);
    if (target <= known.number) return { kind: "idle" };
    const last = target === head.number ? head : await this.#reader.block(target);
    if (last === undefined) return { kind: "raced" };
    const logs =
      target === known.number + 1 ? await this.#logsOf(last, known) : await this.#logsUpTo(last, known);
    if (logs === undefined) return { kind: "raced" };
    this.#blocks.advance(last, () => this.#handler.apply(logs));
    return { kind: "advanced", to: last.number, logs: logs.length };
  }

  async #logsOf(block: BlockHeader, known: SeenBlock): Promise<ChainLog[] | undefined> {
    if (block.parentHash !== known.hash) return undefined;
    return this.#reader.logs(this.#options.addresses, { blockHash: block.hash });
  }

  async #logsUpTo(last: BlockHeader, known: SeenBlock): Promise<ChainLog[] | undefined> {
    let logs: ChainLog[];
    try {
      logs = await this.#reader.logs(this.#options.addresses, {
        fromBlock: known.number + 1,
        toBlock: last.number,
      });
      this.#range = Math.min(Math.ceil(this.#range * RANGE_GROWTH), this.#options.maxLogRange);
    } catch (error) {
      // Endpoints cap ranges by blocks, by logs or by bytes, each with another error: a smaller range passes them all.
      this.#range = Math.max(1, Math.floor((last.number - known.number) / 2));
      throw error;
    }
    const [first, end] = await Promise.all([
      this.#reader.block(known.number),
      this.#reader.block(last.number),
    ]);
    return first?.hash === known.hash && end?.hash === last.hash ? logs : undefined;
  }

  async #rewind(head: BlockHeader): Promise<WatchStep> {
    let known = this.#blocks.newest(head.number);
    while (known !== undefined && !(await this.#isCanonical(known, head)))
      known = this.#blocks.newest(known.number - 1);
    const ancestor = known?.number ?? -1;
    this.#logger.warn({ ancestor, head: head.number }, "chain reorganised");
    this.#blocks.rewind(ancestor, () => this.#handler.rollback(ancestor));
    return { kind: "rewound", ancestor };
  }

  async #isCanonical(block: SeenBlock, head: BlockHeader): Promise<boolean> {
    if (block.number === head.number) return block.hash === head.hash;
    if (block.number === head.number - 1) return block.hash === head.parentHash;
    return (await this.#reader.block(block.number))?.hash === block.hash;
  }
}

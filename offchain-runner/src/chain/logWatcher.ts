import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { NodeError } from "../nodeError.ts";
import type { BlockStore, SeenBlock } from "./blockStore.ts";
import type { BlockHeader, ChainLog, ChainReader } from "./chainReader.ts";
import type { ChainTime } from "./chainTime.ts";
import { mayHaveLogsOf } from "./logsBloom.ts";

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
/** Blocks this close to the head are read one by one, by hash: there endpoints are behind with their logs. */
const SETTLED_BLOCKS = 16;

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
    const { epoch } = this.#reader;
    const head = await this.#reader.head();
    const known = this.#blocks.newest() ?? (await this.#begin(head));
    const step =
      head.number < known.number ? await this.#behind(head, epoch) : await this.#follow(head, known, epoch);
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
  async #behind(head: BlockHeader, epoch: number): Promise<WatchStep> {
    const known = this.#blocks.newest(head.number);
    if (known === undefined || (await this.#isCanonical(known, head))) return { kind: "idle" };
    return this.#rewind(head, known, epoch);
  }

  /** @param epoch in which the head was read: of another endpoint's blocks nothing is concluded */
  async #follow(head: BlockHeader, known: SeenBlock, epoch: number): Promise<WatchStep> {
    if (!(await this.#isCanonical(known, head))) return this.#rewind(head, known, epoch);
    const settled = head.number - SETTLED_BLOCKS;
    const next = Math.max(known.number + 1, Math.min(settled, known.number + this.#range));
    const target = Math.min(head.number - this.#options.confirmations, next);
    if (target <= known.number) return { kind: "idle" };
    const last = target === head.number ? head : await this.#reader.block(target);
    if (last === undefined) return { kind: "raced" };
    const logs =
      target === known.number + 1 ? await this.#logsOf(last, known) : await this.#logsUpTo(last, known);
    // One block and its logs are bound by hashes, whoever gave them; a range is not.
    const isBound = target === known.number + 1 || this.#reader.epoch === epoch;
    if (logs === undefined || !isBound) return { kind: "raced" };
    this.#blocks.advance(last, () => this.#handler.apply(logs));
    return { kind: "advanced", to: last.number, logs: logs.length };
  }

  /** Of one block, by its hash. None where its header speaks of some is asked of others. */
  async #logsOf(block: BlockHeader, known: SeenBlock): Promise<ChainLog[] | undefined> {
    if (block.parentHash !== known.hash) return undefined;
    const { addresses } = this.#options;
    const { epoch } = this.#reader;
    const range = { blockHash: block.hash };
    const logs = await this.#reader.logs(addresses, range);
    const isDoubtful = addresses.some(
      (address) =>
        block.logsBloom !== undefined &&
        mayHaveLogsOf(address, block.logsBloom) &&
        !logs.some((log) => log.address.toLowerCase() === address.toLowerCase()),
    );
    if (!isDoubtful) return logs;
    const others = await this.#reader.logsElsewhere(addresses, range, block);
    if (others === undefined || others.length <= logs.length) return logs;
    this.#reader.distrust("lost-logs", epoch);
    return others;
  }

  async #logsUpTo(last: BlockHeader, known: SeenBlock): Promise<ChainLog[] | undefined> {
    const { addresses } = this.#options;
    const range = { fromBlock: known.number + 1, toBlock: last.number };
    const half = Math.max(1, Math.floor((last.number - known.number) / 2));
    let logs: ChainLog[];
    try {
      logs = await this.#reader.logs(addresses, range);
      this.#range = Math.min(Math.ceil(this.#range * RANGE_GROWTH), this.#options.maxLogRange);
    } catch (error) {
      // Endpoints cap ranges by blocks, by logs or by bytes, each with another error: a smaller range passes them all.
      this.#range = half;
      throw error;
    }
    const others = await this.#reader.logsElsewhere(addresses, range);
    if (others !== undefined && !areSame(logs, others)) {
      // In the end it is one block, which its header can speak for.
      this.#range = half;
      return undefined;
    }
    const [first, end] = await Promise.all([
      this.#reader.block(known.number),
      this.#reader.block(last.number),
    ]);
    return first?.hash === known.hash && end?.hash === last.hash ? logs : undefined;
  }

  /** @param contradicted a block that this endpoint has no longer */
  async #rewind(head: BlockHeader, contradicted: SeenBlock, epoch: number): Promise<WatchStep> {
    if (await this.#reader.isHeldElsewhere(contradicted, head)) {
      this.#reader.distrust("contradicted", epoch);
      return { kind: "raced" };
    }
    let known = this.#blocks.newest(head.number);
    while (known !== undefined && !(await this.#isCanonical(known, head)))
      known = this.#blocks.newest(known.number - 1);
    if (this.#reader.epoch !== epoch) return { kind: "raced" };
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

function areSame(logs: readonly ChainLog[], others: readonly ChainLog[]): boolean {
  return (
    logs.length === others.length &&
    logs.every(
      ({ blockHash, index }, at) => others[at]?.blockHash === blockHash && others[at]?.index === index,
    )
  );
}

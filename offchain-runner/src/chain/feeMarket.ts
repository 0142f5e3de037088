import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { ChainTime } from "./chainTime.ts";
import { at, type FeeReader, type RollupFees } from "./feeReader.ts";

const REFRESH_MS = 5_000;
/** Envelope and signature of a transaction, beside its calldata. */
const ENVELOPE_BYTES = 200n;

/** What a transaction costs at the present prices, wei of the chain's coin. */
export interface Fees {
  /** What is taken beside gas: for its data, and for the chain's operator. */
  besideGas(gas: bigint, calldataBytes: number): bigint;
  operatorFee(gas: bigint): bigint;
}

/** Follows the prices that are not in a block's header. */
export class FeeMarket implements Fees {
  readonly #reader: FeeReader;
  readonly #time: ChainTime;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #maxTip: bigint;
  #tip: bigint;
  #rollup: RollupFees | undefined;
  #isSaid = false;

  /** @param maxTip what the node bids at most */
  constructor(
    dependencies: { reader: FeeReader; time: ChainTime; clock: Clock; logger: Logger },
    maxTip: bigint,
  ) {
    this.#reader = dependencies.reader;
    this.#time = dependencies.time;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#maxTip = maxTip;
    this.#tip = maxTip;
  }

  /** Expected cost of a transaction, with what it takes beside gas. */
  costOf(gas: bigint, calldataBytes: number): bigint {
    return gas * (this.#time.head.baseFee + this.#tip) + this.besideGas(gas, calldataBytes);
  }

  besideGas(gas: bigint, calldataBytes: number): bigint {
    if (this.#rollup === undefined) return 0n;
    return at(this.#rollup.data, BigInt(calldataBytes) + ENVELOPE_BYTES) + this.operatorFee(gas);
  }

  operatorFee(gas: bigint): bigint {
    return this.#rollup === undefined ? 0n : at(this.#rollup.operator, gas);
  }

  async refresh(): Promise<void> {
    const [tip, rollup] = await Promise.all([this.#reader.suggestedTip(), this.#reader.rollupFees()]);
    this.#tip = lesser(tip, this.#maxTip);
    this.#rollup = rollup;
    if (rollup === undefined && !this.#isSaid)
      this.#logger.info("this chain has no gas price oracle; nothing is counted for data");
    this.#isSaid = true;
  }

  /** Endpoints that fail leave the prices as they are. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(REFRESH_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.refresh().catch((error: unknown) => {
        if (!signal.aborted) this.#logger.warn({ err: error }, "fees cannot be read");
      });
    }
  }
}

function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

import type { ChainTime } from "../chain/chainTime.ts";

const WEI = 10n ** 18n;

/** What gas is worth in OPG, by the configured price of the chain's coin. */
export class GasCost {
  readonly #time: ChainTime;
  readonly #opgPerCoin: bigint;
  readonly #maxTip: bigint;

  /** @param opgPerCoin token wei of OPG that one whole coin is worth; 0 = gas costs nothing */
  constructor(time: ChainTime, opgPerCoin: bigint, maxTip: bigint) {
    this.#time = time;
    this.#opgPerCoin = opgPerCoin;
    this.#maxTip = maxTip;
  }

  /** Token wei of OPG for `gas` at the present price. */
  of(gas: bigint): bigint {
    return (gas * (this.#time.head.baseFee + this.#maxTip) * this.#opgPerCoin) / WEI;
  }
}

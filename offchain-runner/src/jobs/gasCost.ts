import type { FeeMarket } from "../chain/feeMarket.ts";

const WEI = 10n ** 18n;

/** What transactions are worth in OPG, by the configured price of the chain's coin. */
export class GasCost {
  readonly #market: Pick<FeeMarket, "costOf">;
  readonly #opgPerCoin: bigint;

  /** @param opgPerCoin token wei of OPG that one whole coin is worth; 0 = gas costs nothing */
  constructor(market: Pick<FeeMarket, "costOf">, opgPerCoin: bigint) {
    this.#market = market;
    this.#opgPerCoin = opgPerCoin;
  }

  /** Token wei of OPG for a transaction at the present prices, what a rollup takes for its data included. */
  of({ gas, calldataBytes }: TransactionWork): bigint {
    if (this.#opgPerCoin === 0n) return 0n;
    return (this.#market.costOf(gas, calldataBytes) * this.#opgPerCoin) / WEI;
  }
}

/** What a transaction takes. */
export interface TransactionWork {
  gas: bigint;
  calldataBytes: number;
}

export function together(...parts: readonly TransactionWork[]): TransactionWork {
  return {
    gas: parts.reduce((sum, { gas }) => sum + gas, 0n),
    calldataBytes: parts.reduce((sum, { calldataBytes }) => sum + calldataBytes, 0),
  };
}

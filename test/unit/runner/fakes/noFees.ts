import type { Fees } from "../../../../offchain-runner/src/chain/feeMarket.ts";

/** A chain on which gas is all that is paid. */
export const NO_FEES: Fees = { besideGas: () => 0n, operatorFee: () => 0n };

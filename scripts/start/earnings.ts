/** Where maturity windows are counted from: `EPOCH_ZERO` in contracts/libraries/Pots.sol. */
const EPOCH_ZERO = 1_735_689_600n;
const BPS = 10_000n;

/** How a fee divides when it is claimed, token wei. */
export function divideFee(paid: bigint, royalty: bigint, protocolFeeBps: bigint) {
  const protocol = (paid * protocolFeeBps) / BPS;
  return { protocol, royalty, operator: paid - protocol - royalty };
}

/** When a payment made at `timestamp` can be claimed: two windows after its own began. Seconds. */
export function maturesAt(timestamp: bigint, window: bigint): bigint {
  const epoch = (timestamp - EPOCH_ZERO) / window;
  return EPOCH_ZERO + (epoch + 2n) * window;
}

/** Names of alarms, stable: Prometheus rules and runbooks go by them. What they mean is in README.md. */
export const ALARM_IDS = [
  "accept-budget-low",
  "balance-low",
  "clock-skewed",
  "coin-budget-low",
  "cover-used-up",
  "disk-low",
  "dispute-against-us",
  "earnings-at-risk",
  "exposure-high",
  "gas-price-over-cap",
  "jailed",
  "model-disagreement",
  "not-registered",
  "rpc-degraded",
  "rpc-down",
  "rpc-wrong-chain",
  "signer-not-active",
  "stake-low",
  "transaction-stuck",
] as const;

export type AlarmId = (typeof ALARM_IDS)[number];

/** `critical`: something is lost, or not earned, now. `warning`: it will be, unless somebody acts. */
export type AlarmSeverity = "warning" | "critical";

export interface Alarm {
  id: AlarmId;
  severity: AlarmSeverity;
  /** What is the matter, and what to do. */
  text: string;
}

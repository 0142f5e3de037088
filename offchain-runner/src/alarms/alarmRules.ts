import { formatEther, formatUnits } from "ethers";
import type { AlarmsConfig } from "../config.ts";
import type { Alarm, AlarmId } from "./alarm.ts";
import type { AlarmFacts, LocalFacts } from "./alarmFacts.ts";

const DAY_SEC = 86_400;
const STUCK_MS = 120_000;
/** Below a quarter of what is warned of, it hurts. */
const CRITICAL_PART = 4;

const PASSING_FAILURES = 3;
const ANSWERING: ReadonlySet<string> = new Set(["behind", "distrusted"]);

type Rule = (facts: AlarmFacts, limits: AlarmsConfig) => Alarm | undefined;
type LocalRule = (facts: LocalFacts, limits: AlarmsConfig) => Alarm | undefined;

/** What is the matter, by facts alone. */
export function alarmsOf(facts: AlarmFacts, limits: AlarmsConfig): Alarm[] {
  return RULES.flatMap((rule) => rule(facts, limits) ?? []);
}

const balance: Rule = ({ coin, sending }, { balanceDays, balanceCoin }) => {
  const isShort = sending.problem === "balance-low";
  const days = coin.spentPerDay === 0n ? undefined : Number((coin.balance * 100n) / coin.spentPerDay) / 100;
  const isLow = isShort || coin.balance < balanceCoin || (days !== undefined && days < balanceDays);
  if (!isLow) return undefined;
  const isCritical =
    isShort ||
    coin.balance < balanceCoin / BigInt(CRITICAL_PART) ||
    (days !== undefined && days < balanceDays / CRITICAL_PART);
  const left = days === undefined ? "" : `, ${days.toFixed(1)} days at the present spend`;
  const kept = isShort ? ", which was too little for its last transaction" : "";
  const text = `The signer has ${coins(coin.balance)} left${kept}${left}: send it coin`;
  return { id: "balance-low", severity: isCritical ? "critical" : "warning", text };
};

const coinBudget: LocalRule = ({ coin, sending }, { spendShare }) => {
  if (coin.maxPerDay === 0n) return undefined;
  const isSpent = sending.problem === "coin-budget-spent";
  const share = Number((coin.spentToday * 1_000n) / coin.maxPerDay) / 1_000;
  if (!isSpent && share < spendShare) return undefined;
  return {
    id: "coin-budget-low",
    severity: isSpent ? "critical" : "warning",
    text: `${coins(coin.spentToday)} of ${coins(coin.maxPerDay)} a day are spent: find out why, or raise fees.maxCoinPerDay`,
  };
};

const gasPrice: LocalRule = ({ sending }) =>
  sending.problem === "gas-price-over-cap"
    ? {
        id: "gas-price-over-cap",
        severity: "warning",
        text: "Gas costs more than the caps allow: wait, or raise fees.maxFeeGwei or fees.maxCoinPerTransaction",
      }
    : undefined;

const stuck: LocalRule = ({ sending: { stuckMs } }) =>
  (stuckMs ?? 0) > STUCK_MS
    ? {
        id: "transaction-stuck",
        severity: "warning",
        text: `A transaction is not mined for ${Math.round((stuckMs ?? 0) / 1000)} s: compare its bid with the chain's gas price`,
      }
    : undefined;

const registration: Rule = ({ isServing, operator }) =>
  isServing && operator === undefined
    ? {
        id: "not-registered",
        severity: "critical",
        text: "The signer belongs to no operator: `operator register` with its key",
      }
    : undefined;

const signer: Rule = ({ operator }) =>
  operator === undefined || operator.isSignerActive
    ? undefined
    : {
        id: "signer-not-active",
        severity: "critical",
        text: "The signer was revoked or replaced: give the node the present key, or rotate to this one's successor",
      };

const jail: Rule = ({ operator, nowSec }) => {
  if (operator?.isJailed !== true) return undefined;
  const left = operator.jailEndsAt - nowSec;
  const when = left > 0 ? `possible in ${duration(left)}` : "possible now";
  return {
    id: "jailed",
    severity: "critical",
    text: `The operator was slashed and is in jail: find the cause first; \`operator leave-jail\` is ${when}`,
  };
};

const stake: Rule = ({ operator }, { stakeMargin }) => {
  if (operator === undefined) return undefined;
  const needed = larger(operator.minimumStake, operator.demandedStake);
  const margin = (needed * BigInt(Math.round(stakeMargin * 1_000))) / 1_000n;
  if (operator.stake >= needed + margin) return undefined;
  const isShort = operator.stake < needed;
  const by =
    operator.demandedStake > operator.minimumStake ? `release ${operator.demandedBy}` : "the network";
  return {
    id: "stake-low",
    severity: isShort ? "critical" : "warning",
    text: `${opg(operator.stake)} count as stake and ${by} demands ${opg(needed)}: \`operator stake\` more`,
  };
};

const exposure: Rule = ({ exposure: { insured, bonded, stake: total } }, { exposureShare }) => {
  const bound = insured + bonded;
  if (bound === 0n || share(bound, total) < exposureShare) return undefined;
  return {
    id: "exposure-high",
    severity: "warning",
    text: `${opg(insured)} insured and ${opg(bonded)} in bonds hang on ${opg(total)} of stake: stake more, or lower cover.total and limits.queue`,
  };
};

const cover: Rule = ({ exposure: { cover: sold, insured, coverable } }, { coverShare }) => {
  if (sold === undefined) return undefined;
  const isOwnLimit = share(insured, sold.total) >= coverShare;
  const isChainLimit = coverable.some((amount) => amount < sold.perResult);
  if (!isOwnLimit && !isChainLimit) return undefined;
  return {
    id: "cover-used-up",
    severity: "warning",
    text: isChainLimit
      ? "What is set aside for covers insures no result of cover.perResult any more: stake more, or `operator cover` a larger share"
      : `${opg(insured)} of ${opg(sold.total)} are insured: raise cover.total, or wait until results expire`,
  };
};

const acceptBudget: Rule = ({ acceptBudget: budget }, limits) =>
  budget !== undefined && budget < limits.acceptBudget
    ? {
        id: "accept-budget-low",
        severity: "warning",
        text: `${opg(budget)} are there to accept requests of slow models with: \`escrow deposit\` for the signer`,
      }
    : undefined;

const unripe: Rule = ({ unripe: amount, operator, exposure: { stake: total } }, { unripeShare }) =>
  operator !== undefined && amount > 0n && share(amount, total) >= unripeShare
    ? {
        id: "earnings-at-risk",
        severity: "warning",
        text: `${opg(amount)} of earnings are not ripe, and a slash would take them: they are much beside ${opg(total)} of stake`,
      }
    : undefined;

const disk: LocalRule = ({ diskFreeBytes }, limits) =>
  diskFreeBytes < limits.diskFreeBytes
    ? {
        id: "disk-low",
        severity: diskFreeBytes < limits.diskFreeBytes / CRITICAL_PART ? "critical" : "warning",
        text: `${Math.floor(diskFreeBytes / 1_048_576)} MiB are free where dataDir is: without room nothing can be signed`,
      }
    : undefined;

const rpc: LocalRule = ({ endpoints }) => {
  const bad = endpoints.filter(({ state, failuresInRow }) => {
    // Everybody fails now and then.
    const isPassing = state === "resting" && failuresInRow < PASSING_FAILURES;
    return state !== "up" && state !== "wrong-chain" && !isPassing;
  });
  const states = bad.map(({ host, state }) => `${host} ${state}`).join(", ");
  const isDown = endpoints.every(
    (endpoint) =>
      endpoint.state === "wrong-chain" || (bad.includes(endpoint) && !ANSWERING.has(endpoint.state)),
  );
  if (isDown) {
    return {
      id: "rpc-down",
      severity: "critical",
      text: `No chain endpoint answers (${states}): add another to chain.rpcUrls`,
    };
  }
  if (bad.length === 0) return undefined;
  return { id: "rpc-degraded", severity: "warning", text: `Chain endpoints are not in order: ${states}` };
};

const wrongChain: LocalRule = ({ endpoints }) => {
  const wrong = endpoints.filter(({ state }) => state === "wrong-chain").map(({ host }) => host);
  if (wrong.length === 0) return undefined;
  const text = `${wrong.join(", ")} serve another chain: take them out of chain.rpcUrls`;
  return { id: "rpc-wrong-chain", severity: "critical", text };
};

const clock: LocalRule = ({ endpoints, headAheadMs }, { clockSkewSec }) => {
  const skews = endpoints.flatMap(({ skewMs }) => skewMs ?? []).toSorted((a, b) => a - b);
  const median = skews[Math.floor(skews.length / 2)] ?? 0;
  const ahead = headAheadMs ?? 0;
  const skewMs = Math.abs(median) > clockSkewSec * 1000 ? median : ahead > clockSkewSec * 1000 ? ahead : 0;
  if (skewMs === 0) return undefined;
  const side = skewMs > 0 ? "behind" : "ahead";
  const by = Math.round(Math.abs(skewMs) / 1000);
  return {
    id: "clock-skewed",
    severity: "warning",
    text: `This machine's clock is some ${by} s ${side} of chain and endpoints: set up time synchronisation`,
  };
};

const disagreement: LocalRule = ({ disagreements }) =>
  disagreements.length === 0
    ? undefined
    : {
        id: "model-disagreement",
        severity: "critical",
        text: `ONNX Runtime and the interpreter differ on ${disagreements.join(", ")}: find out what is wrong with this machine, then \`unbar\` them`,
      };

const dispute: LocalRule = ({ challenges }) => {
  const [first] = challenges;
  if (first === undefined) return undefined;
  return {
    id: "dispute-against-us",
    severity: "critical",
    text: `${challenges.length} results of this operator are challenged, one of release ${first.release} by ${first.opener}: stop serving it until you know why (\`dispute show ${first.key}\`)`,
  };
};

const LOCAL_RULES: readonly LocalRule[] = [
  coinBudget,
  gasPrice,
  stuck,
  disk,
  rpc,
  wrongChain,
  clock,
  disagreement,
  dispute,
];

/** What those say that can be judged while no endpoint answers. */
export const LOCAL_ALARMS: ReadonlySet<AlarmId> = new Set<AlarmId>([
  "coin-budget-low",
  "gas-price-over-cap",
  "transaction-stuck",
  "disk-low",
  "rpc-degraded",
  "rpc-down",
  "rpc-wrong-chain",
  "clock-skewed",
  "model-disagreement",
  "dispute-against-us",
]);

export function localAlarms(facts: LocalFacts, limits: AlarmsConfig): Alarm[] {
  return LOCAL_RULES.flatMap((rule) => rule(facts, limits) ?? []);
}

const RULES: readonly Rule[] = [
  balance,
  registration,
  signer,
  jail,
  stake,
  exposure,
  cover,
  acceptBudget,
  unripe,
  ...LOCAL_RULES,
];

function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** Of nothing everything is too much. */
function share(part: bigint, whole: bigint): number {
  return whole === 0n ? Number.POSITIVE_INFINITY : Number((part * 10_000n) / whole) / 10_000;
}

function opg(amount: bigint): string {
  return `${formatEther(amount)} OPG`;
}

function coins(wei: bigint): string {
  return `${Number(formatUnits(wei, 18)).toPrecision(3)} coin`;
}

function duration(seconds: number): string {
  if (seconds >= 2 * DAY_SEC) return `${Math.ceil(seconds / DAY_SEC)} days`;
  return seconds >= 7_200 ? `${Math.ceil(seconds / 3_600)} hours` : `${Math.ceil(seconds / 60)} minutes`;
}

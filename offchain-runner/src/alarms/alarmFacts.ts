import type { EndpointHealth } from "../chain/rpcEndpoint.ts";
import type { SendingProblem } from "../chain/transactionLoop.ts";
import type { CoverConfig } from "../config.ts";

/** All that alarms rest on, read at one moment. Amounts are token wei (OPG) or wei of the chain's coin. */
export interface AlarmFacts {
  isServing: boolean;
  /** Seconds of chain time. */
  nowSec: number;
  endpoints: readonly EndpointHealth[];
  /** The newest block's time less this machine's; undefined where a chain keeps its own time. */
  headAheadMs: number | undefined;
  coin: CoinFacts;
  /** Undefined while the signer belongs to no operator. */
  operator: OperatorFacts | undefined;
  exposure: ExposureFacts;
  /** Token wei in the requests contract, to accept with; undefined where the node accepts nothing. */
  acceptBudget: bigint | undefined;
  diskFreeBytes: number;
  unripe: bigint;
  /** Releases that are barred. */
  disagreements: readonly string[];
  challenges: readonly OwnChallenge[];
  sending: { problem: SendingProblem | undefined; stuckMs: number | undefined };
}

/** What this machine knows by itself, also while the chain cannot be asked. */
export type LocalFacts = Pick<
  AlarmFacts,
  "endpoints" | "headAheadMs" | "diskFreeBytes" | "disagreements" | "challenges" | "sending"
> & { coin: Pick<CoinFacts, "spentToday" | "maxPerDay"> };

export interface CoinFacts {
  balance: bigint;
  /** At the present rate. */
  spentPerDay: bigint;
  spentToday: bigint;
  /** 0 = any. */
  maxPerDay: bigint;
}

export interface OperatorFacts {
  isSignerActive: boolean;
  isJailed: boolean;
  /** When leaving jail is possible. */
  jailEndsAt: number;
  /** What counts for minimums. */
  stake: bigint;
  minimumStake: bigint;
  /** The most that a release which this node serves demands, and which. */
  demandedStake: bigint;
  demandedBy: string | undefined;
}

/** What hangs on the signer's stake at the moment. */
export interface ExposureFacts {
  /** Covers in results that can still be used. */
  insured: bigint;
  /** Bonds of requests that it accepted. */
  bonded: bigint;
  /** Active stake, what is set aside for covers included. */
  stake: bigint;
  cover: CoverConfig | undefined;
  /** What each contract that insures could still reserve. */
  coverable: readonly bigint[];
}

/** A challenge of a result that this operator signed. */
export interface OwnChallenge {
  key: string;
  release: string;
  opener: string;
}

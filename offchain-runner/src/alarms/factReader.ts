import { statfs } from "node:fs/promises";
import { GRAIN } from "@opg-network/sdk/request";
import { isCallException } from "ethers";
import type { ChainTime } from "../chain/chainTime.ts";
import type { Contracts } from "../chain/contracts.ts";
import type { OwnAccount } from "../chain/ownAccount.ts";
import type { EndpointHealth } from "../chain/rpcEndpoint.ts";
import type { TransactionChain } from "../chain/transactionChain.ts";
import type { TransactionLoop } from "../chain/transactionLoop.ts";
import type { TransactionSender } from "../chain/transactionSender.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import { LOCAL_CHAIN_ID } from "../config.ts";
import type { CoverUse } from "../cover/coverUse.ts";
import type { ClaimSource } from "../jobs/claimSource.ts";
import type { OfferedReleases } from "../jobs/offeredReleases.ts";
import type { AlarmFacts, ExposureFacts, LocalFacts, OperatorFacts, OwnChallenge } from "./alarmFacts.ts";

const SIGNER_ACTIVE = 1n;
const DAY_MS = 86_400_000;
/** A rate that was seen for less says little. */
const LEAST_SPENDING_MS = 3_600_000;

export interface FactSources {
  config: Config;
  contracts: Contracts;
  account: OwnAccount;
  chain: TransactionChain;
  time: ChainTime;
  clock: Clock;
  loop: TransactionLoop;
  sender: TransactionSender;
  releases: OfferedReleases;
  claims: ClaimSource;
  endpoints(): EndpointHealth[];
  /** Covers of requests and calls that can still be used. */
  insured(): CoverUse;
  /** Token wei in bonds of accepted requests. */
  bonded(): bigint;
  challenges(): OwnChallenge[];
}

/** What takes no question to the chain. */
export async function readLocalFacts(sources: FactSources): Promise<LocalFacts> {
  const { config, time, clock, loop, sender, releases } = sources;
  const isLocal = config.chain.chainId === LOCAL_CHAIN_ID;
  // Where the folder cannot even be looked at, nothing can be written to it.
  const { bavail, bsize } = await statfs(config.dataDir).catch(() => ({ bavail: 0, bsize: 0 }));
  return {
    endpoints: sources.endpoints(),
    headAheadMs: isLocal || !time.isKnown ? undefined : time.head.timestamp * 1000 - clock.nowMs(),
    coin: { spentToday: sender.spentToday(), maxPerDay: config.fees.maxCoinPerDay },
    diskFreeBytes: bavail * bsize,
    disagreements: releases.barred(),
    challenges: sources.challenges(),
    sending: { problem: loop.problem, stuckMs: sender.inFlightMs },
  };
}

/** Reads what alarms are judged by. @throws NodeError when the chain cannot be asked */
export async function readFacts(sources: FactSources): Promise<AlarmFacts> {
  const { config, account, chain, time, sender, claims, contracts } = sources;
  const [balance, standing] = await Promise.all([
    chain.balance(),
    contracts.operators.standingOf(account.signer),
  ]);
  const isOperator = standing.operatorId !== 0n;
  const [operator, exposure, acceptBudget] = await Promise.all([
    isOperator ? operatorFacts(sources, standing) : undefined,
    exposureFacts(sources, standing.stake * GRAIN, isOperator),
    acceptsSlowModels(sources) ? account.bondBudget() : undefined,
  ]);
  const local = await readLocalFacts(sources);
  return {
    ...local,
    isServing: config.roles.includes("inference"),
    nowSec: time.isKnown ? time.nowSec() : 0,
    coin: { ...local.coin, balance, spentPerDay: sender.spentPerDay(DAY_MS, LEAST_SPENDING_MS) },
    operator,
    exposure,
    acceptBudget,
    unripe: [...claims.earnings.values()].reduce((sum, { unripe }) => sum + unripe, 0n),
  };
}

type Standing = Awaited<ReturnType<Contracts["operators"]["standingOf"]>>;

async function operatorFacts(
  { contracts, releases }: FactSources,
  standing: Standing,
): Promise<OperatorFacts> {
  const { operators, hub } = contracts;
  const ids = releases.all().flatMap(({ id }) => id ?? []);
  const [minimumStake, jailPeriod, ...terms] = await Promise.all([
    operators.minimumStake(),
    operators.jailPeriod(),
    ...ids.map((id) => hub.termsOf(id).catch(unlessUnreached)),
  ]);
  let [demandedStake, demandedBy]: [bigint, string | undefined] = [0n, undefined];
  for (const [index, each] of terms.entries())
    if (each !== undefined && each.minStake > demandedStake)
      [demandedStake, demandedBy] = [each.minStake, ids[index]];
  const setAside = (standing.stake * standing.coverPercent) / 100n;
  return {
    isSignerActive: standing.status === SIGNER_ACTIVE,
    isJailed: standing.jailed,
    jailEndsAt: Number(standing.lastSlashAt + jailPeriod),
    stake: (standing.stake - setAside) * GRAIN,
    minimumStake,
    demandedStake,
    demandedBy,
  };
}

async function exposureFacts(
  { config, account, contracts, insured, bonded }: FactSources,
  stake: bigint,
  isOperator: boolean,
): Promise<ExposureFacts> {
  const { cover, chain } = config;
  const { InferenceRequests } = chain.addresses;
  const coverers = [InferenceRequests, ...(contracts.pipe === undefined ? [] : [contracts.pipe.address])];
  const isSold = cover !== undefined && isOperator;
  const coverable = isSold ? await Promise.all(coverers.map((each) => account.coverable(each))) : [];
  return { insured: insured().total, bonded: bonded(), stake, cover, coverable };
}

function acceptsSlowModels({ config, releases }: FactSources): boolean {
  return releases.all().some(({ runMs }) => runMs > config.accept.aboveRunMs);
}

/** What the hub refuses is nothing to it; that it was not reached says nothing. */
function unlessUnreached(error: unknown): undefined {
  if (!isCallException(error)) throw error;
}

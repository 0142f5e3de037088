import { setTimeout as delay } from "node:timers/promises";
import type { Alarm } from "../alarms/alarm.ts";
import type { ChainTime } from "../chain/chainTime.ts";
import type { LogWatcher } from "../chain/logWatcher.ts";
import type { OwnAccount } from "../chain/ownAccount.ts";
import type { EndpointHealth } from "../chain/rpcEndpoint.ts";
import type { TransactionChain } from "../chain/transactionChain.ts";
import type { TransactionLoop } from "../chain/transactionLoop.ts";
import type { TransactionSender } from "../chain/transactionSender.ts";
import type { CoverUse } from "../cover/coverUse.ts";
import type { OwnStanding } from "../jobs/admission.ts";
import type { ClaimSource } from "../jobs/claimSource.ts";
import type { JobStore } from "../jobs/jobStore.ts";
import type { OfferedReleases } from "../jobs/offeredReleases.ts";
import type { NodeStatus, PipeStatus, ProofsStatus, VerifierStatus } from "./status.ts";
import { summarise } from "./status.ts";

const RECENT_JOBS = 20;
const STUCK_TRANSACTION_MS = 120_000;
const MAX_LAG_BLOCKS = 5;
/** A status is wanted most while the chain cannot be asked, and whoever scrapes it waits for some ten seconds. */
const PATIENCE_MS = 3_000;

export interface StatusSources {
  chainId: number;
  confirmations: number;
  /** 0 = never. */
  silentAfterMs: number;
  alarms(): readonly Alarm[];
  insured(): CoverUse;
  endpoints(): EndpointHealth[];
  time: ChainTime;
  watcher: LogWatcher;
  account: OwnAccount;
  chain: TransactionChain;
  loop: TransactionLoop;
  sender: TransactionSender;
  releases: OfferedReleases;
  claims: ClaimSource;
  jobs: JobStore;
  pipe: (() => PipeStatus) | undefined;
  proofs: (() => ProofsStatus) | undefined;
  verifier: (() => VerifierStatus) | undefined;
  /** Answers inferences, for which it needs an operator. */
  isServing: boolean;
}

/** Puts together what the node knows of itself, when somebody asks. */
export class StatusReader {
  readonly #sources: StatusSources;
  #asking: Promise<NodeStatus["operator"]> | undefined;

  constructor(sources: StatusSources) {
    this.#sources = sources;
  }

  async read(): Promise<NodeStatus> {
    const { releases, claims, jobs } = this.#sources;
    const operator = await this.#operatorSoon();
    const counts = jobs.counts();
    const reasons = this.#reasons(operator);
    const proofs = this.#sources.proofs?.();
    return {
      isReady: reasons.length === 0,
      reasons,
      chain: this.#chain(),
      alarms: this.#sources.alarms(),
      exposure: {
        insured: this.#sources.insured().total.toString(),
        bonded: jobs.bonded().toString(),
      },
      endpoints: this.#sources.endpoints(),
      operator,
      releases: releases.all().map(({ config, id, status, problem, runMs, zk }) => ({
        reference: config.release,
        id,
        status,
        problem,
        runMs: Math.round(runMs),
        zk:
          zk === undefined
            ? undefined
            : { ...zk, problem: zk.problem, proofMs: proofs?.expectedMs[id ?? ""] },
      })),
      jobs: counts,
      queueDepth: counts.queued + counts.accepted + counts.running,
      pipe: this.#sources.pipe?.(),
      proofs,
      verifier: this.#sources.verifier?.(),
      earnings: [...claims.earnings.values()].map(({ source, release, matured, unripe }) => ({
        source,
        release,
        matured: matured.toString(),
        unripe: unripe.toString(),
      })),
      recentJobs: jobs.recent(RECENT_JOBS).map(summarise),
    };
  }

  /** What the chain says, if it says it soon. Asked once, however many want to know at the same time. */
  #operatorSoon(): Promise<NodeStatus["operator"]> {
    this.#asking ??= this.#operator()
      .catch(() => undefined)
      .finally(() => {
        this.#asking = undefined;
      });
    return Promise.race([this.#asking, delay(PATIENCE_MS, undefined, { ref: false })]);
  }

  async #operator(): Promise<NonNullable<NodeStatus["operator"]>> {
    const { account, chain } = this.#sources;
    const [standing, balance]: [OwnStanding, bigint] = await Promise.all([
      account.standing(),
      chain.balance(),
    ]);
    return {
      operatorId: standing.operatorId,
      signer: account.signer,
      isActive: standing.isActive,
      stake: standing.stake.toString(),
      signerBalance: balance.toString(),
    };
  }

  #chain(): NodeStatus["chain"] {
    const { chainId, time, watcher } = this.#sources;
    const cursor = watcher.cursor ?? 0;
    const head = time.isKnown ? time.head.number : 0;
    return {
      chainId,
      head,
      cursor,
      lagBlocks: Math.max(0, head - cursor),
      headAgeMs: time.isKnown ? time.ageMs() : 0,
    };
  }

  #reasons(operator: NodeStatus["operator"]): string[] {
    const { time, loop, sender, releases, confirmations, silentAfterMs, isServing } = this.#sources;
    const reasons: string[] = [];
    if (!time.isKnown || (silentAfterMs > 0 && time.ageMs() > silentAfterMs)) reasons.push("chain-silent");
    if (this.#chain().lagBlocks > MAX_LAG_BLOCKS + confirmations) reasons.push("catching-up");
    if (operator === undefined) reasons.push("rpc-unavailable");
    else if (isServing && operator.operatorId === 0) reasons.push("operator-not-registered");
    else if (isServing && !operator.isActive) reasons.push("operator-not-active");
    if (operator?.signerBalance === "0") reasons.push("balance-low");
    else if (loop.problem !== undefined) reasons.push(loop.problem);
    if ((sender.inFlightMs ?? 0) > STUCK_TRANSACTION_MS) reasons.push("transaction-stuck");
    for (const { config, status, problem, zk } of releases.all()) {
      if (status !== "ready") reasons.push(`release-not-ready:${config.release}:${problem ?? "loading"}`);
      else if (zk !== undefined && zk.status !== "ready")
        reasons.push(`proofs-not-ready:${config.release}:${zk.problem ?? "loading"}`);
    }
    return reasons;
  }
}

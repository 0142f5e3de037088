import type { Logger } from "pino";
import type { ChainTime } from "../chain/chainTime.ts";
import type { Contracts } from "../chain/contracts.ts";
import { requestsInterface } from "../chain/contracts.ts";
import { CLAIM_BASE_GAS, CLAIM_CONTRIBUTOR_GAS } from "../chain/gasModel.ts";
import type { OwnAccount } from "../chain/ownAccount.ts";
import type { PlannedTransaction, TransactionSource } from "../chain/transactionLoop.ts";
import type { SubmitOutcome } from "../chain/transactionSender.ts";
import type { Clock } from "../clock.ts";
import type { PublishedRelease } from "../hub/releaseCatalog.ts";
import type { GasCost } from "./gasCost.ts";
import type { OfferedReleases } from "./offeredReleases.ts";

const VALID_SEC = 3_600;

export interface ReleaseEarnings {
  matured: bigint;
  unripe: bigint;
}

export interface ClaimDependencies {
  contracts: Contracts;
  releases: OfferedReleases;
  account: OwnAccount;
  time: ChainTime;
  gasCost: GasCost;
  clock: Clock;
  logger: Logger;
}

export interface ClaimOptions {
  intervalMs: number;
  /** Token wei. */
  threshold: bigint;
  requestsAddress: string;
}

/** Follows earnings until they mature, and claims them when it is worth a transaction. */
export class ClaimSource implements TransactionSource {
  readonly purpose = "claim";
  readonly earnings = new Map<string, ReleaseEarnings>();
  readonly #dependencies: ClaimDependencies;
  readonly #options: ClaimOptions;
  #nextLookMs = 0;
  #due: PublishedRelease[] = [];

  constructor(dependencies: ClaimDependencies, options: ClaimOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  async next(): Promise<PlannedTransaction | undefined> {
    const { clock, account, time } = this.#dependencies;
    if (!time.isKnown || (await account.standing()).operatorId === 0) return undefined;
    if (clock.nowMs() >= this.#nextLookMs) {
      this.#nextLookMs = clock.nowMs() + this.#options.intervalMs;
      await this.#look();
    }
    const release = this.#due.shift();
    return release === undefined ? undefined : this.#plan(release);
  }

  resume(): (outcome: SubmitOutcome) => void {
    return () => undefined;
  }

  async #look(): Promise<void> {
    const { contracts, releases, account, gasCost, logger } = this.#dependencies;
    this.#due = [];
    for (const { release } of releases.all()) {
      if (release === undefined) continue;
      const { matured, unripe } = await contracts.requests.earningsOf(account.operatorId, release.id);
      this.earnings.set(release.id, { matured, unripe });
      logger.debug(
        { release: release.id, matured: matured.toString(), unripe: unripe.toString() },
        "earnings read",
      );
      const isWorthIt = matured > gasCost.of(claimGas(release));
      if (matured > 0n && matured >= this.#options.threshold && isWorthIt) this.#due.push(release);
    }
  }

  #plan(release: PublishedRelease): PlannedTransaction {
    const { account, time, logger } = this.#dependencies;
    const { operatorId } = account;
    return {
      plan: {
        purpose: "claim",
        to: this.#options.requestsAddress,
        data: requestsInterface.encodeFunctionData("claim", [
          operatorId,
          release.id,
          [...release.contributors],
        ]),
        gasLimit: claimGas(release),
        validUntil: time.head.timestamp + VALID_SEC,
      },
      onRecorded: () => undefined,
      conclude: (outcome) => {
        if (outcome.status !== "included") return;
        const matured = this.earnings.get(release.id)?.matured ?? 0n;
        this.earnings.set(release.id, { matured: 0n, unripe: this.earnings.get(release.id)?.unripe ?? 0n });
        logger.info({ release: release.id, total: matured.toString() }, "earnings claimed");
      },
    };
  }
}

function claimGas({ contributors }: PublishedRelease): bigint {
  return CLAIM_BASE_GAS + CLAIM_CONTRIBUTOR_GAS * BigInt(contributors.length);
}

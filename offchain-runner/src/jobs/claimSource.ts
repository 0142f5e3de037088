import type { Logger } from "pino";
import type { IEscrow } from "../../../types/contracts/interfaces/IEscrow.ts";
import type { ChainTime } from "../chain/chainTime.ts";
import type { Contracts } from "../chain/contracts.ts";
import { escrowInterface } from "../chain/contracts.ts";
import { CLAIM_BASE_GAS, CLAIM_CONTRIBUTOR_GAS } from "../chain/gasModel.ts";
import type { OwnAccount } from "../chain/ownAccount.ts";
import type { PlannedTransaction, TransactionSource } from "../chain/transactionLoop.ts";
import type { SubmitOutcome } from "../chain/transactionSender.ts";
import type { Clock } from "../clock.ts";
import type { PublishedRelease } from "../hub/releaseCatalog.ts";
import { CLAIM_CALLDATA_BYTES } from "./answerWork.ts";
import type { GasCost } from "./gasCost.ts";
import type { OfferedReleases } from "./offeredReleases.ts";

const VALID_SEC = 3_600;

/** Which contract it was earned in. */
export type EarningsSource = "requests" | "pipe";

export interface ReleaseEarnings {
  source: EarningsSource;
  release: string;
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

interface DueClaim {
  release: PublishedRelease;
  source: EarningsSource;
  to: string;
}

/** Follows earnings until they mature, and claims them when it is worth a transaction. */
export class ClaimSource implements TransactionSource {
  readonly purpose = "claim";
  /** By source and release. */
  readonly earnings = new Map<string, ReleaseEarnings>();
  readonly #dependencies: ClaimDependencies;
  readonly #options: ClaimOptions;
  #nextLookMs = 0;
  #due: DueClaim[] = [];

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
    const claim = this.#due.shift();
    return claim === undefined ? undefined : this.#plan(claim);
  }

  resume(): (outcome: SubmitOutcome) => void {
    return () => undefined;
  }

  async #look(): Promise<void> {
    const { contracts, releases } = this.#dependencies;
    this.#due = [];
    for (const { release } of releases.all()) {
      if (release === undefined) continue;
      const to = this.#options.requestsAddress;
      await this.#lookAt({ release, source: "requests", to }, contracts.requests);
      if (contracts.pipe === undefined) continue;
      const { address, escrow } = contracts.pipe;
      await this.#lookAt({ release, source: "pipe", to: address }, escrow);
    }
  }

  async #lookAt(claim: DueClaim, escrow: Pick<IEscrow, "earningsOf">): Promise<void> {
    const { account, gasCost, logger } = this.#dependencies;
    const { release, source } = claim;
    const { matured, unripe } = await escrow.earningsOf(account.operatorId, release.id);
    this.earnings.set(source + release.id, { source, release: release.id, matured, unripe });
    const facts = { source, release: release.id, matured: matured.toString(), unripe: unripe.toString() };
    logger.debug(facts, "earnings read");
    const isWorthIt = matured > gasCost.of({ gas: claimGas(release), calldataBytes: CLAIM_CALLDATA_BYTES });
    if (matured > 0n && matured >= this.#options.threshold && isWorthIt) this.#due.push(claim);
  }

  #plan({ release, source, to }: DueClaim): PlannedTransaction {
    const { account, time, logger } = this.#dependencies;
    const { operatorId } = account;
    return {
      plan: {
        purpose: "claim",
        to,
        data: escrowInterface.encodeFunctionData("claim", [
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
        const known = this.earnings.get(source + release.id);
        if (known === undefined) return;
        this.earnings.set(source + release.id, { ...known, matured: 0n });
        logger.info({ source, release: release.id, total: known.matured.toString() }, "earnings claimed");
      },
    };
  }
}

function claimGas({ contributors }: PublishedRelease): bigint {
  return CLAIM_BASE_GAS + CLAIM_CONTRIBUTOR_GAS * BigInt(contributors.length);
}

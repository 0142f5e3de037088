import { type Claim, claimCommitment, decodedClaim } from "@opg-network/sdk/evidence/claim";
import { hexlify, randomBytes } from "ethers";
import type { Logger } from "pino";
import type { ChainLog } from "../chain/chainReader.ts";
import { disputesInterface } from "../chain/contracts.ts";
import type { LogHandler } from "../chain/logWatcher.ts";
import type { Dispute } from "./dispute.ts";
import { LIVE_DISPUTE_STATES } from "./dispute.ts";
import type { DisputeStore } from "./disputeStore.ts";

const VERDICTS = ["right", "wrong", "lapsed"] as const;

export interface DisputeEventHandlerOptions {
  disputes: string;
  /** This node's account. */
  account: string;
  continuesOthers: boolean;
  /** Seconds after which a challenge is over in any case. */
  challengePeriodSec: number;
}

/**
 * Turns what `Disputes` says into states of this node's disputes. Watcher and receipts both end here, so each event may
 * come twice.
 */
export class DisputeEventHandler implements LogHandler {
  readonly #store: DisputeStore;
  readonly #nowSec: () => number;
  readonly #onBounty: (amount: bigint) => void;
  readonly #logger: Logger;
  readonly #options: DisputeEventHandlerOptions;

  constructor(
    dependencies: {
      store: DisputeStore;
      nowSec: () => number;
      /** Token wei that came to this node. */
      onBounty: (amount: bigint) => void;
      logger: Logger;
    },
    options: DisputeEventHandlerOptions,
  ) {
    this.#store = dependencies.store;
    this.#nowSec = dependencies.nowSec;
    this.#onBounty = dependencies.onBounty;
    this.#logger = dependencies.logger;
    this.#options = options;
  }

  apply(logs: readonly ChainLog[]): void {
    const own = logs.filter(({ address }) => address.toLowerCase() === this.#options.disputes.toLowerCase());
    if (own.length === 0) return;
    this.#store.transact(() => {
      for (const log of own) this.#applyOne(log);
    });
  }

  rollback(ancestor: number): void {
    this.#store.rollback(ancestor);
  }

  onHead(): void {}

  #applyOne(log: ChainLog): void {
    const event = disputesInterface.parseLog(log);
    if (event === null) return;
    const { args } = event;
    switch (event.name) {
      case "EvidenceCommitted":
        if (args.challenger === this.#options.account)
          this.#committed(Number(args.place), args.commitment, log.blockNumber);
        return;
      case "ChallengeOpened":
        this.#challengeOpened(args.key, args.opener, decodedClaim(args.claim), log.blockNumber);
        return;
      case "ChallengeContinued":
        this.#continued(args.key, Number(args.pc), args.worker);
        return;
      case "ChallengeEnded":
        this.#ended(args.key, VERDICTS[Number(args.verdict)], args.slashed, log.blockNumber);
        return;
      case "WrongOutputProved":
        this.#proved(args.key, args.slashed, log.blockNumber);
        if (args.provedBy === this.#options.account) this.#overtook(args.key);
        return;
      case "EquivocationProved":
        this.#proved(args.key, args.slashed, log.blockNumber);
        return;
      case "BountyPaid":
        if (args.claimant === this.#options.account) this.#paid(event.name, args.key, args.amount, log);
        return;
      case "WorkPaid":
        if (args.worker === this.#options.account) this.#paid(event.name, args.key, args.amount, log);
        return;
    }
  }

  #committed(place: number, commitment: string, block: number): void {
    for (const dispute of this.#store.inPlace(place)) {
      if (claimCommitment(dispute.claim, this.#options.account, dispute.salt) !== commitment) continue;
      const state = dispute.state === "found" ? "committed" : dispute.state;
      this.#store.update(dispute.key, { state, committedBlock: block, reason: null });
      this.#logger.info({ dispute: dispute.key, block }, "evidence committed");
    }
  }

  #challengeOpened(key: string, opener: string, claim: Claim, block: number): void {
    this.#store.noteChallenge(key, block);
    const known = this.#store.get(key);
    if (known === undefined) {
      this.#challengeOfOthers(key, opener, claim);
      return;
    }
    if (!isLive(known) || known.state === "proved") return;
    this.#store.update(key, { state: "computing", challengeBlock: block, pc: 0, steps: 0, reason: null });
    this.#logger.info({ dispute: key, opener, block }, "challenge opened");
  }

  #challengeOfOthers(key: string, opener: string, claim: Claim): void {
    const { account, continuesOthers, challengePeriodSec } = this.#options;
    if (!continuesOthers || opener === account) return;
    this.#store.open({
      key,
      kind: "challenge",
      state: "computing",
      claim,
      signer: "",
      signed: undefined,
      other: undefined,
      input: undefined,
      evidenceUntil: this.#nowSec() + challengePeriodSec,
      salt: hexlify(randomBytes(32)),
    });
  }

  #continued(key: string, pc: number, worker: string): void {
    const dispute = this.#store.get(key);
    if (dispute === undefined || pc <= dispute.pc) return;
    const steps = dispute.steps + 1;
    const isOurs = worker === this.#options.account;
    this.#store.update(key, { pc, steps, ...(isOurs && { hasWorked: true }) });
    this.#logger.info({ dispute: key, pc, steps, worker }, "challenge continued");
  }

  #ended(key: string, verdict: (typeof VERDICTS)[number] | undefined, slashed: bigint, block: number): void {
    const dispute = this.#store.get(key);
    if (dispute === undefined || !isLive(dispute)) return;
    if (verdict === "wrong") {
      this.#proved(key, slashed, block);
      return;
    }
    if (verdict === "right") {
      this.#store.update(key, { state: "given-up", reason: "output-right", verdictBlock: block });
      const facts = { dispute: key, release: dispute.claim.release, operator: dispute.claim.operatorId };
      if (dispute.kind === "challenge")
        this.#logger.info(facts, "challenge of others ended with the signed output");
      else this.#logger.error(facts, "the machine gives the output that this node held to be wrong");
      return;
    }
    this.#logger.warn({ dispute: key }, "challenge lapsed");
    const isOthers = dispute.kind === "challenge";
    const next = dispute.committedBlock === undefined ? "found" : "committed";
    this.#store.update(key, {
      state: isOthers ? "given-up" : next,
      reason: "challenge-lapsed",
      challengeBlock: null,
      pc: 0,
      notBeforeMs: 0,
    });
  }

  #proved(key: string, slashed: bigint, block: number): void {
    const dispute = this.#store.get(key);
    if (dispute === undefined || !isLive(dispute) || dispute.state === "proved") return;
    this.#store.update(key, {
      state: "proved",
      reason: null,
      verdictBlock: block,
      slashed,
      notBeforeMs: 0,
      notBeforeSec: 0,
    });
    const { release, operatorId } = dispute.claim;
    this.#logger.warn(
      { dispute: key, operator: operatorId, release, slashed: slashed.toString(), block },
      "operator punished for a wrong result",
    );
  }

  /** A proof in one transaction is the last step of a challenge that is open, and is paid like one. */
  #overtook(key: string): void {
    if (this.#store.get(key)?.challengeBlock !== undefined) this.#store.update(key, { hasWorked: true });
  }

  /** A place among the logs is none to tell a payment by: the same transaction may move to another block. */
  #paid(event: string, key: string, amount: bigint, { transactionHash }: ChainLog): void {
    const by = `${transactionHash}:${event}:${key}`;
    if (this.#store.get(key) === undefined || !this.#store.notePayment(by, key, amount)) return;
    this.#onBounty(amount);
    this.#logger.info({ dispute: key, amount: amount.toString() }, "bounty received");
  }
}

function isLive({ state }: Dispute): boolean {
  return LIVE_DISPUTE_STATES.includes(state);
}

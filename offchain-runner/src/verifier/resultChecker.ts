import { type Accountable, claimKey, claimOf, equivocationClaim } from "@opg-network/sdk/evidence/claim";
import { evidenceSigner, type SignedResult } from "@opg-network/sdk/evidence/evidence";
import { hexlify, keccak256, randomBytes } from "ethers";
import type { Logger } from "pino";
import { Bell } from "../bell.ts";
import type { Contracts } from "../chain/contracts.ts";
import type { Clock } from "../clock.ts";
import { accountableFor } from "./accountable.ts";
import type { DisputeStore } from "./disputeStore.ts";
import type { EvidenceStore, WatchedResult, WatchedState } from "./evidenceStore.ts";
import type { ExactReleases, ExactTerms } from "./exactReleases.ts";
import type { ComputedEnd, GraphRunner } from "./graphRunner.ts";

const BATCH = 128;
const IDLE_MS = 1_000;
const CODEC_TENSORS = 1;
const MAX_ATTEMPTS = 8;
const FIRST_RETRY_MS = 2_000;
const MAX_REMEMBERED = 4_096;
const MAX_CONFLICTS = 16;

type End = Exclude<WatchedState, "waiting">;

/** Why a result is held to be wrong. */
export type Fault = "wrong-output" | "input-invalid" | "codec-undefined" | "equivocation";

export interface ResultCheckerParts {
  readonly evidence: EvidenceStore;
  readonly disputes: DisputeStore;
  readonly releases: ExactReleases;
  readonly runner: GraphRunner;
  readonly operators: Contracts["operators"];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onChecked: (end: End) => void;
  readonly onFault: (fault: Fault) => void;
  /** Told of each signature of a wrong answer: each may insure somebody. */
  readonly onWrong: (operatorId: number, claimKey: string, signed: SignedResult) => void;
}

export interface ResultCheckerOptions {
  readonly domainSeparator: string;
  /** Seconds that a result stays evidence after its `validUntil`. */
  readonly windowSec: number;
}

/** Computes results again, and hands over to the disputes what is wrong. */
export class ResultChecker {
  readonly bell = new Bell();
  readonly #parts: ResultCheckerParts;
  readonly #options: ResultCheckerOptions;
  /** Hash of the right output by graph and input, the newest last; null where no output is right. */
  readonly #right = new Map<string, Promise<string | null>>();
  /** The same, computed afresh where somebody is to be accused: once a question, for one lie may go to thousands. */
  readonly #confirmed = new Map<string, Promise<string | null>>();

  constructor(parts: ResultCheckerParts, options: ResultCheckerOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts;
    while (!signal.aborted) {
      let checked = 0;
      try {
        checked = await this.step(signal);
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ err: error }, "results cannot be checked");
      }
      if (checked === 0) await this.bell.wait(IDLE_MS, clock, signal);
    }
  }

  /** Looks at what waits; returns how many results it came to an end with. */
  async step(signal: AbortSignal): Promise<number> {
    const due = this.#parts.evidence.due(BATCH);
    const ends = await Promise.all(due.map((result) => this.#endOf(result, signal)));
    const { evidence, onChecked } = this.#parts;
    // What a dispute has is in its store already; should this be lost, the result is looked at once more.
    evidence.transact(() => {
      for (const [index, end] of ends.entries()) {
        const { id, attempts } = due[index] as WatchedResult;
        if (end === undefined) evidence.retry(id, FIRST_RETRY_MS * 2 ** attempts);
        else evidence.conclude(id, end);
      }
    });
    const ended = ends.filter((end) => end !== undefined);
    for (const end of ended) onChecked(end);
    return ended.length;
  }

  /** Undefined where another try may help. */
  async #endOf(result: WatchedResult, signal: AbortSignal): Promise<End | undefined> {
    const { logger } = this.#parts;
    try {
      return await this.#check(result, signal);
    } catch (error) {
      signal.throwIfAborted();
      const facts = { err: error, release: result.signed.result.release, signer: result.signer };
      if (result.attempts < MAX_ATTEMPTS) {
        logger.warn(facts, "a result cannot be checked now");
        return undefined;
      }
      logger.error(facts, "a result stays unchecked");
      return "failed";
    }
  }

  async #check(watched: WatchedResult, signal: AbortSignal): Promise<End> {
    const { evidence, releases } = this.#parts;
    const { result } = watched.signed;
    const terms = await releases.termsOf(result.release);
    if (terms === undefined || result.validUntil <= terms.exactFrom) return "unmeasured";
    const conflicts = evidence.conflicting(watched, MAX_CONFLICTS);
    const input = evidence.inputOf(result.inputHash);
    if (input === undefined) return (await this.#contradicts(watched, conflicts)) ? "wrong" : "no-input";
    // Two outputs for one input: one is wrong at the least, whoever signed them.
    for (const { id } of conflicts) evidence.sample(id);
    if (!watched.isSampled && conflicts.length === 0) return "skipped";
    const fault = await this.#faultOf(watched.signed, terms, input, signal);
    if (fault === undefined) return "right";
    return (await this.#accuse(watched, fault, input)) ? "wrong" : "right";
  }

  async #faultOf(
    { result }: SignedResult,
    terms: ExactTerms,
    input: Uint8Array,
    signal: AbortSignal,
  ): Promise<Fault | undefined> {
    if (result.codec !== CODEC_TENSORS) return "codec-undefined";
    const key = `${terms.graphRoot}:${result.inputHash}`;
    const known = this.#right.get(key) ?? this.#remember(key, this.#compute(terms, input, signal));
    const right = await known;
    if (right === result.outputHash) return undefined;

    // Nobody is accused on the word of a graph or a thread that was in use.
    const confirmed = this.#confirmed.get(key) ?? this.#confirm(key, terms, input, signal);
    const again = await confirmed;
    if (again !== right) {
      this.#forget(key);
      this.#parts.logger.error(
        { release: result.release, inputHash: result.inputHash, first: right, again },
        "two computations of one graph differ; nobody is accused",
      );
      throw new TypeError("two computations of one graph differ");
    }
    return right === null ? "input-invalid" : "wrong-output";
  }

  async #compute(terms: ExactTerms, input: Uint8Array, signal: AbortSignal): Promise<string | null> {
    const { releases, runner } = this.#parts;
    return rightHash(await runner.run(await releases.graphOf(terms), input, signal));
  }

  #confirm(key: string, terms: ExactTerms, input: Uint8Array, signal: AbortSignal): Promise<string | null> {
    const { releases, runner } = this.#parts;
    const run = async () =>
      rightHash(await runner.runFresh(await releases.freshGraphOf(terms), input, signal));
    const again = run();
    this.#confirmed.set(key, again);
    again.catch(() => this.#confirmed.delete(key));
    return again;
  }

  #forget(key: string): void {
    this.#right.delete(key);
    this.#confirmed.delete(key);
  }

  #remember(key: string, right: Promise<string | null>): Promise<string | null> {
    this.#right.set(key, right);
    right.catch(() => this.#right.delete(key));
    const [oldest] = this.#right.keys();
    if (this.#right.size > MAX_REMEMBERED && oldest !== undefined) this.#forget(oldest);
    return right;
  }

  /** Without the input two signatures of one operator still contradict each other. */
  async #contradicts(watched: WatchedResult, conflicts: readonly WatchedResult[]): Promise<boolean> {
    const own = conflicts.length === 0 ? undefined : await this.#accountable(watched);
    if (own === undefined) return false;
    for (const conflict of conflicts) {
      const isSame =
        conflict.signer === watched.signer ||
        (await this.#accountable(conflict))?.operatorId === own.operatorId;
      if (!isSame || !this.#isGenuine(conflict) || !this.#isGenuine(watched)) continue;
      const [a, b] = [watched, conflict].map(({ signed }) => claimOf(own, signed.result));
      if (a === undefined || b === undefined) continue;
      const claim = equivocationClaim(a, b);
      this.#open({
        kind: "equivocation",
        fault: "equivocation",
        claim,
        watched,
        other: conflict.signed,
        until: Math.min(watched.signed.result.validUntil, conflict.signed.result.validUntil),
      });
      return true;
    }
    return false;
  }

  async #accuse(watched: WatchedResult, fault: Fault, input: Uint8Array): Promise<boolean> {
    const { signed, signer } = watched;
    const facts = { fault, signer, release: signed.result.release, inputHash: signed.result.inputHash };
    if (!this.#isGenuine(watched)) return false;
    const accountable = await this.#accountable(watched);
    if (accountable === undefined) {
      this.#parts.logger.warn(facts, "a wrong result of a signer that no longer answers for it");
      this.#parts.onFault(fault);
      return true;
    }
    const claim = claimOf(accountable, signed.result);
    const until = signed.result.validUntil;
    this.#open({ kind: "wrong-output", fault, claim, watched, input, until });
    this.#parts.onWrong(claim.operatorId, claimKey(claim), signed);
    return true;
  }

  #open({
    kind,
    fault,
    claim,
    watched: { signer, signed },
    other,
    input,
    until,
  }: {
    kind: "wrong-output" | "equivocation";
    fault: Fault;
    claim: ReturnType<typeof claimOf>;
    watched: WatchedResult;
    other?: SignedResult;
    input?: Uint8Array;
    until: number;
  }): void {
    const { disputes, logger, onFault } = this.#parts;
    const key = claimKey(claim);
    const isNew = disputes.open({
      key,
      kind,
      state: "found",
      claim,
      signer,
      signed,
      other,
      input,
      evidenceUntil: until + this.#options.windowSec,
      salt: hexlify(randomBytes(32)),
    });
    if (!isNew) return;
    onFault(fault);
    const { operatorId, release } = claim;
    logger.error({ dispute: key, fault, operator: operatorId, signer, release }, "a signed result is wrong");
  }

  #isGenuine({ signed, signer }: WatchedResult): boolean {
    let recovered: string | undefined;
    try {
      recovered = evidenceSigner(signed, this.#options.domainSeparator);
    } catch {
      recovered = undefined;
    }
    if (recovered === signer) return true;
    this.#parts.logger.error({ signer, recovered }, "the endpoint shows a signature that is none");
    return false;
  }

  #accountable({ signer }: WatchedResult): Promise<Accountable | undefined> {
    return accountableFor(this.#parts.operators, signer);
  }
}

function rightHash(end: ComputedEnd): string | null {
  return end.kind === "state" ? keccak256(end.state) : null;
}

import { type Accountable, claimKey, claimOf, equivocationClaim } from "@opg-network/sdk/evidence/claim";
import { evidenceSigner, type SignedResult } from "@opg-network/sdk/evidence/evidence";
import { hexlify, keccak256, randomBytes } from "ethers";
import type { Logger } from "pino";
import { Bell } from "../bell.ts";
import type { Contracts } from "../chain/contracts.ts";
import type { Clock } from "../clock.ts";
import { ProgramError } from "../exact/programError.ts";
import { accountableFor } from "./accountable.ts";
import { Confirmations } from "./confirmations.ts";
import type { DisputeStore } from "./disputeStore.ts";
import type { EvidenceStore, WatchedResult, WatchedState } from "./evidenceStore.ts";
import type { ExactReleases, ExactTerms } from "./exactReleases.ts";
import { type ComputedEnd, type GraphRunner, isTooMuch } from "./graphRunner.ts";
import { VerifierError } from "./verifierError.ts";

/** Results that are looked at at the same time, of all releases and of one. */
const AT_ONCE = 256;
const OF_ONE_RELEASE = 64;
const IDLE_MS = 1_000;
const CODEC_TENSORS = 1;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 600_000;
/** Graphs that are slow are computed for one result each, and for so many results altogether. */
const SLOW_AT_ONCE = 4;
const SLOW_PAUSE_MS = 2_000;
/** After so many runs that were too much for the thread that is there for slow graphs, a graph is let alone for a while. */
const MAX_STRIKES = 3;
const REST_MS = 3_600_000;
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
  /** Time of the chain; 0 while it is not known. */
  readonly nowSec: () => number;
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

  readonly #confirmations: Confirmations;
  readonly #inFlight = new Map<number, Promise<End | undefined>>();
  /** How many were in flight after the last look. */
  #started = 0;
  /** Release that was served last. */
  #turn = "";
  /** Slow graphs that are computed now. */
  readonly #slow = new Set<string>();
  readonly #strikes = new Map<string, number>();
  /** Graphs whose results come to an end without being computed. */
  readonly #refused = new Map<string, { readonly end: End; readonly untilMs: number }>();

  constructor(parts: ResultCheckerParts, options: ResultCheckerOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#confirmations = new Confirmations(parts.releases, parts.runner);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts;
    while (!signal.aborted) {
      try {
        // Nobody waits for all of them: what ends makes room for the next.
        this.#start(signal);
      } catch (error) {
        logger.warn({ err: error }, "results cannot be checked");
      }
      await this.bell.wait(IDLE_MS, clock, signal);
    }
    await Promise.all(this.#inFlight.values());
  }

  /** Looks at what waits now; returns how many results it came to an end with. */
  async step(signal: AbortSignal): Promise<number> {
    this.#start(signal);
    const ends = await Promise.all(this.#inFlight.values());
    return ends.filter((end) => end !== undefined).length;
  }

  #start(signal: AbortSignal): void {
    const room = AT_ONCE - this.#inFlight.size;
    if (room <= 0) return;
    const due = this.#parts.evidence.due(AT_ONCE, OF_ONE_RELEASE, this.#turn);
    for (const result of due.filter(({ id }) => !this.#inFlight.has(id)).slice(0, room)) {
      this.#turn = result.signed.result.release;
      this.#inFlight.set(result.id, this.#finish(result, signal));
    }
    this.#started = this.#inFlight.size;
  }

  /** Never throws: what could not be written down is looked at once more. */
  async #finish(result: WatchedResult, signal: AbortSignal): Promise<End | undefined> {
    const { evidence, logger, onChecked } = this.#parts;
    const { id, attempts } = result;
    try {
      const end = await this.#endOf(result, signal);
      // What a dispute has is in its store already.
      if (end === undefined) evidence.retry(id, Math.min(FIRST_RETRY_MS * 2 ** attempts, LAST_RETRY_MS));
      else if (end === "later") evidence.postpone(id, SLOW_PAUSE_MS);
      else {
        evidence.conclude(id, end);
        onChecked(end);
        return end;
      }
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error }, "results cannot be checked");
    } finally {
      this.#inFlight.delete(id);
      // Looking for what is due costs more than a result that is known: not for each that ends.
      if (this.#inFlight.size <= this.#started / 2) this.bell.ring();
    }
    return undefined;
  }

  /** Undefined where another try may help, for as long as the result is evidence. */
  async #endOf(result: WatchedResult, signal: AbortSignal): Promise<End | "later" | undefined> {
    const { logger, nowSec } = this.#parts;
    try {
      return await this.#check(result, signal);
    } catch (error) {
      signal.throwIfAborted();
      const { release, validUntil } = result.signed.result;
      const facts = { err: error, release, signer: result.signer };
      if (nowSec() <= validUntil + this.#options.windowSec) {
        logger[result.attempts === 0 ? "warn" : "debug"](facts, "a result cannot be checked now");
        return undefined;
      }
      logger.error(facts, "a result stays unchecked");
      return "failed";
    }
  }

  async #check(watched: WatchedResult, signal: AbortSignal): Promise<End | "later"> {
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
    if (result.codec !== CODEC_TENSORS) return this.#judge(watched, "codec-undefined", input);
    const end = await this.#computedEnd(watched, terms, input, signal);
    if (end !== "unmeasurable" && end !== "failed") return end;
    return (await this.#contradicts(watched, conflicts)) ? "wrong" : end;
  }

  async #computedEnd(
    watched: WatchedResult,
    terms: ExactTerms,
    input: Uint8Array,
    signal: AbortSignal,
  ): Promise<End | "later"> {
    const { graphRoot } = terms;
    const { runner, clock } = this.#parts;
    const refused = this.#refused.get(graphRoot);
    if (refused !== undefined && clock.nowMs() < refused.untilMs) return refused.end;
    const isSlow = runner.isSlow(graphRoot);
    if (isSlow) {
      if (this.#slow.has(graphRoot) || this.#slow.size >= SLOW_AT_ONCE) return "later";
      this.#slow.add(graphRoot);
    }
    try {
      const fault = await this.#faultOf(watched.signed, terms, input, signal);
      this.#strikes.delete(graphRoot);
      return await this.#judge(watched, fault, input);
    } catch (error) {
      signal.throwIfAborted();
      const end = this.#endBy(error, graphRoot);
      if (end === undefined) throw error;
      return end;
    } finally {
      if (isSlow) this.#slow.delete(graphRoot);
    }
  }

  async #judge(watched: WatchedResult, fault: Fault | undefined, input: Uint8Array): Promise<End> {
    if (fault === undefined) return "right";
    return (await this.#accuse(watched, fault, input)) ? "wrong" : "right";
  }

  /** What an error of a graph or its run means for good; undefined where another try may help. */
  #endBy(error: unknown, graphRoot: string): End | undefined {
    if (error instanceof ProgramError) return this.#refuse(graphRoot, "unmeasurable", error);
    if (!(error instanceof VerifierError) || error.retryable) return undefined;
    if (error.code === "graph-unmeasurable") return this.#refuse(graphRoot, "unmeasurable", error);
    if (error.code === "check-failed") {
      // Another input may well be computed.
      this.#parts.logger.error({ err: error, graphRoot }, "a result stays unchecked");
      return "failed";
    }
    if (isTooMuch(error)) {
      const strikes = (this.#strikes.get(graphRoot) ?? 0) + 1;
      remember(this.#strikes, graphRoot, strikes);
      if (strikes < MAX_STRIKES) return undefined;
      this.#strikes.delete(graphRoot);
    }
    return this.#refuse(graphRoot, "failed", error);
  }

  /** Once a graph, however many results there are of it. */
  #refuse(graphRoot: string, end: End, error: Error): End {
    const untilMs = end === "failed" ? this.#parts.clock.nowMs() + REST_MS : Number.POSITIVE_INFINITY;
    const known = this.#refused.get(graphRoot);
    if (known === undefined || known.untilMs < untilMs)
      this.#parts.logger.error({ err: error, graphRoot, end }, "results of a graph stay unchecked");
    remember(this.#refused, graphRoot, { end, untilMs });
    return end;
  }

  async #faultOf(
    { result }: SignedResult,
    terms: ExactTerms,
    input: Uint8Array,
    signal: AbortSignal,
  ): Promise<Fault | undefined> {
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
    const again = this.#confirmations.compute(terms.graphRoot, input, signal).then(rightHash);
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

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  const [oldest] = map.keys();
  if (map.size >= MAX_REMEMBERED && !map.has(key) && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

function rightHash(end: ComputedEnd): string | null {
  return end.kind === "state" ? keccak256(end.state) : null;
}

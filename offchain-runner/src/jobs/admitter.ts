import { NetworkError } from "@opg-network/sdk/errors";
import type { Logger } from "pino";
import { Bell } from "../bell.ts";
import type { ChainTime } from "../chain/chainTime.ts";
import type { OwnAccount } from "../chain/ownAccount.ts";
import type { Clock } from "../clock.ts";
import type { CoverConfig } from "../config.ts";
import type { CoverUse } from "../cover/coverUse.ts";
import { NO_COVER_USE } from "../cover/coverUse.ts";
import type { ResultProver } from "../proving/resultProver.ts";
import type { AdmissionFacts, AdmissionLimits, Verdict } from "./admission.ts";
import { assess } from "./admission.ts";
import { ACCEPT_WORK, ASSUMED_OUTPUT_BYTES, answerWork } from "./answerWork.ts";
import type { GasCost } from "./gasCost.ts";
import { together } from "./gasCost.ts";
import type { InferenceEngine } from "./inferenceEngine.ts";
import type { Job, JobState } from "./job.ts";
import { ZK_MODE } from "./job.ts";
import type { JobStore } from "./jobStore.ts";
import type { OfferedReleases } from "./offeredReleases.ts";
import { standingIn } from "./offeredReleases.ts";

const BATCH = 64;
const IDLE_MS = 1_000;
const LATER_MS = 1_000;
const MAX_ACCEPT_ATTEMPTS = 2;

/** What the engine or the hub said; beside the reasons of `assess`. */
type FullVerdict = Verdict | { kind: "decline"; reason: string };

type KnownFacts = Omit<AdmissionFacts, "queued" | "coverUse" | "proof">;

/** Of those that wait to be answered. */
const WAITING: readonly JobState[] = ["queued", "accepting", "accepted"];
const AHEAD: readonly JobState[] = [...WAITING, "running"];

/** What a decision rests on about proofs. */
type AdmissionProver = Pick<ResultProver, "expectedMs" | "waitMs" | "checkOf" | "load">;

export interface AdmitterOptions extends AdmissionLimits {
  blockTimeSec: number;
  protocolFeeBps: bigint;
  /** What the node insures; absent = nothing. */
  cover: CoverConfig | undefined;
  /** The contract that reserves it. */
  requestsAddress: string;
}

/** Decides about every request that was seen: decline, queue, accept first, or look again later. */
export class Admitter {
  readonly bell = new Bell();
  readonly #store: JobStore;
  readonly #releases: OfferedReleases;
  readonly #engine: InferenceEngine;
  readonly #prover: AdmissionProver | undefined;
  readonly #account: OwnAccount;
  readonly #time: ChainTime;
  readonly #gasCost: GasCost;
  readonly #coverUse: (payer: string) => CoverUse;
  readonly #isCurrent: () => boolean;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: AdmitterOptions;

  constructor(
    dependencies: {
      store: JobStore;
      releases: OfferedReleases;
      engine: InferenceEngine;
      /** Absent where nothing is proved. */
      prover?: AdmissionProver | undefined;
      account: OwnAccount;
      time: ChainTime;
      gasCost: GasCost;
      /** What requests and calls insure by now. */
      coverUse(payer: string): CoverUse;
      /** False while events of the past are read: what they open, later ones may have closed. */
      isCurrent: () => boolean;
      clock: Clock;
      logger: Logger;
    },
    options: AdmitterOptions,
  ) {
    this.#store = dependencies.store;
    this.#releases = dependencies.releases;
    this.#engine = dependencies.engine;
    this.#prover = dependencies.prover;
    this.#account = dependencies.account;
    this.#time = dependencies.time;
    this.#gasCost = dependencies.gasCost;
    this.#coverUse = dependencies.coverUse;
    this.#isCurrent = dependencies.isCurrent;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let decided = 0;
      try {
        decided = await this.step();
      } catch (error) {
        if (signal.aborted) return;
        this.#logger.warn({ err: error }, "requests cannot be judged");
      }
      if (decided === 0) await this.bell.wait(IDLE_MS, this.#clock, signal);
    }
  }

  /** Judges what is due; returns how many jobs it looked at. */
  async step(): Promise<number> {
    if (!this.#time.isKnown || !this.#isCurrent()) return 0;
    const jobs = this.#store.due(["seen"], BATCH);
    for (const job of jobs) {
      const facts = await this.#factsFor(job);
      // At once, so that what one job takes is counted before the next is judged, and before a call is answered.
      this.#apply(job, this.#judge(job, facts));
    }
    return jobs.length;
  }

  #judge(job: Job, known: KnownFacts | undefined): FullVerdict {
    const model = this.#releases.get(job.request.release);
    if (model === undefined || known === undefined) return { kind: "decline", reason: "release-not-served" };
    const facts = { ...known, ...this.#countsFor(job) };
    const verdict = assess(job.request, job.input.length, facts, this.#options);
    if (verdict.kind !== "serve") return verdict;
    const { status, problem } = standingIn(model, job.request.mode);
    if (status === "failed") return { kind: "decline", reason: problem ?? "model-refused" };
    if (status === "loading" || model.release === undefined)
      return { kind: "later", reason: model.status === "ready" ? "proof-not-ready" : "model-not-ready" };
    try {
      this.#engine.checkInput(model.release, job.input);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      this.#logger.debug({ err: error, request: job.id }, "input does not fit the release");
      return { kind: "decline", reason: "input-invalid" };
    }
    return verdict;
  }

  async #factsFor(job: Job): Promise<KnownFacts | undefined> {
    const model = this.#releases.get(job.request.release);
    if (model === undefined) return undefined;
    const { config, runMs } = model;
    const proofMs = job.request.mode === ZK_MODE ? (this.#prover?.expectedMs(job.request.release) ?? 0) : 0;
    const mayAccept = job.request.acceptPeriod > 0 && runMs + proofMs > this.#options.acceptAboveRunMs;
    const check = this.#prover?.checkOf(job.request.release);
    const isProved = job.request.mode === ZK_MODE && check !== undefined;
    const proof = isProved ? { inputBytes: job.input.length, ...check } : undefined;
    const answer = answerWork(job.request, { outputBytes: ASSUMED_OUTPUT_BYTES, proof });
    const work = mayAccept && job.acceptance === undefined ? together(answer, ACCEPT_WORK) : answer;
    return {
      standing: await this.#account.standing(),
      served: config,
      nowSec: this.#time.nowSec(),
      blockTimeSec: this.#options.blockTimeSec,
      expectedRunMs: runMs,
      gasCost: this.#gasCost.of(work),
      protocolFeeBps: this.#options.protocolFeeBps,
      cover: this.#options.cover,
      coverable:
        job.request.cover === undefined ? 0n : await this.#account.coverable(this.#options.requestsAddress),
      bondBudget: mayAccept ? await this.#account.bondBudget() : 0n,
    };
  }

  /** What this node does itself, read at the moment of the decision. */
  #countsFor({ request }: Job): Pick<AdmissionFacts, "queued" | "coverUse" | "proof"> {
    const coverUse = request.cover === undefined ? NO_COVER_USE : this.#coverUse(request.requester);
    const kind = request.mode === ZK_MODE ? "proved" : "plain";
    const queued = this.#store.countOf(kind, AHEAD);
    return { queued, coverUse, proof: kind === "proved" ? this.#proofTimes(request.release) : undefined };
  }

  /** Proofs of running jobs are with the provers already; those of the others come after them. */
  #proofTimes(release: string): AdmissionFacts["proof"] {
    const prover = this.#prover;
    if (prover === undefined) return undefined;
    const waiting = this.#store.provedReleases(WAITING).map((id) => prover.expectedMs(id) ?? 0);
    const waitingMs = waiting.reduce((sum, ms) => sum + ms, 0) / prover.load.provers;
    return { waitMs: prover.waitMs(release) + waitingMs, ms: prover.expectedMs(release) ?? 0 };
  }

  #apply(job: Job, verdict: FullVerdict): void {
    switch (verdict.kind) {
      case "serve":
        // What cannot be taken exclusively is answered in competition.
        if (verdict.accept && job.acceptance === undefined && job.attempts < MAX_ACCEPT_ATTEMPTS) {
          this.#store.moveIf(job.id, ["seen"], "accepting");
        } else this.#store.moveIf(job.id, ["seen"], "queued", { attempts: 0 });
        return;
      case "decline":
        this.#logger.info({ request: job.id, reason: verdict.reason }, "request declined");
        this.#store.moveIf(job.id, ["seen"], "declined", { reason: verdict.reason });
        return;
      case "later":
        if (job.reason !== verdict.reason) {
          this.#logger.warn({ request: job.id, reason: verdict.reason }, "request has to wait");
        }
        this.#store.update(job.id, { reason: verdict.reason, notBeforeMs: this.#clock.nowMs() + LATER_MS });
        return;
    }
  }
}

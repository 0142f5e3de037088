import type { CarriedResult, ResultBundle } from "@opg-network/sdk/carriedResults";
import { CarriedResultsError, decodeBundles } from "@opg-network/sdk/carriedResults";
import { APPENDED, batchCarrier, type Carrier, executorCarrier } from "@opg-network/sdk/carrier";
import type { InferenceQuery, InferenceRequired } from "@opg-network/sdk/inferenceQuery";
import { modesOfBoth } from "@opg-network/sdk/keyOrigin";
import type { PreexecuteRequest, PreexecuteResponse } from "@opg-network/sdk/nodeApi";
import { shortageIn } from "@opg-network/sdk/payment";
import { concat, dataLength, getAddress } from "ethers";
import type { Logger } from "pino";
import type { ChainTime } from "../chain/chainTime.ts";
import type { PipeConfig } from "../config.ts";
import type { RunScheduler } from "../jobs/runScheduler.ts";
import type { Caller } from "./caller.ts";
import type { CallSimulator } from "./callSimulator.ts";
import type { CoverBook, CoverRefusal, CoverTab, InsuredResult } from "./coverBook.ts";
import type { PayerMeans } from "./payerMeans.ts";
import { PipeError } from "./pipeError.ts";
import type { OfferDependencies } from "./queryOffer.ts";
import { offerFor } from "./queryOffer.ts";
import type { Addressee, OfferedQuery, ResultMaker, SignedBundle } from "./resultMaker.ts";
import { contextFor, inputHashOf } from "./resultMaker.ts";

export interface PreExecutorDependencies {
  simulator: CallSimulator;
  maker: ResultMaker;
  offers: OfferDependencies;
  covers: Pick<CoverBook, "openTab">;
  scheduler: RunScheduler;
  time: ChainTime;
  logger: Logger;
  means: Pick<PayerMeans, "of" | "shortOf">;
  addresses: { pipe: string; executor: string };
}

/** Of one consumer. */
type OwnResults = SignedBundle & { addressee: Addressee; results: CarriedResult[] };

/** What one call has been given so far. */
interface Progress {
  readonly request: PreexecuteRequest;
  readonly caller: Caller;
  readonly carrier: Carrier;
  readonly incoming: readonly ResultBundle[];
  /** This node's results by consumer: one bundle each, signed anew when it grows. */
  readonly own: Map<string, OwnResults>;
  rounds: number;
  readonly beganAtMs: number;
}

/** What is signed of an answer, whoever it is for. */
type OfferedResult = Omit<InsuredResult, "context" | "validUntil">;

/** What a simulation ended for the lack of. */
interface Lack {
  required: InferenceRequired;
  data: string;
  addressee: Addressee;
  tab: CoverTab;
}

/** Of what a call reverted with, as much as its caller is told. */
const MAX_REVERT_BYTES = 16_384;

type Hex = `0x${string}`;
type Options = Pick<
  PipeConfig,
  "maxRounds" | "maxResults" | "maxBytes" | "maxDeadlineMs" | "resultValiditySec"
>;

/** Finds out what a call infers by simulating it, answers that, and simulates again, until the call passes. */
export class PreExecutor {
  readonly #dependencies: PreExecutorDependencies;
  readonly #options: Options;

  constructor(dependencies: PreExecutorDependencies, options: Options) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** @throws PipeError, an error of the engine, or the signal's reason */
  async run(request: PreexecuteRequest, caller: Caller, signal: AbortSignal): Promise<PreexecuteResponse> {
    const { simulator, scheduler } = this.#dependencies;
    scheduler.requireRoom();
    const carrier = await this.#carrierFor(request);
    const call = { ...request.call, value: request.call.value ?? 0n };
    const incoming = decodeIncoming(request.results ?? "0x");
    const beganAtMs = performance.now();
    const progress: Progress = { request, caller, carrier, incoming, own: new Map(), rounds: 0, beganAtMs };
    this.#lookAhead(request);
    for (;;) {
      signal.throwIfAborted();
      const outcome = await simulator.simulate(carrier, call, resultsOf(progress), signal);
      switch (outcome.kind) {
        case "passed":
          if (progress.rounds === 0) await this.#requireCode(call);
          return await this.#respond(progress, [], outcome.gasUsed);
        case "reverted":
          throw revertOf(outcome.data);
        case "required": {
          signal.throwIfAborted();
          const missing = await this.#serve(progress, outcome.required, outcome.data, signal);
          if (missing.length > 0) return await this.#respond(progress, missing, 0n);
        }
      }
    }
  }

  /** How results are brought. */
  async #carrierFor({ call, carry, payer, delegate }: PreexecuteRequest): Promise<Carrier> {
    const { simulator, addresses } = this.#dependencies;
    const { from } = call;
    if (carry === "appended") return APPENDED;
    if (payer !== undefined && payer !== from)
      throw new PipeError("invalid-request", { payer }, { problem: "here it is the sender who pays" });
    if (carry === "executor") return executorCarrier(addresses.pipe, addresses.executor);
    const account = await simulator.codeOf(from);
    // A batch of an account without code would pass, and do nothing.
    if (account === "0x" && delegate === undefined)
      throw new PipeError("invalid-request", { from }, { problem: "the account needs a delegate" });
    return batchCarrier(addresses.pipe, from, account === "0x" ? delegate : undefined);
  }

  /** Asks the chain beside the first simulation for what is needed after it; what fails here fails there again. */
  #lookAhead({ carry, payer, call }: PreexecuteRequest): void {
    const { offers, means } = this.#dependencies;
    offers.account.standing().catch(() => undefined);
    means.of(carry, payer ?? call.from, call.to).catch(() => undefined);
  }

  /** A call to nobody passes. */
  async #requireCode({ from, to, data }: PreexecuteRequest["call"]): Promise<void> {
    if (data === "0x" || to === from || (await this.#dependencies.simulator.codeOf(to)) !== "0x") return;
    throw new PipeError("invalid-request", { to }, { problem: "there is no contract at the called address" });
  }

  /** Answers what is required and can be; @returns what is left for other nodes. */
  async #serve(
    progress: Progress,
    required: InferenceRequired,
    data: string,
    signal: AbortSignal,
  ): Promise<InferenceQuery[]> {
    const { maxRounds, maxResults } = this.#options;
    if (progress.rounds >= maxRounds) throw new PipeError("too-many-rounds", { maxRounds });
    if (required.queries.length > maxResults) throw new PipeError("too-many-rounds", { maxResults });
    if (required.queries.length === 0) throw revertOf(data, "it wants results and does not say which");
    const addressee = this.#addresseeOf(progress, required, data);
    const tab = this.#dependencies.covers.openTab(addressee.payer);
    try {
      return await this.#answer(progress, { required, data, addressee, tab }, signal);
    } finally {
      tab.close();
    }
  }

  async #answer(
    progress: Progress,
    { required, data, addressee, tab }: Lack,
    signal: AbortSignal,
  ): Promise<InferenceQuery[]> {
    const { maxResults } = this.#options;
    const { maker } = this.#dependencies;
    const known = progress.own.get(addressee.consumer)?.results ?? [];
    const isInsured =
      required.queries.some(({ cover }) => cover !== undefined) ||
      known.some(({ maxCover }) => maxCover !== 0n);
    const validUntil = isInsured ? maker.validUntil(addressee, true) : undefined;
    const insure = (result: OfferedResult): Promise<CoverRefusal | undefined> =>
      result.maxCover === 0n || validUntil === undefined
        ? Promise.resolve(undefined)
        : tab.take({ ...result, context: contextFor(addressee), validUntil });
    for (const { output: _, proof: __, ...result } of known) {
      const reason = await insure(result);
      // Signed with a later end it is promised once more.
      if (reason !== undefined) throw new PipeError("cover-refused", { release: result.release, reason });
    }
    const { offered, missing } = await this.#offers(required.queries, this.#leftOf(progress), insure);
    for (const { offer, inputHash } of offered) {
      // It was brought and not taken: bringing it again would not help.
      if (known.some((result) => result.release === offer.release.id && result.inputHash === inputHash))
        throw revertOf(data, "a result that is carried is not found");
    }
    if (offered.length === 0) return missing;
    const count = [...progress.own.values()].reduce((sum, { results }) => sum + results.length, 0);
    if (count + offered.length > maxResults) throw new PipeError("too-many-rounds", { maxResults });
    await this.#requireMeans(progress, addressee, offered);
    signal.throwIfAborted();

    const made = await maker.answer(offered, addressee, progress.caller, signal);
    const results = [...known, ...made];
    const signed = maker.sign(results, addressee, validUntil);
    progress.own.set(addressee.consumer, { addressee, results, ...signed });
    progress.rounds += 1;
    if (dataLength(resultsOf(progress)) > this.#options.maxBytes)
      throw new PipeError("too-large", { maxBytes: this.#options.maxBytes });
    return missing;
  }

  /** Whose money it is. Where what is brought would not be looked for, the call could not pass anyway. */
  #addresseeOf({ request, carrier }: Progress, required: InferenceRequired, data: string): Addressee {
    const call = { ...request.call, value: request.call.value ?? 0n };
    const payer = carrier.payerOf(call, required);
    const { account, consumer } = required;
    if (payer === undefined) throw revertOf(data, "results do not get there", { account, consumer });
    if (request.payer !== undefined && request.payer !== payer)
      throw new PipeError(
        "invalid-request",
        { payer, consumer },
        { problem: "it is somebody else who pays" },
      );
    return { consumer, payer: getAddress(payer) };
  }

  /** Milliseconds that the caller still waits. */
  #leftOf({ request, beganAtMs }: Progress): number {
    const { maxDeadlineMs } = this.#options;
    const deadlineMs = Math.min(request.deadlineMs ?? maxDeadlineMs, maxDeadlineMs);
    return deadlineMs - (performance.now() - beganAtMs);
  }

  async #offers(
    queries: readonly InferenceQuery[],
    withinMs: number,
    insure: (result: OfferedResult) => Promise<CoverRefusal | undefined>,
  ): Promise<{ offered: OfferedQuery[]; missing: InferenceQuery[] }> {
    const offered = new Map<string, OfferedQuery>();
    const missing: InferenceQuery[] = [];
    const modes = modesByResult(queries);
    for (const query of queries) {
      const inputHash = inputHashOf(query);
      const offer = await offerFor(
        {
          ...query,
          modes: modes.get(resultKeyOf(query)) ?? query.modes,
          inputBytes: dataLength(query.input),
          withinMs,
        },
        this.#dependencies.offers,
        ({ release, mode, fee, maxCover }) =>
          insure({ release: release.id, mode, codec: query.codec, inputHash, fee, maxCover }),
      );
      if (offer.kind === "offered") {
        offered.set(resultKeyOf(query), { query, inputHash, offer });
      } else if (offer.elsewhere) missing.push(query);
      else if (offer.code === "fee-above-maximum")
        throw new PipeError("fee-above-maximum", { release: query.release, maxFee: `${query.maxFee}` });
      else if (offer.code === "cover-invalid" || offer.code === "cover-needs-exact")
        throw new PipeError("cover-refused", { release: query.release, reason: offer.code });
      else throw new PipeError("invalid-request", { release: query.release }, { problem: offer.code });
    }
    return { offered: [...offered.values()], missing };
  }

  async #requireMeans(
    progress: Progress,
    addressee: Addressee,
    offered: readonly OfferedQuery[],
  ): Promise<void> {
    const { request, incoming, own } = progress;
    const added = offered.reduce((sum, { offer }) => sum + offer.fee, 0n);
    const total = totalOf(progress) + added;
    if (request.maxFee !== undefined && total > request.maxFee)
      throw new PipeError("fee-above-maximum", { total: `${total}`, maxFee: `${request.maxFee}` });
    const isShared = request.carry !== "appended";
    const spent = isShared
      ? total
      : added +
        feesOf(incoming.filter(({ consumer }) => consumer === addressee.consumer)) +
        sum(own.get(addressee.consumer)?.results ?? []);
    const { payer, consumer } = addressee;
    const means = await this.#dependencies.means.shortOf(spent, request.carry, payer, consumer);
    if (means !== undefined)
      throw new PipeError("payer-cannot-pay", { payer, consumer, means: `${means}`, needed: `${spent}` });
  }

  async #respond(
    progress: Progress,
    missing: InferenceQuery[],
    gasUsed: bigint,
  ): Promise<PreexecuteResponse> {
    const { own, rounds, incoming, caller } = progress;
    // Meanwhile the call was simulated.
    await Promise.all([...own.values()].map(({ onDisk }) => onDisk));
    const { offers, logger, time } = this.#dependencies;
    const { operatorId } = offers.account;
    const bundles = [...incoming, ...[...own.values()].flatMap(({ bundle }) => decodeBundles(bundle))];
    const untilSec = time.head.timestamp + this.#options.resultValiditySec;
    const inferences = [...own.values()].flatMap(({ addressee, results }) =>
      results.map(({ release, mode, inputHash, fee }) => {
        return {
          release: release as Hex,
          operatorId,
          mode,
          inputHash: inputHash as Hex,
          fee,
          consumer: addressee.consumer,
        };
      }),
    );
    logger.info(
      { caller: caller.id, rounds, inferences: inferences.length, missing: missing.length },
      "call pre-executed",
    );
    return {
      results: resultsOf(progress) as Hex,
      complete: missing.length === 0,
      missing: missing as (InferenceQuery & { release: Hex; input: Hex })[],
      inferences,
      totalFee: totalOf(progress),
      gasUsed,
      rounds,
      validUntil: Math.min(untilSec, ...bundles.map(({ validUntil }) => validUntil)),
    };
  }
}

/** What is told of a revert: that the payer lacks OPG, where it says that, in this block or at all. */
function revertOf(data: string, problem?: string, more: Readonly<Record<string, unknown>> = {}): PipeError {
  const isHuge = data.length > 2 + 2 * MAX_REVERT_BYTES;
  const shortage = problem === undefined && !isHuge ? shortageIn(data) : undefined;
  if (shortage !== undefined) {
    const { kind, available, required, ...who } = shortage.data;
    const facts = { ...who, kind, means: `${available}`, needed: `${required}` };
    return new PipeError("payer-cannot-pay", facts, { retryable: kind === "block-limit" });
  }
  const told = isHuge
    ? { data: data.slice(0, 2 + 2 * MAX_REVERT_BYTES), bytes: data.length / 2 - 1 }
    : { data };
  return new PipeError("call-reverts", { ...told, ...more }, { ...(problem !== undefined && { problem }) });
}

/** What one result answers: on chain the first that is loaded of a release and input stands. */
function resultKeyOf(query: InferenceQuery): string {
  return query.release.toLowerCase() + inputHashOf(query);
}

/** The modes that all queries allow which get the same result. */
function modesByResult(queries: readonly InferenceQuery[]): Map<string, number> {
  const modes = new Map<string, number>();
  for (const query of queries) {
    const key = resultKeyOf(query);
    const others = modes.get(key);
    modes.set(key, others === undefined ? query.modes : modesOfBoth(others, query.modes));
  }
  return modes;
}

function decodeIncoming(results: string): ResultBundle[] {
  try {
    return decodeBundles(results);
  } catch (cause) {
    if (!(cause instanceof CarriedResultsError)) throw cause;
    throw new PipeError("invalid-request", { ...cause.data }, { problem: cause.code, cause });
  }
}

function resultsOf({ request, own }: Progress): string {
  return concat([request.results ?? "0x", ...[...own.values()].map(({ bundle }) => bundle)]);
}

function totalOf({ incoming, own }: Progress): bigint {
  return feesOf(incoming) + [...own.values()].reduce((total, { results }) => total + sum(results), 0n);
}

function feesOf(bundles: readonly ResultBundle[]): bigint {
  return bundles.reduce((total, { results }) => total + sum(results), 0n);
}

function sum(results: readonly CarriedResult[]): bigint {
  return results.reduce((total, { fee }) => total + fee, 0n);
}

import type { Provider } from "ethers";
import { keccak256, ZeroAddress } from "ethers";
import { type PlainCall, type SimulationOutcome, simulate } from "./callSimulator.ts";
import { type CarriedResult, decodeBundles, encodeBundles, type ResultBundle } from "./carriedResults.ts";
import type { Carrier } from "./carrier.ts";
import { NetworkError } from "./errors.ts";
import { allowsMode, type InferenceQuery, type InferenceRequired } from "./inferenceQuery.ts";
import type { PreexecuteResponse } from "./nodeApi.ts";
import type { OfferingNode } from "./nodeSearch.ts";
import { shortageIn } from "./payment.ts";
import type { PipeContracts } from "./pipeContracts.ts";
import { bundleSigner, carriedDigest } from "./signedBundle.ts";

export type AnswerRefusal =
  | "results-malformed"
  | "earlier-results-changed"
  | "nothing-new"
  | "signer-wrong"
  | "signer-not-active"
  | "expired"
  | "valid-too-long"
  | "not-asked-for"
  | "fee-above-offer"
  | "fee-above-maximum"
  | "mode-not-allowed"
  | "cover-too-low"
  | "stake-too-low"
  | "operator-not-chosen"
  | "totals-wrong"
  | "fee-above-cap"
  | "call-does-not-pass";

/** A node's answer that is not what was asked; nothing of it is used. `data.refusal` says what is wrong. */
export class AnswerRefusedError extends NetworkError {
  declare readonly data: { readonly refusal: AnswerRefusal } & Readonly<Record<string, unknown>>;

  constructor(refusal: AnswerRefusal, data: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super("node-answer-refused", `the node's answer is refused: ${refusal}`, {
      data: { refusal, ...data },
      cause,
    });
  }
}

/** A call on its way to completion: what was collected so far, and what it then lacks. */
export interface Lacking {
  /** Bundles, encoded. */
  results: string;
  required: InferenceRequired;
}

export interface CheckContext {
  provider: Provider;
  contracts: PipeContracts;
  carrier: Carrier;
  call: PlainCall;
  /** Token wei that all results together may cost. */
  maxFee: bigint;
  /** Seconds that results must stay valid from now. */
  minValiditySec: number;
}

/** What a node's answer makes of a call. */
export interface CheckedAnswer {
  results: string;
  outcome: Exclude<SimulationOutcome, { status: "reverted" }>;
}

/**
 * Holds a node's answer against the chain and against what the call really asks, result by result; a node can then
 * neither charge for what was not asked, nor more than it offered, nor sign for another. Throws `AnswerRefusedError`.
 */
export async function checkAnswer(
  answer: PreexecuteResponse,
  node: OfferingNode,
  lacking: Lacking,
  context: CheckContext,
): Promise<CheckedAnswer> {
  const fresh = newBundles(answer.results, lacking.results);
  const totalFee = feeOf(decodeBundles(answer.results));
  if (totalFee !== answer.totalFee) throw new AnswerRefusedError("totals-wrong", { totalFee });
  if (totalFee > context.maxFee) throw new AnswerRefusedError("fee-above-cap", { totalFee });
  await checkBacking(fresh, node, lacking.required, context);
  return await replay(fresh, answer.results, node, lacking, context);
}

/** Token wei that bundles cost together. */
export function feeOf(bundles: readonly ResultBundle[]): bigint {
  return bundles.flatMap(({ results }) => results).reduce((sum, { fee }) => sum + fee, 0n);
}

function newBundles(results: string, earlier: string): ResultBundle[] {
  const all = results.toLowerCase();
  const before = earlier.toLowerCase();
  if (!all.startsWith(before)) throw new AnswerRefusedError("earlier-results-changed");
  try {
    decodeBundles(all);
    const fresh = decodeBundles(`0x${all.slice(before.length)}`);
    if (fresh.length === 0) throw new AnswerRefusedError("nothing-new");
    return fresh;
  } catch (cause) {
    if (cause instanceof AnswerRefusedError) throw cause;
    throw new AnswerRefusedError("results-malformed", {}, cause);
  }
}

/** Signature, standing and validity of every bundle. */
async function checkBacking(
  bundles: readonly ResultBundle[],
  node: OfferingNode,
  required: InferenceRequired,
  { contracts, carrier, call, minValiditySec }: CheckContext,
): Promise<void> {
  const [{ domainSeparator, maxValidity }, standing, now] = await Promise.all([
    contracts.constants(),
    contracts.standingOf(node.signer),
    contracts.timestamp(),
  ]);
  if (!standing.isActive || standing.operatorId !== node.operatorId)
    throw new AnswerRefusedError("signer-not-active", { signer: node.signer });
  const payer = carrier.payerOf(call, required) ?? ZeroAddress;
  for (const bundle of bundles) {
    if (bundle.validUntil < now + minValiditySec) throw new AnswerRefusedError("expired", { now });
    if (bundle.validUntil > now + maxValidity) throw new AnswerRefusedError("valid-too-long", { now });
    if (signerOf(bundle, payer, domainSeparator) !== node.signer)
      throw new AnswerRefusedError("signer-wrong", { expected: node.signer });
  }
}

function signerOf(bundle: ResultBundle, payer: string, domainSeparator: string): string {
  try {
    return bundleSigner(bundle, payer, domainSeparator);
  } catch (cause) {
    throw new AnswerRefusedError("signer-wrong", {}, cause);
  }
}

/** A bundle, and which of its results the call has asked for. */
interface Taking {
  bundle: ResultBundle;
  taken: CarriedResult[];
}

/**
 * Runs the call again with only those results that it has asked for so far, until all are in or it asks for one that
 * is not there. Any that is then left over was not asked for.
 */
async function replay(
  fresh: readonly ResultBundle[],
  results: string,
  node: OfferingNode,
  lacking: Lacking,
  context: CheckContext,
): Promise<CheckedAnswer> {
  const takings: Taking[] = fresh.map((bundle) => ({ bundle, taken: [] }));
  let { required } = lacking;
  for (;;) {
    if (!takeAskedFor(takings, required, node)) throw new AnswerRefusedError("not-asked-for");
    const isComplete = takings.every(isWhole);
    const outcome = isComplete
      ? await simulateWith(results, context)
      : await simulatePart(takings, node, lacking, context);
    if (outcome.status === "reverted")
      throw shortageIn(outcome.revertData) ?? doesNotPass(outcome.revertData, outcome.cause);
    if (isComplete) return { results, outcome };
    if (outcome.status === "passed") throw new AnswerRefusedError("not-asked-for");
    required = outcome.required;
  }
}

/** The call with a part of the node's results. What it signed only as a whole is signed by a stand-in for the part. */
async function simulatePart(
  takings: readonly Taking[],
  node: OfferingNode,
  lacking: Lacking,
  { provider, contracts, carrier, call }: CheckContext,
): Promise<SimulationOutcome> {
  const [{ domainSeparator }, { key, override }] = await Promise.all([
    contracts.constants(),
    contracts.standInFor(node.signer),
  ]);
  const payer = carrier.payerOf(call, lacking.required) ?? ZeroAddress;
  const part = takings
    .filter(({ taken }) => taken.length > 0)
    .map((taking): ResultBundle => {
      if (isWhole(taking)) return taking.bundle;
      const bundle = { ...taking.bundle, results: taking.taken };
      return { ...bundle, signature: key.sign(carriedDigest(bundle, payer, domainSeparator)).serialized };
    });
  const results = lacking.results + encodeBundles(part).slice(2);
  return await simulate(provider, carrier.rehearsal(call, results), { ...override, ...carrier.override });
}

function isWhole({ bundle, taken }: Taking): boolean {
  return taken.length === bundle.results.length;
}

function doesNotPass(revertData: string, cause: unknown): AnswerRefusedError {
  return new AnswerRefusedError("call-does-not-pass", { revertData }, cause);
}

/** Simulates the call as `context.carrier` brings it. */
export async function simulateWith(
  results: string,
  { provider, carrier, call }: Pick<CheckContext, "provider" | "carrier" | "call">,
): Promise<SimulationOutcome> {
  return await simulate(provider, carrier.rehearsal(call, results), carrier.override);
}

/** Takes the results that answer what is required, each query once. @returns whether there were any */
function takeAskedFor(
  takings: readonly Taking[],
  { consumer, queries }: InferenceRequired,
  node: OfferingNode,
): boolean {
  const open = new Map(queries.map((query) => [keyOf(query, keccak256(query.input)), query]));
  // A result for anyone would do on chain, and prove less when it is wrong.
  for (const { bundle, taken } of takings.filter((taking) => taking.bundle.consumer === consumer))
    for (const result of bundle.results) {
      const key = keyOf(result, result.inputHash);
      const query = open.get(key);
      if (query === undefined || taken.includes(result)) continue;
      checkTerms(result, query, node);
      taken.push(result);
      open.delete(key);
    }
  return open.size < queries.length;
}

function checkTerms(result: CarriedResult, query: InferenceQuery, node: OfferingNode): void {
  const offer = node.offers.find((o) => o?.release === result.release && o.mode === result.mode);
  if (!allowsMode(query.modes, result.mode)) throw new AnswerRefusedError("mode-not-allowed");
  if (result.fee > query.maxFee) throw new AnswerRefusedError("fee-above-maximum", { fee: result.fee });
  if (offer !== undefined && result.fee > offer.fee)
    throw new AnswerRefusedError("fee-above-offer", { fee: result.fee, offered: offer.fee });
  if (result.maxCover < (query.cover?.amount ?? 0n))
    throw new AnswerRefusedError("cover-too-low", { maxCover: result.maxCover, cover: query.cover?.amount });
  if (node.stake < query.minStake) throw new AnswerRefusedError("stake-too-low", { stake: node.stake });
  if (query.operatorId !== 0 && query.operatorId !== node.operatorId)
    throw new AnswerRefusedError("operator-not-chosen", { operatorId: node.operatorId });
}

function keyOf({ release, codec }: { release: string; codec: number }, inputHash: string): string {
  return `${release}:${codec}:${inputHash}`.toLowerCase();
}

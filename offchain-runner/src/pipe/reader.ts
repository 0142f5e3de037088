import { decodeQuery, QueryMalformedError } from "@opg-network/sdk/inferenceQuery";
import type { GatewayRequest, GatewayResponse, QuoteRequest, QuoteResponse } from "@opg-network/sdk/nodeApi";
import { dataLength, ZeroAddress } from "ethers";
import { ZK_MODE } from "../jobs/job.ts";
import type { RunScheduler } from "../jobs/runScheduler.ts";
import type { Caller } from "./caller.ts";
import { PipeError } from "./pipeError.ts";
import type { OfferDependencies } from "./queryOffer.ts";
import { offerFor } from "./queryOffer.ts";
import type { ResultMaker } from "./resultMaker.ts";
import { inputHashOf } from "./resultMaker.ts";

/** What this node would take for each query; nothing is run. */
export async function quote(
  { queries }: QuoteRequest,
  offers: OfferDependencies,
  scheduler: RunScheduler,
): Promise<QuoteResponse> {
  const each = queries.map(async (query) => {
    const { cover, ...rest } = query;
    const offer = await offerFor({ ...rest, ...(cover === undefined ? {} : { cover }) }, offers);
    if (offer.kind === "refused") return { release: query.release, error: { code: offer.code } };
    const { mode, fee, operatorId, release } = offer;
    const runMs = scheduler.expectedMs(release.id) + scheduler.waitMs(release.id);
    const proof = mode === ZK_MODE ? proofTimes(release.id, offers.prover) : undefined;
    const expectedMs = runMs + (proof === undefined ? 0 : proof.ms + proof.waitMs);
    const { signer } = offers.account;
    return {
      release: query.release,
      mode,
      fee,
      operatorId,
      signer,
      expectedMs,
      freeSlots: scheduler.freeSlots,
      ...(proof !== undefined && { proof }),
    };
  });
  return { offers: await Promise.all(each) };
}

function proofTimes(release: string, prover: OfferDependencies["prover"]) {
  if (prover === undefined) return undefined;
  const { running, waiting } = prover.load;
  const [ms, waitMs] = [prover.expectedMs(release) ?? 0, prover.waitMs(release)];
  return { ms: Math.round(ms), waitMs: Math.round(waitMs), running, waiting };
}

/** An unpaid read (ERC-3668): one result that anybody may use. */
export async function read(
  { data }: GatewayRequest,
  dependencies: { offers: OfferDependencies; scheduler: RunScheduler; maker: ResultMaker; withinMs: number },
  caller: Caller,
  signal: AbortSignal,
): Promise<GatewayResponse> {
  const { offers, scheduler, maker, withinMs } = dependencies;
  const query = decoded(data);
  if (query.cover !== undefined)
    throw new PipeError(
      "cover-refused",
      { reason: "cover-unpaid" },
      { problem: "an unpaid read insures nothing" },
    );
  // The reader pays nothing, so what it would pay at most decides nothing.
  const asked = { ...query, maxFee: 2n ** 256n - 1n, inputBytes: dataLength(query.input), withinMs };
  const offer = await offerFor(asked, offers);
  if (offer.kind === "refused")
    throw new PipeError("release-not-served", { release: query.release, reason: offer.code });
  scheduler.requireRoom();
  const addressee = { consumer: ZeroAddress, payer: ZeroAddress };
  const offered = { query, inputHash: inputHashOf(query), offer };
  const results = await maker.answer([offered], addressee, caller, signal);
  const { bundle, onDisk } = maker.sign(results, addressee);
  await onDisk;
  return { data: bundle as `0x${string}` };
}

function decoded(data: string) {
  try {
    return decodeQuery(data);
  } catch (cause) {
    if (!(cause instanceof QueryMalformedError)) throw cause;
    throw new PipeError("invalid-request", {}, { problem: cause.code, cause });
  }
}

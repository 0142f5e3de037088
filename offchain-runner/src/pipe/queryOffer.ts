import { NetworkError } from "@opg-network/sdk/errors";
import { allowsMode, type InferenceQuery } from "@opg-network/sdk/inferenceQuery";
import type { ModeName } from "@opg-network/sdk/request";
import { MODES } from "@opg-network/sdk/request";
import { CODEC_TENSORS } from "@opg-network/sdk/tensorCodec";
import type { OwnAccount } from "../chain/ownAccount.ts";
import type { PublishedRelease } from "../hub/releaseCatalog.ts";
import { ZK_MODE } from "../jobs/job.ts";
import type { OfferedReleases } from "../jobs/offeredReleases.ts";
import { standingIn } from "../jobs/offeredReleases.ts";
import type { ResultProver } from "../proving/resultProver.ts";
import type { CoverBook, CoverRefusal, FinalCoverRefusal } from "./coverBook.ts";
import type { PriceList } from "./priceList.ts";

/** Why a query is not answered here; `elsewhere` says whether another node may. */
export type Refusal =
  | { kind: "refused"; code: ElsewhereCode; elsewhere: true }
  | { kind: "refused"; code: FinalCode; elsewhere: false };

type FinalCode = "fee-above-maximum" | "codec-unknown" | "input-too-large" | FinalCoverRefusal;

type ElsewhereCode =
  | "release-not-served"
  | "release-not-ready"
  | "mode-not-served"
  | "proof-not-ready"
  | "deadline-unreachable"
  | "operator-not-chosen"
  | "operator-not-active"
  | "stake-too-low"
  | CoverRefusal;

/** What this node would sign for a query. */
export interface Offer {
  kind: "offered";
  release: PublishedRelease;
  mode: number;
  /** Token wei, what it insures included. */
  fee: bigint;
  /** Token wei that it insures. */
  maxCover: bigint;
  operatorId: number;
}

/** A query as far as it decides about an offer. */
export type OfferedFor = Omit<InferenceQuery, "input"> & {
  inputBytes: number;
  /** How long its caller waits at the most; as long as it takes when absent. */
  withinMs?: number | undefined;
};

/** Proofs, as far as they decide about an offer. */
export type OfferProver = Pick<ResultProver, "expectedMs" | "waitMs" | "load">;

export interface OfferDependencies {
  releases: OfferedReleases;
  account: OwnAccount;
  prices: PriceList;
  covers: Pick<CoverBook, "termsFor" | "refusalOf">;
  /** Absent where nothing is proved. */
  prover?: OfferProver | undefined;
  maxInputBytes: number;
}

/** What stands against insuring what an offer insures. */
export type Insure = (offer: Offer) => Promise<CoverRefusal | undefined>;

/**
 * Whether this node answers a query, and for how much; its input is not looked at. The mode is the first of the
 * configuration's that the query allows, and no other takes its place where it cannot be had: what an answer is backed
 * by never depends on how the node is.
 * @param insure asked last; holds the cover where the offer is to be kept
 */
export async function offerFor(
  query: OfferedFor,
  { releases, account, prices, covers, prover, maxInputBytes }: OfferDependencies,
  insure: Insure = ({ maxCover }) => covers.refusalOf(maxCover),
): Promise<Offer | Refusal> {
  const served = releases.get(query.release.toLowerCase());
  if (served === undefined) return elsewhere("release-not-served");
  if (served.status !== "ready" || served.release === undefined) return elsewhere("release-not-ready");
  if (query.codec !== CODEC_TENSORS) return { kind: "refused", code: "codec-unknown", elsewhere: false };
  const mode = served.config.modes.map(numberOf).find((number) => allowsMode(query.modes, number));
  if (mode === undefined) return elsewhere("mode-not-served");
  if (standingIn(served, mode).status !== "ready") return elsewhere("proof-not-ready");
  if (mode === ZK_MODE && isTooSlow(query, prover)) return elsewhere("deadline-unreachable");

  const standing = await account.standing();
  const { operatorId } = standing;
  if (query.operatorId !== 0 && query.operatorId !== operatorId) return elsewhere("operator-not-chosen");
  if (!standing.isActive || operatorId === 0) return elsewhere("operator-not-active");
  const { minStake } = await prices.termsOf(served.release.id);
  if (standing.stake < minStake || standing.stake < query.minStake) return elsewhere("stake-too-low");
  if (query.inputBytes > maxInputBytes) return { kind: "refused", code: "input-too-large", elsewhere: false };
  const insured = await covers.termsFor(query.cover, served.release.id);
  if (insured.kind === "elsewhere") return elsewhere(insured.code);
  if (insured.kind === "refused") return { kind: "refused", code: insured.code, elsewhere: false };
  const fee = (await prices.feeOf(served.release.id, served.config, mode)) + insured.price;
  if (fee > query.maxFee) return { kind: "refused", code: "fee-above-maximum", elsewhere: false };
  const offer: Offer = {
    kind: "offered",
    release: served.release,
    mode,
    fee,
    maxCover: insured.amount,
    operatorId,
  };
  const uninsured = await insure(offer);
  return uninsured === undefined ? offer : elsewhere(uninsured);
}

/** True when `input` is the canonical encoding of tensors that the release takes. */
export function fits(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof NetworkError) return false;
    throw error;
  }
}

function isTooSlow({ release, withinMs }: OfferedFor, prover: OfferProver | undefined): boolean {
  if (withinMs === undefined || prover === undefined) return false;
  const id = release.toLowerCase();
  return prover.waitMs(id) + (prover.expectedMs(id) ?? 0) > withinMs;
}

function elsewhere(code: ElsewhereCode): Refusal {
  return { kind: "refused", code, elsewhere: true };
}

function numberOf(mode: ModeName): number {
  return MODES.indexOf(mode);
}

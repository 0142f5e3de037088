import { NetworkError } from "./errors.ts";
import { allowsMode, type InferenceQuery } from "./inferenceQuery.ts";
import { demandedBy, meetsDemand } from "./keyOrigin.ts";
import type { NodeOffer } from "./nodeApi.ts";
import { askQuote, type NodeClientOptions } from "./nodeClient.ts";
import type { Candidate, PipeContracts } from "./pipeContracts.ts";
import type { NodeReport } from "./pipeError.ts";
import { GRAIN, MODES } from "./request.ts";

/** An operator that could serve some of the queries, and where its node is. */
export interface ServingNode {
  operatorId: number;
  signer: string;
  /** Base URL without a slash at the end. */
  endpoint: string;
  /** Token wei of active stake. */
  stake: bigint;
}

/** A node with what it offered; `offers[i]` is for query `i`, absent where it does not serve it. */
export interface OfferingNode extends ServingNode {
  offers: (NodeOffer | undefined)[];
}

/** What an offer is judged by. */
export interface OfferToScore {
  offer: NodeOffer;
  /** Token wei of active stake. */
  stake: bigint;
  query: InferenceQuery;
}

/** The lower, the better. */
export type OfferScore = (offer: OfferToScore) => number;

/** Milliseconds that double the price in the eyes of `scoreOffer`. */
const PATIENCE_MS = 2_000;

/**
 * Price, made worse by slowness and by thin stake, in OPG:
 * `(fee + 1 grain) × (1 + expectedMs / 2000) × (1 + 1000 OPG / stake)`, doubled where no slot is free.
 */
export function scoreOffer({ offer, stake }: OfferToScore): number {
  const opg = Number(offer.fee + GRAIN) / 1e18;
  const thinness = 1e21 / Math.max(Number(stake), 1e18);
  return opg * (1 + offer.expectedMs / PATIENCE_MS) * (1 + thinness) * (offer.freeSlots === 0 ? 2 : 1);
}

/** Whether `endpoint` may be asked: https, or http to this machine on a chain of this machine. */
export function allowsEndpoint(endpoint: string, chainId: number): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(endpoint);
  if (username !== "" || password !== "" || search !== "" || hash !== "") return false;
  if (protocol === "https:") return true;
  const isLoopback = hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
  return protocol === "http:" && isLoopback && chainId === LOCAL_CHAIN_ID;
}

const LOCAL_CHAIN_ID = 31_337;

export interface SearchOptions {
  contracts: PipeContracts;
  chainId: number;
  /** Told why a node was passed over. */
  report: (report: NodeReport) => void;
}

/** Nodes of the operators that the chain names as able to serve at least one of the queries, cheapest first. */
export async function findNodes(
  queries: readonly InferenceQuery[],
  { contracts, chainId, report }: SearchOptions,
): Promise<ServingNode[]> {
  const candidates = new Map<number, Candidate>();
  const read = memoized((key: string) => {
    const [release, mode] = key.split(":") as [string, string];
    return contracts.candidates(release, Number(mode));
  });
  for (const query of queries)
    for (const mode of MODES.keys())
      if (allowsMode(query.modes, mode) && (await hasKeysFor(query, mode, contracts)))
        for (const candidate of await read(`${query.release}:${mode}`))
          if (meets(candidate, query)) candidates.set(candidate.operatorId, candidate);
  const cheapestFirst = [...candidates.values()].sort((a, b) => Number(a.price - b.price));
  const nodes = await Promise.all(
    cheapestFirst.map(async (candidate): Promise<ServingNode | undefined> => {
      const { operatorId, signer, stake } = candidate;
      try {
        const endpoint = (await contracts.endpointOf(candidate)).replace(/\/+$/, "");
        if (allowsEndpoint(endpoint, chainId)) return { operatorId, signer, stake, endpoint };
        report(reportOf({ operatorId, endpoint }, "endpoint-refused", "not an https address", false));
      } catch (error) {
        report(failureOf({ operatorId, endpoint: "" }, error));
      }
      return undefined;
    }),
  );
  return nodes.filter((node) => node !== undefined);
}

/** Asks nodes what they offer for the queries; those that offer nothing that is allowed are left out. */
export async function askOffers(
  nodes: readonly ServingNode[],
  queries: readonly InferenceQuery[],
  options: NodeClientOptions & { score: OfferScore; report: (report: NodeReport) => void },
): Promise<OfferingNode[]> {
  const request = {
    queries: queries.map(({ input, ...terms }) => ({ ...terms, inputBytes: (input.length - 2) / 2 })),
  };
  const answered = await Promise.all(
    nodes.map(async (node): Promise<OfferingNode | undefined> => {
      try {
        const { offers } = await askQuote(node.endpoint, request, options);
        const usable = queries.map((query, i) => usableOffer(offers[i], query, node));
        if (usable.some((offer) => offer !== undefined)) return { ...node, offers: usable };
        options.report(reportOf(node, "nothing-offered", "no offer on the terms of the query", false));
      } catch (error) {
        options.report(failureOf(node, error));
      }
      return undefined;
    }),
  );
  return rank(
    answered.filter((node) => node !== undefined),
    queries,
    options.score,
  );
}

/** Those that serve more of the queries first, then by score. */
function rank(
  nodes: readonly OfferingNode[],
  queries: readonly InferenceQuery[],
  score: OfferScore,
): OfferingNode[] {
  const judged = nodes.map((node) => {
    const offers = node.offers.flatMap((offer, i) => {
      const query = queries[i];
      return offer === undefined || query === undefined ? [] : [{ offer, query, stake: node.stake }];
    });
    return { node, served: offers.length, score: offers.reduce((sum, offer) => sum + score(offer), 0) };
  });
  return judged.sort((a, b) => b.served - a.served || a.score - b.score).map(({ node }) => node);
}

function usableOffer(
  offer: NodeOffer | { error: unknown } | undefined,
  query: InferenceQuery,
  node: ServingNode,
): NodeOffer | undefined {
  if (offer === undefined || "error" in offer) return undefined;
  const isAsked =
    offer.release === query.release && allowsMode(query.modes, offer.mode) && offer.fee <= query.maxFee;
  return isAsked && offer.operatorId === node.operatorId && offer.signer === node.signer ? offer : undefined;
}

/** What a proof of other keys cost would be lost: the query refuses it. */
async function hasKeysFor(query: InferenceQuery, mode: number, contracts: PipeContracts): Promise<boolean> {
  const least = demandedBy(query.modes);
  if (MODES[mode] !== "ZK" || least === "none") return true;
  return meetsDemand(await contracts.keyOriginOf(query.release), least);
}

function meets({ operatorId, stake }: Candidate, query: InferenceQuery): boolean {
  return stake >= query.minStake && (query.operatorId === 0 || query.operatorId === operatorId);
}

/** Why a node failed, out of what was thrown. */
export function failureOf(node: Pick<ServingNode, "operatorId" | "endpoint">, error: unknown): NodeReport {
  if (!(error instanceof NetworkError)) throw error;
  return reportOf(node, error.code, error.message, error.retryable);
}

function reportOf(
  { operatorId, endpoint }: Pick<ServingNode, "operatorId" | "endpoint">,
  code: string,
  message: string,
  retryable: boolean,
): NodeReport {
  return { operatorId, endpoint, code, message, retryable };
}

function memoized<T>(read: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const promise = known.get(key) ?? read(key);
    known.set(key, promise);
    return promise;
  };
}

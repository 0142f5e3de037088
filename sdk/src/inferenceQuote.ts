import type { Provider } from "ethers";
import type { Cover } from "./cover.ts";
import type { InferenceQuery } from "./inferenceQuery.ts";
import { demandOf, type KeyOriginName } from "./keyOrigin.ts";
import { l1DataFee } from "./l1DataFee.ts";
import { CARRIES, type Carry, type NodeOffer } from "./nodeApi.ts";
import { askOffers, findNodes, type OfferScore, scoreOffer } from "./nodeSearch.ts";
import { PipeContracts, type PipeNetwork } from "./pipeContracts.ts";
import type { NodeReport } from "./pipeError.ts";
import { type ProofCost, proofCost } from "./proofCost.ts";
import { MODES, type ModeName } from "./request.ts";
import { CODEC_TENSORS } from "./tensorCodec.ts";

/** What is to be inferred, as far as it matters for the price. */
export interface QuoteQuery {
  release: string;
  /** Bytes of the encoded input. */
  inputBytes: number;
  /** Bytes of the encoded output. */
  outputBytes: number;
  /** Token wei; dearer offers are left out. Default: whatever it costs. */
  maxFee?: bigint;
  /** Token wei of stake that the operator must have. */
  minStake?: bigint;
  operatorId?: number;
  /** How the keys are made at least that prove an answer in mode ZK. Default: as the network's verifier has it. */
  keyOrigin?: KeyOriginName;
  /** What the answer shall insure. */
  cover?: Cover;
}

/** What one inference adds to a transaction that carries nothing yet. */
export interface InferenceCost {
  /** Token wei of OPG. */
  fee: bigint;
  gas: bigint;
  /** Wei of the chain's coin: gas at the present price, data on L1, and both. */
  gasWei: bigint;
  l1Wei: bigint;
  totalWei: bigint;
}

/**
 * What a mode costs now; without an offer nobody serves the release in it, and `reports` says what nodes answered. A price
 * says nothing of what the answer is worth: see `MODES`.
 */
export interface ModeQuote {
  mode: ModeName;
  offer: NodeOffer | undefined;
  /** By how the result travels; absent without an offer. */
  costs: Record<Carry, InferenceCost> | undefined;
  reports: NodeReport[];
}

export interface QuoteOptions {
  score?: OfferScore;
  maxNodes?: number;
  timeoutMs?: number;
  signal?: AbortSignal;
  fetch?: typeof fetch;
}

/** Gas of one inference without input and output, measured on `Pipe` (steady state: no slot is written first). */
const BASE_GAS: Record<Carry, number> = { appended: 46_900, batch: 55_500, executor: 54_700 };
/** The input is hashed and logged; the output travels in calldata, is logged, and kept for the transaction. */
const GAS_PER_INPUT_BYTE = 9.1;
const GAS_PER_OUTPUT_BYTE = 39.3;
/** Bytes of a bundle of one result without output and proof, and what carries it. */
const BASE_BYTES: Record<Carry, number> = { appended: 185, batch: 760, executor: 500 };
/** What an inference costs in each mode, gas included, before anything is run or sent. */
export async function quoteInference(
  provider: Provider,
  network: PipeNetwork,
  query: QuoteQuery,
  options: QuoteOptions = {},
): Promise<ModeQuote[]> {
  const surroundings = {
    contracts: new PipeContracts(network, provider),
    chainId: Number((await provider.getNetwork()).chainId),
    gasPrice: (await provider.getFeeData()).gasPrice ?? 0n,
  };
  return await Promise.all(
    MODES.map(async (mode, number): Promise<ModeQuote> => {
      const reports: NodeReport[] = [];
      const offer = await bestOffer(asked(query, number), surroundings, reports, options);
      if (offer === undefined) return { mode, offer, costs: undefined, reports };
      const origin = mode === "ZK" ? await surroundings.contracts.keyOriginOf(query.release) : "none";
      const proof = proofCost(mode, origin, query.inputBytes);
      const costs = await costsOf(offer.fee, proof, query, provider, surroundings.gasPrice);
      return { mode, offer, costs, reports };
    }),
  );
}

async function bestOffer(
  query: InferenceQuery,
  { contracts, chainId }: { contracts: PipeContracts; chainId: number },
  reports: NodeReport[],
  options: QuoteOptions,
): Promise<NodeOffer | undefined> {
  const report = (entry: NodeReport): void => void reports.push(entry);
  const nodes = await findNodes([query], { contracts, chainId, report });
  const [best] = await askOffers(nodes.slice(0, options.maxNodes ?? 6), [query], {
    chainId,
    report,
    fetch: options.fetch ?? ((...args) => globalThis.fetch(...args)),
    timeoutMs: options.timeoutMs ?? 2_000,
    signal: options.signal ?? new AbortController().signal,
    score: options.score ?? scoreOffer,
  });
  return best?.offers[0];
}

async function costsOf(
  fee: bigint,
  proof: ProofCost,
  { inputBytes, outputBytes }: QuoteQuery,
  provider: Provider,
  gasPrice: bigint,
): Promise<Record<Carry, InferenceCost>> {
  const costs = CARRIES.map(async (carry): Promise<[Carry, InferenceCost]> => {
    const gas = BigInt(
      Math.ceil(
        BASE_GAS[carry] + GAS_PER_INPUT_BYTE * inputBytes + GAS_PER_OUTPUT_BYTE * outputBytes + proof.gas,
      ),
    );
    const l1Wei = await l1DataFee(provider, BASE_BYTES[carry] + outputBytes + proof.bytes);
    return [carry, { fee, gas, gasWei: gas * gasPrice, l1Wei, totalWei: gas * gasPrice + l1Wei }];
  });
  return Object.fromEntries(await Promise.all(costs)) as Record<Carry, InferenceCost>;
}

/** The zeros stand for the length of the input: nodes are told nothing else of it. */
function asked(query: QuoteQuery, mode: number): InferenceQuery {
  return {
    release: query.release,
    codec: CODEC_TENSORS,
    ...(query.cover === undefined ? {} : { cover: query.cover }),
    modes: (1 << mode) | demandOf(query.keyOrigin ?? "none"),
    operatorId: query.operatorId ?? 0,
    maxFee: query.maxFee ?? 2n ** 256n - 1n,
    minStake: query.minStake ?? 0n,
    input: `0x${"00".repeat(query.inputBytes)}`,
  };
}

import { Contract, dataLength, getBytes, isError, type Provider } from "ethers";
import { NetworkError } from "./errors.ts";
import { type InferenceCost, type QuoteOptions, type QuoteQuery, quoteInference } from "./inferenceQuote.ts";
import type { Carry, NodeOffer } from "./nodeApi.ts";
import { EXACT_MACHINE_ABI, MODEL_HUB_ABI, ON_CHAIN_MODEL_ABI } from "./pipeAbi.ts";
import type { PipeNetwork } from "./pipeContracts.ts";
import type { ModeName } from "./request.ts";

/** Where PIPE and the hub stand on a chain, and the machine. */
export interface WayNetwork extends PipeNetwork {
  hub: string;
  machine: string;
}

export interface WayQuery extends Omit<QuoteQuery, "inputBytes"> {
  /** The encoded input, or one like it: on chain the model is run on it. */
  input: string;
  /** An `IOnChainModel` of the release that you have checked; without it the machine is asked. */
  model?: string;
}

/**
 * What keeps the answer right. `computed`: the chain computes it. `proved`: a proof is checked with it. `slashable`:
 * anybody can prove a wrong one for as long as the window is open, which costs stake. `attributable`: it is known who
 * signed it, and nothing can be proved.
 */
export type Protection = "computed" | "proved" | "slashable" | "attributable";

/** A way to an answer that is there now. */
export interface WayQuote {
  way: "on-chain-contract" | "on-chain-machine" | ModeName;
  protection: Protection;
  /** What it adds to a transaction. */
  cost: InferenceCost;
  /** Before the transaction can be sent: on chain nothing is waited for. */
  waitMs: number;
  /** Of an operator's answer. */
  offer?: NodeOffer;
}

export interface WayComparison {
  ways: WayQuote[];
  /** What there is not, and why. */
  missing: { way: WayQuote["way"]; code: WayMissingCode }[];
}

/**
 * `not-exact`: the release is approximate, or its graph is not on chain. `not-offered`: nobody serves it in this mode.
 * `too-large`: evaluating it takes more gas than a transaction may have. `input-refused`: it is no input of the model.
 */
export type WayMissingCode = "not-exact" | "not-offered" | "too-large" | "input-refused";

export interface WayOptions extends QuoteOptions {
  /** How a signed result travels; appended to calldata by default. */
  carry?: Carry;
}

/** The address that was given evaluates another graph than the release commits to. */
export class OnChainModelWrongError extends NetworkError {
  constructor(model: string, graphRoot: string, expected: string) {
    super(
      "on-chain-model-wrong",
      `${model} evaluates graph ${graphRoot}, the release commits to ${expected}`,
      {
        data: { model, graphRoot, expected },
      },
    );
  }
}

/** A call of a contract to another one, cold, and handing over input and output. */
const CALL_GAS = 3_000;
const GAS_PER_BYTE = 0.4;
const TRANSACTION_GAS = 21_000;

/**
 * All ways to the same answer, side by side: computed on chain, signed, proved.
 * @throws OnChainModelWrongError; what the chain's endpoint throws
 */
export async function compareWays(
  provider: Provider,
  network: WayNetwork,
  query: WayQuery,
  { carry = "appended", ...options }: WayOptions = {},
): Promise<WayComparison> {
  const hub = new Contract(network.hub, MODEL_HUB_ABI, provider);
  const [isExact, modes, onChain] = await Promise.all([
    hub.getFunction("isExact")(query.release) as Promise<boolean>,
    quoteInference(provider, network, { ...query, inputBytes: dataLength(query.input) }, options),
    onChainWay(provider, network, hub, query),
  ]);
  const comparison: WayComparison = { ways: [], missing: [] };
  const add = (found: WayQuote | WayComparison["missing"][number]) =>
    "code" in found ? comparison.missing.push(found) : comparison.ways.push(found);
  add(onChain);
  for (const { mode, offer, costs } of modes) {
    if (offer === undefined || costs === undefined) add({ way: mode, code: "not-offered" });
    else {
      const protection = PROTECTION[mode](isExact);
      add({ way: mode, protection, cost: costs[carry], waitMs: offer.expectedMs, offer });
    }
  }
  return comparison;
}

const PROTECTION: Record<ModeName, (isExact: boolean) => Protection> = {
  VANILLA: (isExact) => (isExact ? "slashable" : "attributable"),
  ZK: () => "proved",
  TEE: (isExact) => (isExact ? "slashable" : "attributable"),
};

async function onChainWay(
  provider: Provider,
  { machine }: WayNetwork,
  hub: Contract,
  { release, input, model }: WayQuery,
): Promise<WayQuote | WayComparison["missing"][number]> {
  const way = model === undefined ? "on-chain-machine" : "on-chain-contract";
  const { graphRoot } = (await hub.getFunction("exactCommitmentOf")(release)) as { graphRoot: string };
  if (model !== undefined) await requireGraph(provider, model, graphRoot);
  // A contract of the model stands by itself; the machine needs the graph's blobs.
  else if (!((await hub.getFunction("isExact")(release)) as boolean)) return { way, code: "not-exact" };
  const call =
    model === undefined
      ? await new Contract(machine, EXACT_MACHINE_ABI)
          .getFunction("evaluate")
          .populateTransaction(graphRoot, input)
      : await new Contract(model, ON_CHAIN_MODEL_ABI).getFunction("evaluate").populateTransaction(input);
  let whole: bigint;
  try {
    // With a limit of one transaction's gas, where the endpoint's own is higher.
    await provider.call({ ...call, gasLimit: 2n ** 24n });
    whole = await provider.estimateGas(call);
  } catch (cause) {
    if (!isError(cause, "CALL_EXCEPTION")) throw cause;
    return { way, code: cause.data === null || cause.data === "0x" ? "too-large" : "input-refused" };
  }
  const own = getBytes(call.data).reduce((gas, byte) => gas + (byte === 0 ? 4 : 16), TRANSACTION_GAS);
  const gas = whole - BigInt(own) + BigInt(Math.ceil(CALL_GAS + GAS_PER_BYTE * dataLength(input)));
  const gasPrice = (await provider.getFeeData()).gasPrice ?? 0n;
  const cost = { fee: 0n, gas, gasWei: gas * gasPrice, l1Wei: 0n, totalWei: gas * gasPrice };
  return { way, protection: "computed", cost, waitMs: 0 };
}

async function requireGraph(provider: Provider, model: string, expected: string): Promise<void> {
  const graphRoot = (await new Contract(model, ON_CHAIN_MODEL_ABI, provider).getFunction(
    "graphRoot",
  )()) as string;
  if (graphRoot !== expected) throw new OnChainModelWrongError(model, graphRoot, expected);
}

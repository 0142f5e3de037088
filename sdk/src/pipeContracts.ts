import { Contract, Interface, type Provider, toBeHex } from "ethers";
import { NetworkError } from "./errors.ts";
import { KEY_ORIGINS, type KeyOriginName } from "./keyOrigin.ts";
import { COVERAGE_ABI, MODEL_HUB_ABI, OPERATORS_ABI, PIPE_ABI } from "./pipeAbi.ts";
import { GRAIN } from "./request.ts";
import { type StandInSigner, standInFor } from "./standInSigner.ts";

/** Where PIPE stands on a chain. */
export interface PipeNetwork {
  pipe: string;
  coverage: string;
  operators: string;
}

/** An operator that could serve the next call: `Candidate` in `ICoverage.sol`. */
export interface Candidate {
  operatorId: number;
  signer: string;
  /** Token wei, advertised. */
  price: bigint;
  /** Token wei of active stake. */
  stake: bigint;
  freeSlots: number;
  endpointBlock: number;
}

export interface SignerStanding {
  operatorId: number;
  /** Token wei of active stake. */
  stake: bigint;
  /** Neither revoked nor jailed. */
  isActive: boolean;
}

/** The chain no longer has, or does not give, a log that must exist. */
export class EndpointUnknownError extends NetworkError {
  constructor(operatorId: number, block: number) {
    super("endpoint-unknown", `the chain gives no endpoint of operator ${operatorId} in block ${block}`, {
      retryable: true,
      data: { operatorId, block },
    });
  }
}

const PAGE = 50n;
const MAX_PAGES = 20;
const ACTIVE = 1n;
const OPERATORS_INTERFACE = new Interface(OPERATORS_ABI);

/** What the SDK reads of the chain. */
export class PipeContracts {
  readonly #network: PipeNetwork;
  readonly #provider: Provider;
  readonly #pipe: Contract;
  readonly #coverage: Contract;
  readonly #operators: Contract;
  readonly #endpoints = new Map<string, string>();
  #operatorsCode: string | undefined;
  #constants: Promise<{ domainSeparator: string; maxValidity: number }> | undefined;

  constructor(network: PipeNetwork, provider: Provider) {
    this.#network = network;
    this.#provider = provider;
    this.#pipe = new Contract(network.pipe, PIPE_ABI, provider);
    this.#coverage = new Contract(network.coverage, COVERAGE_ABI, provider);
    this.#operators = new Contract(network.operators, OPERATORS_ABI, provider);
  }

  /** All operators that could serve `release` in `mode` now. */
  async candidates(release: string, mode: number): Promise<Candidate[]> {
    const found: Candidate[] = [];
    let offset = 0n;
    for (let page = 0; page < MAX_PAGES; ++page) {
      const [candidates, next] = await this.#view(this.#coverage, "coverage", release, mode, offset, PAGE);
      for (const { operatorId, signer, price, stake, freeSlots, endpointBlock } of candidates)
        found.push({
          operatorId: Number(operatorId),
          signer,
          price,
          stake,
          freeSlots: Number(freeSlots),
          endpointBlock: Number(endpointBlock),
        });
      if (next === 0n) break;
      offset = next;
    }
    return found;
  }

  /** The endpoint that an operator announced in a block, the last one there. Throws `EndpointUnknownError`. */
  async endpointOf({ operatorId, endpointBlock }: Candidate): Promise<string> {
    const key = `${operatorId}@${endpointBlock}`;
    const known = this.#endpoints.get(key);
    if (known !== undefined) return known;
    const logs = await this.#provider.getLogs({
      address: this.#network.operators,
      topics: OPERATORS_INTERFACE.encodeFilterTopics("EndpointSet", [toBeHex(operatorId, 32)]),
      fromBlock: endpointBlock,
      toBlock: endpointBlock,
    });
    const last = logs.at(-1);
    if (last === undefined) throw new EndpointUnknownError(operatorId, endpointBlock);
    const { endpoint } = OPERATORS_INTERFACE.decodeEventLog(
      "EndpointSet",
      last.data,
      last.topics,
    ) as unknown as {
      endpoint: string;
    };
    this.#endpoints.set(key, endpoint);
    return endpoint;
  }

  /** How the keys were made that prove answers of `release`, once and for all. */
  async keyOriginOf(release: string): Promise<KeyOriginName> {
    const hub = new Contract(await this.#view(this.#pipe, "HUB"), MODEL_HUB_ABI, this.#provider);
    return KEY_ORIGINS[Number(await this.#view(hub, "proofKeyOriginOf", release))] ?? "none";
  }

  async standingOf(signer: string): Promise<SignerStanding> {
    const { operatorId, stake, status, jailed } = await this.#view(this.#operators, "standingOf", signer);
    return {
      operatorId: Number(operatorId),
      stake: stake * GRAIN,
      isActive: status === ACTIVE && !jailed,
    };
  }

  /** What never changes on a deployed network. */
  async constants(): Promise<{ domainSeparator: string; maxValidity: number }> {
    this.#constants ??= this.#readConstants().catch((error: unknown) => {
      this.#constants = undefined;
      throw error;
    });
    return await this.#constants;
  }

  /** Token wei that `payer` may spend through `Pipe` by itself. */
  async balanceOf(payer: string): Promise<bigint> {
    return await this.#view(this.#pipe, "balanceOf", payer);
  }

  /** Token wei that `payer` set aside for `consumer`. */
  async budgetOf(payer: string, consumer: string): Promise<bigint> {
    return (await this.#view(this.#pipe, "budgetOf", payer, consumer)).balance;
  }

  async executor(): Promise<string> {
    return await this.#view(this.#pipe, "executor");
  }

  /** A key that passes for `signer` in simulations. */
  async standInFor(signer: string): Promise<StandInSigner> {
    const { operators } = this.#network;
    this.#operatorsCode ??= await this.#provider.getCode(operators);
    return standInFor(signer, operators, this.#operatorsCode);
  }

  /** Timestamp of the newest block, seconds. */
  async timestamp(): Promise<number> {
    return (await this.#provider.getBlock("latest"))?.timestamp ?? 0;
  }

  async #readConstants() {
    const [domainSeparator, maxValidity] = await Promise.all([
      this.#view(this.#operators, "domainSeparator"),
      this.#view(this.#operators, "maxValidity"),
    ]);
    return { domainSeparator, maxValidity: Number(maxValidity) };
  }

  // Fixed here, since a human-readable ABI has no generated types.
  async #view<N extends keyof Views>(contract: Contract, name: N, ...args: unknown[]): Promise<Views[N]> {
    return (await contract.getFunction(name)(...args)) as Views[N];
  }
}

interface Views {
  coverage: [
    {
      operatorId: bigint;
      signer: string;
      price: bigint;
      stake: bigint;
      freeSlots: bigint;
      endpointBlock: bigint;
    }[],
    bigint,
  ];
  standingOf: { operatorId: bigint; stake: bigint; status: bigint; jailed: boolean };
  domainSeparator: string;
  maxValidity: bigint;
  balanceOf: bigint;
  budgetOf: { balance: bigint };
  executor: string;
  HUB: string;
  proofKeyOriginOf: bigint;
}

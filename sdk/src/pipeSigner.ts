import {
  AbstractSigner,
  type Authorization,
  type AuthorizationRequest,
  JsonRpcSigner,
  type Provider,
  type Signer,
  type TransactionLike,
  type TransactionRequest,
  type TransactionResponse,
  type TypedDataDomain,
  type TypedDataField,
} from "ethers";
import { type PlainCall, simulate } from "./callSimulator.ts";
import { type Carrier, demanding } from "./carrier.ts";
import { chooseCarrier } from "./carrierChoice.ts";
import { NetworkError } from "./errors.ts";
import type { InferenceRequired } from "./inferenceQuery.ts";
import { type ModeQuote, type QuoteQuery, quoteInference } from "./inferenceQuote.ts";
import type { Carry } from "./nodeApi.ts";
import type { CallerIdentity } from "./nodeClient.ts";
import { type OfferScore, scoreOffer } from "./nodeSearch.ts";
import { PipeContracts, type PipeNetwork } from "./pipeContracts.ts";
import { type Preexecution, preexecute } from "./preexecution.ts";

export interface PipeSignerOptions {
  network: PipeNetwork;
  /** Token wei of OPG that the inferences of one call may cost together. */
  maxFee: bigint;
  /**
   * How results travel. `auto`, the default: in the tail of calldata where the contract reads it and a budget pays, else
   * in a batch of the sender's delegated account. `executor` hides the sender from the contract and is never chosen
   * by itself.
   */
  carry?: Carry | "auto";
  /** ERC-7821 code to delegate to (EIP-7702) in the same transaction, when a batch is needed and the account has none. */
  delegate?: string;
  /**
   * Who tells nodes who is calling, and so has more than the quota of strangers: the wrapped signer by default, nobody
   * where a wallet would ask its user each time (`JsonRpcSigner`), or `null` for nobody.
   */
  identity?: CallerIdentity | null;
  /** Judges offers; the lower, the better. */
  score?: OfferScore;
  /** Nodes asked for an offer at once. Default 6. */
  maxNodes?: number;
  /** Default 2,000. */
  quoteTimeoutMs?: number;
  /** Default 15,000. */
  nodeTimeoutMs?: number;
  /** When another node is asked beside a slow one, after what its proofs take. Default 3,000. */
  slowAfterMs?: number;
  /** Seconds that a result must stay valid when it is sent. Default 30. */
  minValiditySec?: number;
  /** Gas limit over the estimate, percent. Default 25. */
  gasMarginPercent?: number;
  /** Stops whatever is under way. */
  signal?: AbortSignal;
  /** Instead of the global one. */
  fetch?: typeof fetch;
}

/** A call with its inferences in it. */
export interface CarriedCall extends Preexecution {
  carry: Carry;
  request: TransactionRequest;
}

/** The wrapped signer has no provider: PIPE has to simulate. */
export class ProviderMissingError extends NetworkError {
  constructor() {
    super("provider-missing", "a PipeSigner needs a signer that is connected to a provider");
  }
}

const DEFAULTS = {
  carry: "auto",
  score: scoreOffer,
  maxNodes: 6,
  quoteTimeoutMs: 2_000,
  nodeTimeoutMs: 15_000,
  slowAfterMs: 3_000,
  minValiditySec: 30,
  gasMarginPercent: 25,
} as const;

/** EIP-7825: no transaction has more. */
const MAX_GAS = 2n ** 24n;

/**
 * Any ethers signer, whose calls carry the inferences that they need: `contract.connect(new PipeSigner(signer, …))`.
 * A call that needs none goes out unchanged. Throws the errors of `pipeError.ts` before anything is sent.
 */
export class PipeSigner extends AbstractSigner<Provider> {
  readonly #inner: Signer;
  readonly #options: PipeSignerOptions & typeof DEFAULTS;
  readonly #contracts: PipeContracts;

  constructor(inner: Signer, options: PipeSignerOptions) {
    if (inner.provider === null) throw new ProviderMissingError();
    super(inner.provider);
    this.#inner = inner;
    this.#options = { ...DEFAULTS, ...options } as PipeSignerOptions & typeof DEFAULTS;
    this.#contracts = new PipeContracts(options.network, inner.provider);
  }

  /** What a call needs and costs, without sending it; nothing when it needs no inference. */
  async carried(request: TransactionRequest): Promise<CarriedCall | undefined> {
    const call = await this.#plainCall(request);
    if (call === undefined) return undefined;
    const required = await this.#lackedBy(call);
    return required === undefined ? undefined : await this.#carry(request, call, required);
  }

  /** What an inference costs in each mode, in OPG and in the chain's coin, before anything is run or sent. */
  async quote(query: QuoteQuery): Promise<ModeQuote[]> {
    const { network, score, maxNodes, quoteTimeoutMs, signal, fetch } = this.#options;
    return await quoteInference(this.provider, network, query, {
      score,
      maxNodes,
      timeoutMs: quoteTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
      ...(fetch === undefined ? {} : { fetch }),
    });
  }

  override async populateTransaction(request: TransactionRequest): Promise<TransactionLike<string>> {
    return await this.#inner.populateTransaction(await this.#toSend(request));
  }

  override async sendTransaction(request: TransactionRequest): Promise<TransactionResponse> {
    return await this.#inner.sendTransaction(await this.#toSend(request));
  }

  override async estimateGas(request: TransactionRequest): Promise<bigint> {
    const carried = await this.carried(request);
    return carried === undefined
      ? await this.#inner.estimateGas(request)
      : await this.#gasOf(carried.request, carried);
  }

  /** A contract with a fallback answers a mere call with it, and carries only when it is sent. */
  override async call(request: TransactionRequest): Promise<string> {
    const isPlain = request.enableCcipRead !== true && (request.blockTag ?? "latest") === "latest";
    const call = isPlain ? await this.#plainCall(request) : undefined;
    if (call === undefined) return await this.#inner.call(request);
    const outcome = await simulate(this.provider, call);
    if (outcome.status === "passed") return outcome.returned;
    if (outcome.status === "reverted") return await this.#inner.call(request);
    return (await this.#carry(request, call, outcome.required)).returned;
  }

  override async getAddress(): Promise<string> {
    return await this.#inner.getAddress();
  }

  override connect(provider: null | Provider): PipeSigner {
    return new PipeSigner(this.#inner.connect(provider), this.#options);
  }

  override async populateCall(request: TransactionRequest): Promise<TransactionLike<string>> {
    return await this.#inner.populateCall(request);
  }

  override async signTransaction(request: TransactionRequest): Promise<string> {
    return await this.#inner.signTransaction(request);
  }

  override async signMessage(message: string | Uint8Array): Promise<string> {
    return await this.#inner.signMessage(message);
  }

  override async signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    // As ethers declares it.
    // biome-ignore lint/suspicious/noExplicitAny: the signature of the overridden method
    value: Record<string, any>,
  ): Promise<string> {
    return await this.#inner.signTypedData(domain, types, value);
  }

  override async authorize(authorization: AuthorizationRequest): Promise<Authorization> {
    return await this.#inner.authorize(authorization);
  }

  async #toSend(request: TransactionRequest): Promise<TransactionRequest> {
    const carried = await this.carried(request);
    if (carried === undefined) return request;
    const gasLimit = request.gasLimit ?? (await this.#gasLimitOf(carried));
    return { ...carried.request, gasLimit };
  }

  async #plainCall(request: TransactionRequest): Promise<PlainCall | undefined> {
    const { from, to, data, value } = await this.#inner.populateCall(request);
    if (to === null || to === undefined || from === null || from === undefined) return undefined;
    return { from, to, data: data ?? "0x", value: BigInt(value ?? 0n) };
  }

  /** What the bare call lacks. Contracts with a fallback are made to say so; one that minds the tail is asked again. */
  async #lackedBy(call: PlainCall): Promise<InferenceRequired | undefined> {
    const demanded = await simulate(this.provider, demanding(call));
    const outcome = demanded.status === "reverted" ? await simulate(this.provider, call) : demanded;
    return outcome.status === "lacking" ? outcome.required : undefined;
  }

  async #carry(
    request: TransactionRequest,
    call: PlainCall,
    required: InferenceRequired,
  ): Promise<CarriedCall> {
    const { network, carry, delegate, identity, maxFee, minValiditySec, signal } = this.#options;
    const [contracts, provider] = [this.#contracts, this.provider];
    const carrier = await chooseCarrier(carry, call, required, { contracts, provider, network, delegate });
    const done = await preexecute(
      { provider, contracts, carrier, call, maxFee, minValiditySec },
      {
        ...this.#options,
        chainId: Number((await provider.getNetwork()).chainId),
        fetch: this.#options.fetch ?? ((...args) => globalThis.fetch(...args)),
        identity: identity === undefined ? silentSigner(this.#inner) : (identity ?? undefined),
        signal: signal ?? new AbortController().signal,
      },
    );
    return { ...done, carry: carrier.carry, request: await this.#requestOf(request, call, carrier, done) };
  }

  async #requestOf(
    request: TransactionRequest,
    call: PlainCall,
    carrier: Carrier,
    { results }: Preexecution,
  ): Promise<TransactionRequest> {
    const sent = { ...request, ...carrier.carrying(call, results) };
    if (carrier.delegate === undefined) return sent;
    const nonce = request.nonce ?? (await this.#inner.getNonce("pending"));
    // The transaction itself uses up one nonce before the authorization is looked at.
    const authorization = await this.#inner.authorize({
      address: carrier.delegate,
      nonce: Number(nonce) + 1,
    });
    return { ...sent, nonce, type: 4, authorizationList: [authorization] };
  }

  async #gasLimitOf(carried: CarriedCall): Promise<bigint> {
    const gas = await this.#gasOf(carried.request, carried);
    const withMargin = (gas * BigInt(100 + this.#options.gasMarginPercent)) / 100n;
    return withMargin < MAX_GAS ? withMargin : MAX_GAS;
  }

  /** A chain that cannot estimate a delegation leaves the node's account of the gas. */
  async #gasOf(request: TransactionRequest, { reportedGas }: Preexecution): Promise<bigint> {
    try {
      return await this.provider.estimateGas({ ...request, from: await this.getAddress() });
    } catch (error) {
      if (request.authorizationList === undefined || request.authorizationList === null) throw error;
      return reportedGas + DELEGATION_GAS;
    }
  }
}

/** An authorization's price for an account that exists, with room. */
const DELEGATION_GAS = 40_000n;

function silentSigner(signer: Signer): CallerIdentity | undefined {
  return signer instanceof JsonRpcSigner ? undefined : signer;
}

import type { CarriedResult, ResultBundle } from "@opg-network/sdk/carriedResults";
import { encodeBundle } from "@opg-network/sdk/carriedResults";
import { NetworkError } from "@opg-network/sdk/errors";
import type { InferenceQuery } from "@opg-network/sdk/inferenceQuery";
import { contextOf, signedResultsOf } from "@opg-network/sdk/signedBundle";
import { getBytes, hexlify, keccak256, ZeroAddress, ZeroHash } from "ethers";
import type { ChainTime } from "../chain/chainTime.ts";
import { InferenceError } from "../inference/inferenceError.ts";
import type { InferenceEngine } from "../jobs/inferenceEngine.ts";
import { ZK_MODE } from "../jobs/job.ts";
import type { RunScheduler } from "../jobs/runScheduler.ts";
import type { ResultSigner } from "../proofs/resultSigner.ts";
import { validUntilFrom } from "../proofs/resultSigner.ts";
import { ProofError } from "../proving/proofError.ts";
import type { ResultProver } from "../proving/resultProver.ts";
import { carriedProof } from "../proving/resultProver.ts";
import type { DiskFlush } from "../store/diskFlush.ts";
import { CircuitError } from "../zk/circuitError.ts";
import type { Caller } from "./caller.ts";
import type { CoverBook } from "./coverBook.ts";
import type { OutputCache } from "./outputCache.ts";
import { PipeError } from "./pipeError.ts";
import type { ProofPlaces } from "./proofPlaces.ts";
import { fits, type Offer } from "./queryOffer.ts";
import type { UnpaidQuota } from "./unpaidQuota.ts";

/** Lengths are three bytes in a bundle. */
const MAX_OUTPUT_BYTES = 2 ** 24 - 1;

/** For whom answers are: whose contract uses them and who pays. */
export interface Addressee {
  /** The zero address = any contract; then nobody in particular pays. */
  consumer: string;
  payer: string;
}

/** A query that this node answers, and on what terms. */
export interface OfferedQuery {
  query: InferenceQuery;
  inputHash: string;
  offer: Offer;
}

/** Signed results, which are not for strangers before they are on disk. */
export interface SignedBundle {
  /** Encoded. */
  bundle: string;
  onDisk: Promise<void>;
}

export interface ResultMakerDependencies {
  engine: Pick<InferenceEngine, "checkInput">;
  scheduler: RunScheduler;
  /** Absent where nothing is proved. */
  prover?: Pick<ResultProver, "prove" | "hasProof"> | undefined;
  /** Of proofs that calls wait for. */
  places: ProofPlaces;
  outputs: OutputCache;
  signer: ResultSigner;
  flush: Pick<DiskFlush, "flushed">;
  quota: UnpaidQuota;
  covers: Pick<CoverBook, "signWith" | "validUntilFor">;
  time: ChainTime;
  /** Ends runs that have begun: the node is stopping. */
  cancel: AbortSignal;
  onServed(release: string, fee: bigint): void;
}

export interface ResultMakerOptions {
  maxValiditySec: number;
  resultValiditySec: number;
}

/** Makes answers to queries, booked to their caller, and signs them as bundles. */
export class ResultMaker {
  readonly #dependencies: ResultMakerDependencies;
  readonly #options: ResultMakerOptions;

  constructor(dependencies: ResultMakerDependencies, options: ResultMakerOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** Runs what is asked, all at once. Booked before it is run, so that giving up half-way is not free. */
  async answer(
    queries: readonly OfferedQuery[],
    addressee: Addressee,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<CarriedResult[]> {
    const { quota, engine, places } = this.#dependencies;
    for (const { query, offer } of queries) {
      if (!fits(() => engine.checkInput(offer.release, getBytes(query.input))))
        throw new PipeError("call-reverts", { release: query.release }, { problem: "an input does not fit" });
    }
    const flow = quota.flowOf(caller);
    const proofs = queries.filter(({ offer }) => offer.mode === ZK_MODE).length;
    const leave = proofs === 0 ? undefined : places.take(flow, proofs);
    try {
      return await this.#bookAndRun(queries, { addressee, caller, flow }, signal);
    } finally {
      leave?.();
    }
  }

  async #bookAndRun(
    queries: readonly OfferedQuery[],
    { addressee, caller, flow }: { addressee: Addressee; caller: Caller; flow: string },
    signal: AbortSignal,
  ): Promise<CarriedResult[]> {
    const { quota, prover, onServed } = this.#dependencies;
    const context = contextFor(addressee);
    const keys = queries.map(({ query, inputHash, offer }) => ({
      context,
      release: offer.release.id,
      codec: query.codec,
      inputHash,
      fee: offer.fee,
      isProved: offer.mode === ZK_MODE,
      isProofHeld: prover?.hasProof(offer.release, getBytes(query.input)) ?? false,
    }));
    const takeBack = quota.charge(caller, keys);
    const each = queries.map((query) => this.#answerOne(query, flow, signal));
    try {
      const results = await Promise.all(each);
      for (const { release, fee } of results) onServed(release, fee);
      return results;
    } catch (error) {
      // What an input did to the model is its caller's affair; that the node had no room is not.
      if (!signal.aborted && error instanceof NetworkError && error.retryable) takeBack();
      // The others still take what they were given.
      await Promise.allSettled(each);
      throw error;
    }
  }

  /** Until when results that are signed now are valid. */
  validUntil({ payer }: Addressee, isInsured: boolean): number {
    const { time, covers } = this.#dependencies;
    const { maxValiditySec, resultValiditySec } = this.#options;
    const latest = validUntilFrom(time.head.timestamp, maxValiditySec, resultValiditySec);
    return isInsured ? covers.validUntilFor(payer, latest) : latest;
  }

  /** One bundle of all of `results`. The ledger refuses a second output for one key before anything is signed. */
  sign(
    results: readonly CarriedResult[],
    addressee: Addressee,
    validUntil: number = this.validUntil(addressee, false),
  ): SignedBundle {
    const { signer, flush, covers } = this.#dependencies;
    const bundle = { consumer: addressee.consumer, validUntil, results: [...results] };
    const signed = signedResultsOf(bundle, addressee.payer);
    const signature = covers.signWith(signed, addressee.payer, () => signer.signAhead(signed));
    const onDisk = flush.flushed();
    // Who gives it away waits for it; others may have gone meanwhile.
    onDisk.catch(() => undefined);
    return { bundle: encodeBundle({ ...bundle, signature } satisfies ResultBundle), onDisk };
  }

  async #answerOne(
    { query, inputHash, offer }: OfferedQuery,
    flow: string,
    signal: AbortSignal,
  ): Promise<CarriedResult> {
    const output = await this.#outputOf(offer, query.input, inputHash, flow, signal);
    const proof = await this.#proofOf(offer, getBytes(query.input), output, flow, signal);
    return {
      release: offer.release.id,
      inputHash,
      mode: offer.mode,
      codec: query.codec,
      fee: offer.fee,
      maxCover: offer.maxCover,
      output: hexlify(output),
      proof,
    };
  }

  /** What goes along with a result as its mode wants it. */
  async #proofOf(
    { release, mode }: Offer,
    input: Uint8Array,
    output: Uint8Array,
    flow: string,
    signal: AbortSignal,
  ): Promise<string> {
    if (mode !== ZK_MODE) return "0x";
    const { prover, cancel } = this.#dependencies;
    if (prover === undefined) throw new ProofError("proof-not-ready", { reason: "this node has no prover" });
    const answer = { kind: "calls", caller: flow, release, input, output } as const;
    try {
      return carriedProof(input, await prover.prove(answer, signal, cancel));
    } catch (cause) {
      if (!(cause instanceof CircuitError || cause instanceof ProofError)) throw cause;
      // What the prover said of itself is not for strangers.
      const { code: reason, retryable } = cause;
      throw new PipeError("unavailable", { release: release.id, reason }, { cause, retryable });
    }
  }

  async #outputOf(
    { release }: Offer,
    input: string,
    inputHash: string,
    flow: string,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { outputs, scheduler, cancel } = this.#dependencies;
    const known = outputs.get(release.id, inputHash);
    if (known !== undefined) return known;
    const onOutput = (made: Uint8Array): void => outputs.put(release.id, inputHash, made);
    const order = { kind: "calls", caller: flow, release, input: getBytes(input), onOutput } as const;
    const output = await scheduler.run(order, signal, cancel);
    if (output.length > MAX_OUTPUT_BYTES)
      throw new InferenceError("output-too-large", { release: release.id, bytes: output.length });
    return output;
  }
}

/** What binds answers to whom they are for. */
export function contextFor({ consumer, payer }: Addressee): string {
  return consumer === ZeroAddress ? ZeroHash : contextOf(payer, consumer);
}

/** Hash of an input's canonical encoding. */
export function inputHashOf(query: InferenceQuery): string {
  return keccak256(query.input);
}

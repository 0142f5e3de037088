import { AbiCoder, hexlify } from "ethers";
import type { Logger } from "pino";
import type { ProofCheck } from "../chain/gasModel.ts";
import type { PublishedRelease } from "../hub/releaseCatalog.ts";
import type { RunKind, RunScheduler } from "../jobs/runScheduler.ts";
import type { MadeProof } from "./keySystem.ts";
import { ProofError } from "./proofError.ts";
import type { ProvingEngine } from "./provingEngine.ts";

/** An answer that is to be proved, and for whom. */
export interface AnswerToProve {
  readonly kind: RunKind;
  /** With whom the provers' time is shared evenly. */
  readonly caller: string;
  readonly release: PublishedRelease;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

/** How busy the provers are. */
export interface ProverLoad {
  provers: number;
  /** Proofs being made. */
  running: number;
  /** Proofs that calls wait for. */
  waiting: number;
}

/** Proves answers before they are signed: what the proof is of must be what the model gave. */
export class ResultProver {
  readonly #engine: ProvingEngine;
  readonly #scheduler: RunScheduler<MadeProof>;
  readonly #provers: number;
  readonly #logger: Logger;
  readonly #onDisagreement: (release: string) => void;

  constructor(dependencies: {
    engine: ProvingEngine;
    scheduler: RunScheduler<MadeProof>;
    provers: number;
    logger: Logger;
    /** Told of a release whose circuit gave another output than its model. */
    onDisagreement(release: string): void;
  }) {
    this.#engine = dependencies.engine;
    this.#scheduler = dependencies.scheduler;
    this.#provers = dependencies.provers;
    this.#logger = dependencies.logger;
    this.#onDisagreement = dependencies.onDisagreement;
  }

  /**
   * A proof of an answer, as the verifier contract takes it.
   * @param signal takes it out of the queue
   * @param cancel ends it when it has begun
   * @throws ProofError, CircuitError, or the signal's reason
   */
  async prove(answer: AnswerToProve, signal: AbortSignal, cancel: AbortSignal): Promise<Uint8Array> {
    const { kind, caller, release, input, output } = answer;
    const expected = this.#engine.signalsOf(release, input, output);
    const made = await this.#scheduler.run({ kind, caller, release, input }, signal, cancel);
    if (made.signals.join() === expected.join()) return Buffer.from(made.proof.slice(2), "hex");
    this.#logger.error({ release: release.id }, "circuit and runtime disagree; the result is not signed");
    this.#onDisagreement(release.id);
    throw new ProofError("proof-disagrees", { reason: `release ${release.id}` });
  }

  get load(): ProverLoad {
    const { running, waiting } = this.#scheduler;
    return { provers: this.#provers, running, waiting };
  }

  /** Milliseconds that a proof of a release takes; undefined where none can be made. */
  expectedMs(release: string): number | undefined {
    return this.#engine.expectedRunMs(release);
  }

  /** Milliseconds that a proof which is asked for now waits before it begins. */
  waitMs(release: string): number {
    return this.#scheduler.waitMs(release);
  }

  /** Undefined of a release that cannot be proved. */
  checkOf(release: string): ProofCheck | undefined {
    return this.#engine.checkOf(release);
  }

  /** Whether a proof for `input` is at hand. */
  hasProof(release: PublishedRelease, input: Uint8Array): boolean {
    return this.#engine.hasProof(release, input);
  }
}

/** What goes along with a result of mode ZK: the input, whose hash was signed, and the proof. */
export function carriedProof(input: Uint8Array, proof: Uint8Array): string {
  return AbiCoder.defaultAbiCoder().encode(["bytes", "bytes"], [hexlify(input), hexlify(proof)]);
}

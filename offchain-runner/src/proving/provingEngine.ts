import { hexlify, keccak256 } from "ethers";
import type { ProofCheck } from "../chain/gasModel.ts";
import type { KeyRegistry } from "../chain/keyRegistry.ts";
import type { LoweredGraph } from "../exact/blobs.ts";
import type { PublishedRelease } from "../hub/releaseCatalog.ts";
import type { RunEngine } from "../jobs/runScheduler.ts";
import { CircuitError } from "../zk/circuitError.ts";
import type { MadeProof } from "./keySystem.ts";
import { ProofError } from "./proofError.ts";
import type { ProvenRelease, ReleaseProofsDependencies } from "./releaseProofs.ts";
import { openReleaseProofs, requireAdmitted } from "./releaseProofs.ts";

/** Weight of the newest proof. */
const TIME_WEIGHT = 0.2;
const KEPT_PROOFS = 512;

export interface ProvingEngineDependencies extends ReleaseProofsDependencies {
  registry: KeyRegistry;
  /** Whose proofs they are; zero until the signer is registered. */
  account: { readonly operatorId: number };
  /** Told of a key that the verifier would admit. */
  wantAdmission(verifier: string, release: string): void;
  onProof(end: string, ms: number): void;
}

interface Opened extends ProvenRelease {
  /** Moving average of what a proof takes. */
  expectedMs: number;
}

/** Makes proofs of releases whose keys were checked, one in each prover process. */
export class ProvingEngine implements RunEngine<MadeProof> {
  readonly #dependencies: ProvingEngineDependencies;
  readonly #opened = new Map<string, Opened>();
  /** The last ones, so that a caller whose time was over while it was made gets it when it asks again. */
  readonly #made = new Map<string, MadeProof>();

  constructor(dependencies: ProvingEngineDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Makes sure that a release can be proved, and its proofs are taken on chain. May be called again after a failure, and
   * goes on where that was.
   * @throws ProofError, CircuitError; what the chain's endpoint throws
   */
  async prepare(
    release: PublishedRelease,
    sources: { graph: LoweredGraph | undefined; folder: string | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    const { registry, wantAdmission } = this.#dependencies;
    const opened =
      this.#opened.get(release.id) ?? (await openReleaseProofs(release, sources, this.#dependencies, signal));
    this.#opened.set(release.id, { expectedMs: opened.trialMs, ...opened });
    await requireAdmitted(release.id, opened.verifier, registry, wantAdmission);
  }

  /** Milliseconds that a proof takes, checking it included; undefined of a release that was not prepared. */
  expectedRunMs(releaseId: string): number | undefined {
    return this.#opened.get(releaseId)?.expectedMs;
  }

  /** The same of all releases, by their ids. */
  expectedTimes(): Record<string, number> {
    return Object.fromEntries([...this.#opened].map(([id, { expectedMs }]) => [id, Math.round(expectedMs)]));
  }

  /** By what the gas of checking a release's proof is counted. */
  checkOf(releaseId: string): ProofCheck | undefined {
    const key = this.#opened.get(releaseId)?.work.keys.verifyingKey;
    return key === undefined ? undefined : { system: key.protocol, signals: key.nPublic };
  }

  /** What a proof of this answer has to be of. @throws ProofError, CircuitError `proof-statement-invalid` */
  signalsOf(release: PublishedRelease, input: Uint8Array, output: Uint8Array): readonly bigint[] {
    const { system, work, verifier } = this.#requireOpened(release);
    return system.signalsOf(work.root, { input, output, binding: this.#binding(release, verifier) });
  }

  /**
   * A proof of what the circuit gives for `input`, which verifies.
   * @throws ProofError, CircuitError
   */
  async run(release: PublishedRelease, input: Uint8Array, signal: AbortSignal): Promise<MadeProof> {
    const { pool, onProof } = this.#dependencies;
    const opened = this.#requireOpened(release);
    const binding = this.#binding(release, opened.verifier);
    const key = keyOf(release, input, binding.operatorId);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    let beganAtMs = performance.now();
    try {
      const made = await pool.prove((prover, until) => {
        beganAtMs = performance.now();
        return opened.system.prove(opened.work, { input, binding }, prover, until);
      }, signal);
      if (!made.isValid) throw new ProofError("proof-invalid", { reason: `release ${release.id}` });
      const ms = performance.now() - beganAtMs;
      opened.expectedMs += TIME_WEIGHT * (ms - opened.expectedMs);
      onProof("made", ms);
      this.#keep(key, made);
      return made;
    } catch (error) {
      if (!signal.aborted) onProof(codeOf(error), performance.now() - beganAtMs);
      throw error;
    }
  }

  /** Whether a proof for `input` was made and is still there: then giving it again takes no prover. */
  hasProof(release: PublishedRelease, input: Uint8Array): boolean {
    return this.#made.has(keyOf(release, input, this.#dependencies.account.operatorId));
  }

  #keep(key: string, made: MadeProof): void {
    this.#made.set(key, made);
    const [oldest] = this.#made.keys();
    if (this.#made.size > KEPT_PROOFS && oldest !== undefined) this.#made.delete(oldest);
  }

  #binding(release: PublishedRelease, verifier: string) {
    const { account, chainId } = this.#dependencies;
    const { operatorId } = account;
    if (operatorId === 0) throw new ProofError("proof-not-ready", { reason: "the operator is not known" });
    return { operatorId, chainId, verifier, release: release.id };
  }

  #requireOpened({ id }: PublishedRelease): Opened {
    const opened = this.#opened.get(id);
    if (opened === undefined) throw new ProofError("proof-not-ready", { reason: `release ${id}` });
    return opened;
  }
}

function keyOf({ id }: PublishedRelease, input: Uint8Array, operatorId: number): string {
  return `${id}${keccak256(hexlify(input))}${operatorId}`;
}

function codeOf(error: unknown): string {
  return error instanceof CircuitError || error instanceof ProofError ? error.code : "unexpected";
}

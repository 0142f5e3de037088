import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { dtypeInfo } from "@opg-network/sdk/dtype";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import type { Logger } from "pino";
import type { KeyRegistry } from "../chain/keyRegistry.ts";
import { blobDigest, type LoweredGraph, type StoredGraph } from "../exact/blobs.ts";
import { ExactInterpreter } from "../exact/interpreter.ts";
import type { GraphRoot } from "../exact/program.ts";
import { elementCount } from "../exact/program.ts";
import type { PublishedRelease } from "../hub/releaseCatalog.ts";
import { CircuitError } from "../zk/circuitError.ts";
import type { CompiledCircuit } from "../zk/compiledCircuit.ts";
import { KEY_ORIGINS } from "../zk/keysRecord.ts";
import type { CircuitCache } from "./circuitCache.ts";
import type { KeyFiles, KeySystem, ProvingWork } from "./keySystem.ts";
import { keySystemOf } from "./keySystem.ts";
import { readKeys } from "./keysFolder.ts";
import { ProofError } from "./proofError.ts";
import type { ProverPool } from "./proverPool.ts";

const SHORT_MS = 5_000;

/** What proofs of a release are made with, checked from its file to a first proof. */
export interface ProvenRelease {
  readonly system: KeySystem;
  readonly work: ProvingWork;
  /** Contract that checks them. */
  readonly verifier: string;
  /** What the first proof took. */
  readonly trialMs: number;
}

export interface ReleaseProofsDependencies {
  registry: KeyRegistry;
  circuits: CircuitCache;
  pool: ProverPool;
  chainId: bigint;
  logger: Logger;
}

/**
 * Checks that what lies in `folder` proves what a release's own file gives, with the key that the release commits to:
 * the circuit is made again out of the verified file, and a proof is made with it.
 * @throws ProofError or CircuitError that say what does not fit; what the chain's endpoint throws
 */
export async function openReleaseProofs(
  release: PublishedRelease,
  { graph, folder }: { graph: LoweredGraph | undefined; folder: string | undefined },
  dependencies: ReleaseProofsDependencies,
  signal: AbortSignal,
): Promise<ProvenRelease> {
  const { pool, logger } = dependencies;
  const committed = await commitmentOf(release, dependencies.registry);
  if (graph === undefined || release.graph === undefined)
    throw new ProofError("proof-not-exact", { reason: "it has no lowered graph" });
  if (folder === undefined)
    throw new ProofError("proof-keys-missing", { reason: "serve[].proofs names no folder" });
  const stored = { ...graph, graphRoot: release.graph.graphRoot.toLowerCase() };
  const keys = await readKeys(folder);
  const system = keySystemOf(keys.record);
  requireCommitted(keys, system, stored, committed);
  const circuit = await circuitOf(stored, keys, dependencies, signal);
  await requireProvingKey(keys, { system, graph: stored, committed }, pool, signal);
  const work = { circuit, keys, root: graph.root };
  const trialMs = await trial({ system, work, graph }, release, dependencies, signal);
  const { constraints } = circuit;
  logger.info({ release: release.id, constraints, trialMs: Math.round(trialMs) }, "release can be proved");
  return { system, work, verifier: committed.verifier, trialMs };
}

/** @throws ProofError where the verifier has not admitted the release's key; `retryable` where it may yet */
export async function requireAdmitted(
  release: string,
  verifier: string,
  registry: KeyRegistry,
  /** Told of a key that would be admitted. */
  want: (verifier: string, release: string) => void,
): Promise<void> {
  if (await registry.isAdmitted(verifier, release)) return;
  const refusal = await registry.refusal(verifier, release);
  const data = { reason: refusal ?? "a transaction is to admit it", verifier };
  switch (refusal) {
    case undefined:
      want(verifier, release);
      throw new ProofError("proof-key-not-admitted", data);
    case "KeyAlreadyAdmitted":
      return;
    case "KeyNotStored":
      throw new ProofError("proof-key-not-stored", data);
    case "KeyOriginRefused":
      throw new ProofError("proof-key-origin-refused", data);
    default:
      throw new ProofError("proof-key-refused", data);
  }
}

type RootedGraph = Pick<StoredGraph, "graphRoot" | "root">;
type Commitment = NonNullable<PublishedRelease["proofKey"]>;

async function commitmentOf(release: PublishedRelease, registry: KeyRegistry): Promise<Commitment> {
  const { proofKey } = release;
  if (!release.isExact) throw new ProofError("proof-not-exact", { reason: "it is declared approximate" });
  const verifiers = await registry.verifiers();
  if (proofKey === undefined) throw new ProofError("proof-not-committed", { reason: "it names no verifier" });
  if (!verifiers.includes(proofKey.verifier)) {
    const reason = `it names ${proofKey.verifier}, results are settled with ${verifiers.join(", ") || "none"}`;
    throw new ProofError("proof-not-committed", { reason });
  }
  if (!(await registry.isOffered(release.id)))
    throw new ProofError("proof-mode-not-offered", { reason: release.id });
  return proofKey;
}

function requireCommitted(
  { record, verifyingKey }: KeyFiles,
  system: KeySystem,
  graph: RootedGraph,
  committed: Commitment,
): void {
  if (record.graphRoot !== graph.graphRoot) throw mismatch("graph root", record.graphRoot, graph.graphRoot);
  const digest = blobDigest(system.blobOf(graph, verifyingKey, record.origin));
  if (digest !== committed.digest) throw mismatch("digest of the verifying key", digest, committed.digest);
  const origin = KEY_ORIGINS[record.origin.kind];
  if (origin !== committed.origin) throw mismatch("origin of the keys", origin, committed.origin);
}

function mismatch(what: string, here: string | number, there: string | number): ProofError {
  return new ProofError("proof-key-mismatch", { reason: `${what}: here ${here}, committed to ${there}` });
}

/** What the cache holds may be of another compiler, so a difference is believed of a fresh one alone. */
async function circuitOf(
  graph: Pick<StoredGraph, "graphRoot" | "root" | "stream">,
  { record }: KeyFiles,
  { circuits, pool, logger }: ReleaseProofsDependencies,
  signal: AbortSignal,
): Promise<CompiledCircuit> {
  const known = await circuits.get(graph);
  if (known?.r1csDigest === record.constraints) return known;
  logger.info({ graphRoot: graph.graphRoot }, "compiling a circuit");
  const made = await pool.use((prover) => circuits.make(graph, prover, signal), signal);
  if (made.r1csDigest === record.constraints) return made;
  const reason = `the graph's constraints are ${made.r1csDigest}, the keys are of ${record.constraints}`;
  throw new ProofError("proof-circuit-mismatch", { reason });
}

async function requireProvingKey(
  { provingKey, record }: KeyFiles,
  { system, graph, committed }: { system: KeySystem; graph: RootedGraph; committed: Commitment },
  pool: ProverPool,
  signal: AbortSignal,
): Promise<void> {
  const digest = await fileDigest(provingKey);
  if (digest !== record.provingKey) throw mismatch("digest of the proving key", digest, record.provingKey);
  const own = await blamingKeys("the proving key cannot be read", () =>
    pool.use((prover) => system.verifyingKeyOf(provingKey, prover, signal), signal),
  );
  const key = blobDigest(system.blobOf(graph, own, record.origin));
  if (key !== committed.digest) throw mismatch("the proving key's verifying key", key, committed.digest);
}

/** Proves and checks one input, zeros, which every graph takes. */
async function trial(
  { system, work, graph }: { system: KeySystem; work: ProvingWork; graph: LoweredGraph },
  release: PublishedRelease,
  { pool, chainId }: ReleaseProofsDependencies,
  signal: AbortSignal,
): Promise<number> {
  const input = sampleInput(graph.root);
  const output = new ExactInterpreter(graph).evaluate(input);
  const verifier = release.proofKey?.verifier ?? "";
  const binding = { operatorId: 0, chainId, verifier, release: release.id };
  const expected = system.signalsOf(graph.root, { input, output, binding });
  const { made, ms } = await blamingKeys("no proof could be made", () =>
    pool.prove(async (prover, until) => {
      const timed = async () => {
        const beganAtMs = performance.now();
        const proved = await system.prove(work, { input, binding }, prover, until);
        return { made: proved, ms: performance.now() - beganAtMs };
      };
      // The first one also reads libraries and files, which weighs in a short one alone.
      const first = await timed();
      return first.ms < SHORT_MS ? await timed() : first;
    }, signal),
  );
  if (made.signals.join() !== expected.join())
    throw new ProofError("proof-trial-failed", { reason: "the circuit gives another output" });
  if (!made.isValid)
    throw new ProofError("proof-trial-failed", { reason: "a proof with the proving key does not verify" });
  return ms;
}

/** What fails for itself when nothing but the keys is new is the keys' fault. */
async function blamingKeys<T>(reason: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof CircuitError) || cause.retryable) throw cause;
    throw new ProofError("proof-trial-failed", { reason: `${reason}: ${cause.message}` }, cause);
  }
}

function sampleInput({ inputs }: GraphRoot): Uint8Array {
  return encodeTensors(
    inputs.map(({ dtype, shape }) => ({
      dtype,
      shape,
      data: new Uint8Array(elementCount(shape) * dtypeInfo(dtype).bytes),
    })),
  );
}

async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return `0x${hash.digest("hex")}`;
}

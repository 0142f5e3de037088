import { join } from "node:path";
import type { ContractRunner } from "ethers";
import type { Logger } from "pino";
import type { Bell } from "../bell.ts";
import type { ChainTime } from "../chain/chainTime.ts";
import type { Contracts } from "../chain/contracts.ts";
import { createKeyRegistry } from "../chain/keyRegistry.ts";
import type { OwnAccount } from "../chain/ownAccount.ts";
import type { Config } from "../config.ts";
import type { LoweredGraph } from "../exact/blobs.ts";
import type { ProofsStatus } from "../http/status.ts";
import type { JobStore } from "../jobs/jobStore.ts";
import type { PrepareProofs } from "../jobs/offeredReleases.ts";
import { RunScheduler } from "../jobs/runScheduler.ts";
import { CircuitCache } from "./circuitCache.ts";
import { KeyAdmissionSource } from "./keyAdmission.ts";
import type { MadeProof } from "./keySystem.ts";
import { keysBeside } from "./keysFolder.ts";
import { ProverPool } from "./proverPool.ts";
import { ProvingEngine } from "./provingEngine.ts";
import { ResultProver } from "./resultProver.ts";

const MEGABYTE = 1024 * 1024;

export interface ProofParts {
  contracts: Contracts;
  provider: ContractRunner;
  account: OwnAccount;
  time: ChainTime;
  store: JobStore;
  /** Rung when there is a transaction to send. */
  bell: Bell;
  graphOf(release: string): LoweredGraph | undefined;
  onProof(end: string, ms: number): void;
  onDisagreement(release: string): void;
  logger: Logger;
}

export type Proofs = NonNullable<ReturnType<typeof openProofs>>;

/** Everything for results in mode ZK; nothing where none are served. */
export function openProofs(config: Config, parts: ProofParts) {
  const isServing = config.roles.includes("inference");
  if (!isServing || !config.serve.some(({ modes }) => modes.includes("ZK"))) return undefined;
  const { provers, memoryMb, timeoutMs, maxWaiting } = config.proofs;
  const { contracts, account, store, logger, onProof, onDisagreement } = parts;
  const pool = new ProverPool({ provers, memoryBytes: memoryMb * MEGABYTE, timeoutMs });
  const admissions = new KeyAdmissionSource(parts.bell, parts.time, logger);
  const circuits = new CircuitCache(join(config.dataDir, "circuits"));
  const cleaned = circuits.clean();
  const engine = new ProvingEngine({
    ...{ circuits, pool, account, onProof, logger },
    registry: createKeyRegistry(contracts, parts.provider),
    chainId: BigInt(config.chain.chainId),
    wantAdmission: (verifier, release) => admissions.want(verifier, release),
  });
  const scheduler = new RunScheduler<MadeProof>(engine, {
    children: provers,
    depth: 1,
    // Each proof has a process for itself.
    quickMs: 0,
    requestShare: config.pipe.requestShare,
    maxWaiting,
    guessMs: () => timeoutMs,
    servesQuick: () => false,
    onRun: () => undefined,
  });
  const prover = new ResultProver({ engine, scheduler, provers, logger, onDisagreement });
  const prepare: PrepareProofs = async (release, { proofs }, signal) => {
    await cleaned;
    const folder = proofs ?? keysBeside(release, config.modelDir);
    await engine.prepare(release, { graph: parts.graphOf(release.id), folder }, signal);
  };
  const status = (): ProofsStatus => {
    const { running, waiting } = prover.load;
    const requests = store.countOf("proved", ["queued", "accepted"]);
    const peakMb = Math.round(pool.peakBytes / MEGABYTE);
    return { provers, running, requests, calls: waiting, expectedMs: engine.expectedTimes(), peakMb };
  };
  return {
    prover,
    prepare,
    source: admissions,
    status,
    stop: () => pool.stop(),
  };
}

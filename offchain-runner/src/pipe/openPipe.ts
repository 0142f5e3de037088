import type { DatabaseSync } from "node:sqlite";
import { GRAIN } from "@opg-network/sdk/request";
import type { Logger } from "pino";
import type { ChainTime } from "../chain/chainTime.ts";
import type { Contracts } from "../chain/contracts.ts";
import type { OwnAccount } from "../chain/ownAccount.ts";
import type { ResilientProvider } from "../chain/provider.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { CoverUse } from "../cover/coverUse.ts";
import type { NodeMetrics } from "../http/metrics.ts";
import type { PipeStatus } from "../http/status.ts";
import type { InferenceEngine } from "../jobs/inferenceEngine.ts";
import type { OfferedReleases } from "../jobs/offeredReleases.ts";
import type { RunScheduler } from "../jobs/runScheduler.ts";
import type { ProtocolConstants } from "../preflight.ts";
import type { ResultSigner } from "../proofs/resultSigner.ts";
import type { ResultProver } from "../proving/resultProver.ts";
import type { DiskFlush } from "../store/diskFlush.ts";
import { createCallSimulator } from "./callSimulator.ts";
import { CoverBook } from "./coverBook.ts";
import { OutputCache } from "./outputCache.ts";
import { PayerMeans } from "./payerMeans.ts";
import { PipeEventHandler } from "./pipeEventHandler.ts";
import { PipeService } from "./pipeService.ts";
import { PreExecutor } from "./preExecutor.ts";
import { PriceList } from "./priceList.ts";
import type { PromisedCovers } from "./promisedCovers.ts";
import { ProofPlaces } from "./proofPlaces.ts";
import { ResultMaker } from "./resultMaker.ts";
import { ServedResults } from "./servedResults.ts";
import { UnpaidQuota } from "./unpaidQuota.ts";

export interface PipeParts {
  database: DatabaseSync;
  flush: DiskFlush;
  provider: ResilientProvider;
  contracts: Contracts;
  constants: ProtocolConstants;
  account: OwnAccount;
  time: ChainTime;
  engine: InferenceEngine;
  scheduler: RunScheduler;
  /** Absent where nothing is proved. */
  prover: ResultProver | undefined;
  releases: OfferedReleases;
  signer: ResultSigner;
  promised: PromisedCovers;
  /** What requests insure. */
  requested(payer?: string): CoverUse;
  metrics: NodeMetrics;
  cancel: AbortSignal;
  clock: Clock;
  logger: Logger;
}

/** Everything for calls inside transactions; nothing where there is no `Pipe` or it is switched off. */
export function openPipe(config: Config, parts: PipeParts) {
  const { contracts, constants } = parts;
  if (!config.pipe.enabled || contracts.pipe === undefined || constants.pipe === undefined) return undefined;
  const { pipe } = contracts;
  const { time, account, releases, scheduler, prover, metrics, clock, logger } = parts;
  const served = new ServedResults(parts.database, clock);
  const quota = new UnpaidQuota(served, config.pipe.unpaid, clock);
  const prices = new PriceList(constants.pipe.protocolFeeBps, (release) => contracts.hub.termsOf(release));
  const covers = new CoverBook(config.cover, {
    promised: parts.promised,
    requested: parts.requested,
    coverable: () => account.coverable(pipe.address),
    isExact: (release) => contracts.hub.isExact(release),
    nowSec: () => time.head.timestamp,
  });
  const { maxInputBytes } = config.limits;
  const offers = { releases, account, prices, covers, prover, maxInputBytes };
  const maker = new ResultMaker(
    {
      ...parts,
      places: new ProofPlaces({ places: config.proofs.maxWaiting, maxCalls: config.pipe.maxCalls }),
      outputs: new OutputCache(config.pipe.outputCacheBytes),
      quota,
      covers,
      onServed: (_, fee) => metrics.recordServed(fee),
    },
    { ...constants, ...config.pipe },
  );
  const simulator = createCallSimulator(parts.provider, BigInt(config.pipe.simulationGas));
  const addresses = { pipe: pipe.address, executor: constants.pipe.executor };
  const means = new PayerMeans(pipe, time);
  const preExecutor = new PreExecutor(
    { simulator, maker, offers, covers, scheduler, time, logger, means, addresses },
    config.pipe,
  );
  const { chainId } = config.chain;
  const service = new PipeService(
    { preExecutor, maker, offers, scheduler, chainId, clock, logger, metrics },
    config.pipe,
  );
  const handler = new PipeEventHandler(
    served,
    { pipe: pipe.address, signer: account.signer },
    (count) => metrics.recordConsumed(count),
    logger,
  );
  const status = (): PipeStatus => {
    const { unpaidGrains, ...totals } = quota.totals();
    const { running, waiting, freeSlots } = scheduler;
    return { ...totals, unpaid: (BigInt(unpaidGrains) * GRAIN).toString(), running, waiting, freeSlots };
  };
  return { address: pipe.address, routes: service.routes(), handler, status, prune: () => quota.prune() };
}

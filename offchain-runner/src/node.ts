import type { Logger } from "pino";
import { AlarmBoard } from "./alarms/alarmBoard.ts";
import { readFacts, readLocalFacts } from "./alarms/factReader.ts";
import { OwnChallenges } from "./alarms/ownChallenges.ts";
import { Bell } from "./bell.ts";
import { BlockStore } from "./chain/blockStore.ts";
import { createChainReader } from "./chain/chainReader.ts";
import { ChainTime } from "./chain/chainTime.ts";
import { connectContracts } from "./chain/contracts.ts";
import { FeeMarket } from "./chain/feeMarket.ts";
import { createFeeReader } from "./chain/feeReader.ts";
import { REPORT_NO_SHOW_GAS } from "./chain/gasModel.ts";
import { LogWatcher } from "./chain/logWatcher.ts";
import { OwnAccount } from "./chain/ownAccount.ts";
import { ResilientProvider } from "./chain/provider.ts";
import type { EndpointHealth } from "./chain/rpcEndpoint.ts";
import { loadSignerKey } from "./chain/signerKey.ts";
import { createTransactionChain } from "./chain/transactionChain.ts";
import { TransactionLoop, type TransactionSource } from "./chain/transactionLoop.ts";
import { TransactionSender } from "./chain/transactionSender.ts";
import { TransactionStore } from "./chain/transactionStore.ts";
import type { Clock } from "./clock.ts";
import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { CoverUse } from "./cover/coverUse.ts";
import { beside, NO_COVER_USE } from "./cover/coverUse.ts";
import { HttpServer } from "./http/httpServer.ts";
import { NodeMetrics } from "./http/metrics.ts";
import { StatusReader } from "./http/statusReader.ts";
import { createReleaseCatalog } from "./hub/releaseCatalog.ts";
import { POOL_OPTIONS } from "./inference/inferencePool.ts";
import { AcceptSource } from "./jobs/acceptSource.ts";
import { operatorShare } from "./jobs/admission.ts";
import { Admitter } from "./jobs/admitter.ts";
import { gasOf, proofBytes } from "./jobs/answerGas.ts";
import { answerWork, NO_SHOW_CALLDATA_BYTES } from "./jobs/answerWork.ts";
import { BarredReleases } from "./jobs/barredReleases.ts";
import { ClaimSource } from "./jobs/claimSource.ts";
import { DeliverySource } from "./jobs/deliverySource.ts";
import { Executor } from "./jobs/executor.ts";
import { FulfilSource } from "./jobs/fulfilSource.ts";
import { GasCost, type TransactionWork, together } from "./jobs/gasCost.ts";
import type { Job } from "./jobs/job.ts";
import { JobStore } from "./jobs/jobStore.ts";
import { NoShowSource } from "./jobs/noShowSource.ts";
import { OfferedReleases } from "./jobs/offeredReleases.ts";
import { openOnnxEngine, RUNS_AHEAD } from "./jobs/onnxEngine.ts";
import { RequestEventHandler } from "./jobs/requestEventHandler.ts";
import { engineForRequests, RunScheduler } from "./jobs/runScheduler.ts";
import { openPipe } from "./pipe/openPipe.ts";
import { joinHandlers } from "./pipe/pipeEventHandler.ts";
import { PromisedCovers } from "./pipe/promisedCovers.ts";
import { preflight } from "./preflight.ts";
import { ResultSigner } from "./proofs/resultSigner.ts";
import { SubmissionLedger } from "./proofs/submissionLedger.ts";
import { openProofs, type Proofs } from "./proving/openProofs.ts";
import { openDatabase, storeFailure } from "./store/database.ts";
import { DiskFlush } from "./store/diskFlush.ts";
import { openVerifier, type Verifier } from "./verifier/openVerifier.ts";

const BLOCK_TIME_SEC = 2;
/** How long work in flight may take after the first signal. */
const GRACE_MS = 10_000;
const HOUR_MS = 3_600_000;
const PRUNE_AFTER_MS = 30 * 24 * HOUR_MS;

/** A running node. */
export interface RunningNode {
  readonly httpPort: number;
  /** Resolves when everything has stopped; rejects when a part broke. */
  readonly done: Promise<void>;
}

/** Builds every part and starts them. `stop` ends the node: no new work at once, work in flight after a grace time. */
export async function startNode(config: Config, logger: Logger, stop: AbortSignal): Promise<RunningNode> {
  const clock = systemClock;
  const cancel = new AbortController();
  const closers: (() => unknown)[] = [() => cancel.abort()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const base = await openBase(config, logger, clock, cancel.signal, closers);
    const parts = buildParts(config, base, logger, clock, cancel.signal);
    closers.push(() => parts.verifier?.stop());
    closers.push(() => parts.proofs?.stop());
    await parts.releases.resolve();
    await base.account.standing();
    const http = new HttpServer(() => parts.status.read(), parts.metrics, logger, {
      routes: parts.pipe?.routes,
      trustForwardedFor: config.http.trustForwardedFor,
    });
    closers.push(() => http.stop());
    const httpPort = await http.start(config.http.host, config.http.port);
    const { signer, operatorId } = base.account;
    logger.info({ signer, operatorId, chainId: config.chain.chainId, httpPort }, "node started");
    return { httpPort, done: untilEnd(config, stop, cancel, parts, clock, logger).finally(close) };
  } catch (error) {
    await close();
    throw error;
  }
}

type Base = Awaited<ReturnType<typeof openBase>>;
type Parts = ReturnType<typeof buildParts>;

/** What everything else stands on: disk, key, chain and engine. */
async function openBase(
  config: Config,
  logger: Logger,
  clock: Clock,
  signal: AbortSignal,
  closers: (() => unknown)[],
) {
  const { chain } = config;
  const database = openDatabase(config.dataDir);
  closers.push(() => database.close());
  const flush = new DiskFlush(config.dataDir);
  closers.push(() => flush.close());
  const key = await loadSignerKey(config.signer);
  const provider = new ResilientProvider({
    urls: chain.rpcUrls,
    chainId: chain.chainId,
    timeoutMs: chain.rpcTimeoutMs,
    maxLagBlocks: chain.maxLagBlocks,
    clock,
    logger,
    signal,
  });
  closers.push(() => provider.destroy());
  const contracts = connectContracts(chain.addresses, provider);
  const constants = await preflight(config, provider, contracts);
  const metrics = new NodeMetrics();
  const alarm = { bar: (_release: string): void => undefined };
  const bar = (release: string): void => {
    metrics.recordDisagreement(release);
    alarm.bar(release);
  };
  const engine = await openOnnxEngine(servingConfig(config), clock, logger, bar, metrics);
  closers.push(() => engine.stop(0));
  const time = new ChainTime(clock);
  const market = new FeeMarket(
    { reader: createFeeReader(provider), time, clock, logger },
    config.fees.maxTipGwei,
  );
  await market.refresh();
  return {
    database,
    flush,
    key,
    provider,
    contracts,
    constants,
    engine,
    alarm,
    metrics,
    time,
    market,
    reader: createChainReader(provider),
    chain: createTransactionChain(provider, key.wallet, chain.chainId, market),
    account: new OwnAccount(contracts, time, key.address),
  };
}

/** A node that does not serve runs no models, and needs no processes for them. */
function servingConfig(config: Config): Config {
  if (config.roles.includes("inference")) return config;
  return { ...config, limits: { ...config.limits, children: 0 } };
}

function buildParts(config: Config, base: Base, logger: Logger, clock: Clock, cancel: AbortSignal) {
  const { limits, chain } = config;
  const { engine, metrics, time, account, constants, reader } = base;
  const store = new JobStore(base.database, clock);
  const bell = new Bell();
  const ring = (): void => {
    for (const each of [admitter.bell, executor.bell, bell]) each.ring();
  };
  store.onChange(ring);
  const catalog = createReleaseCatalog(base.contracts.hub, chain.addresses.ModelHub, reader);
  const bars = new BarredReleases(base.database, clock);
  const proofs = openProofs(config, {
    ...{ ...base, store, bell, logger },
    graphOf: (release) => engine.graphOf(release),
    onProof: (end, ms) => metrics.recordProof(end, ms),
    onDisagreement: (release) => barDisputed(releases, release),
  });
  const prover = proofs?.prover;
  const releases = new OfferedReleases(
    config.serve,
    { bars, catalog, engine, clock, logger, ...(proofs !== undefined && { prepareProofs: proofs.prepare }) },
    ring,
  );
  base.alarm.bar = (release) => releases.bar(release, "exact-runtime-disagrees");
  const handler = new RequestEventHandler(
    store,
    chain.addresses.InferenceRequests,
    account,
    (release) => releases.get(release) !== undefined,
    ring,
    logger,
  );
  const gasCost = new GasCost(base.market, config.fees.opgPerCoin);
  const isCurrent = (): boolean => (watcher.cursor ?? -1) + chain.confirmations >= time.head.number;
  const promised = new PromisedCovers(base.database);
  const requested = (payer?: string): CoverUse => store.coverUse(time.head.number, payer);
  const coverUse = (payer: string): CoverUse =>
    beside(requested(payer), promised.use(time.head.timestamp, payer));
  const admitter = new Admitter(
    { coverUse, store, releases, engine, prover, account, time, gasCost, isCurrent, clock, logger },
    {
      queue: limits.queue,
      proofQueue: config.proofs.queue,
      parallelRuns: limits.children,
      maxInputBytes: limits.maxInputBytes,
      maxCallbackGas: limits.maxCallbackGas,
      acceptAboveRunMs: config.accept.aboveRunMs,
      acceptBudgetShare: config.accept.budgetShare,
      blockTimeSec: BLOCK_TIME_SEC,
      protocolFeeBps: constants.protocolFeeBps,
      cover: config.cover,
      requestsAddress: chain.addresses.InferenceRequests,
    },
  );
  const quickMs = POOL_OPTIONS.pipeline.backlogMs;
  const scheduler = new RunScheduler(engine, {
    children: limits.children,
    depth: RUNS_AHEAD,
    quickMs,
    requestShare: config.pipe.requestShare,
    maxWaiting: config.pipe.maxWaiting,
    guessMs: (id) => releases.get(id)?.config.expectedRunMs ?? quickMs,
    servesQuick: () =>
      releases.all().some(({ id, config: { expectedRunMs } }) => {
        return ((id === undefined ? undefined : engine.expectedRunMs(id)) ?? expectedRunMs) <= quickMs;
      }),
    onRun: (_, ms) => metrics.recordRun(ms),
  });
  const ledger = new SubmissionLedger(base.database, clock);
  const signer = new ResultSigner(base.key, ledger, constants.domainSeparator, (id) => releases.isExact(id));
  const isServing = config.roles.includes("inference");
  const pipe = isServing
    ? openPipe(config, {
        ...base,
        ...{ scheduler, prover, releases, signer, promised, requested, metrics, cancel, clock, logger },
      })
    : undefined;
  const verifier = openVerifier(config, { ...base, ring: () => bell.ring(), clock, logger });
  const executor = new Executor(
    { store, releases, engine: engineForRequests(engine, scheduler), prover, clock, logger },
    {
      parallelRuns: engine.parallelRuns,
      parallelProofs: config.proofs.provers,
      onRun: () => undefined,
    },
  );
  const disputes = chain.addresses.Disputes;
  const challenges =
    disputes === undefined ? undefined : new OwnChallenges(base.database, disputes, () => account.operatorId);
  const watcher = new LogWatcher(
    {
      reader,
      blocks: new BlockStore(base.database),
      handler: joinHandlers([
        handler,
        ...(pipe === undefined ? [] : [pipe.handler]),
        ...(verifier?.handlers ?? []),
        ...(challenges === undefined ? [] : [challenges]),
      ]),
      time,
      clock,
      logger,
    },
    {
      ...chain,
      addresses: [
        ...new Set([
          chain.addresses.InferenceRequests,
          ...(pipe === undefined ? [] : [pipe.address]),
          ...(verifier?.addresses ?? []),
          ...(disputes === undefined ? [] : [disputes]),
        ]),
      ],
    },
  );
  const work = { store, releases, handler, gasCost, executor, metrics, bell, signer, verifier, proofs };
  const { loop, sender, claims, transactions } = buildSending(config, base, work, logger, clock);
  const insured = (): CoverUse =>
    time.isKnown ? beside(requested(), promised.use(time.head.timestamp, undefined)) : NO_COVER_USE;
  const endpoints = (): EndpointHealth[] => base.provider.health();
  const facts = {
    ...{ config, contracts: base.contracts, account, chain: base.chain, time, clock },
    ...{ loop, sender, releases, claims, endpoints, insured },
    bonded: () => store.bonded(),
    challenges: () => challenges?.open() ?? [],
  };
  const alarms = new AlarmBoard(
    { local: () => readLocalFacts(facts), read: () => readFacts(facts), clock, logger },
    config.alarms,
  );
  const status = new StatusReader({
    ...chain,
    alarms: () => alarms.alarms,
    insured,
    endpoints,
    time,
    watcher,
    account,
    chain: base.chain,
    loop,
    sender,
    releases,
    claims,
    jobs: store,
    pipe: pipe?.status,
    proofs: proofs?.status,
    verifier: verifier?.status,
    isServing,
  });
  // With one endpoint there is nothing to compare it with.
  const watchEndpoints = async (until: AbortSignal): Promise<void> => {
    if (chain.rpcUrls.length > 1) await base.provider.watch(chain.probeIntervalMs, until);
  };
  return {
    store,
    releases,
    admitter,
    executor,
    watcher,
    loop,
    transactions,
    metrics,
    status,
    pipe,
    verifier,
    proofs,
    watchEndpoints,
    market: base.market,
    alarms,
  };
}

/** Where nothing else compares the runtime, it may be the one that is wrong. */
function barDisputed(releases: OfferedReleases, release: string): void {
  releases.barProofs(release, "proof-disagrees");
  if (releases.get(release)?.config.checkExact === false) releases.bar(release, "proof-disagrees");
}

interface Work {
  store: JobStore;
  releases: OfferedReleases;
  handler: RequestEventHandler;
  gasCost: GasCost;
  executor: Executor;
  metrics: NodeMetrics;
  bell: Bell;
  signer: ResultSigner;
  verifier: Verifier | undefined;
  proofs: Proofs | undefined;
}

/** Everything that ends in a transaction, most urgent first. */
function buildSending(config: Config, base: Base, work: Work, logger: Logger, clock: Clock) {
  const { fees, limits, chain, claims: claiming } = config;
  const { contracts, time, account, constants, database } = base;
  const { store, releases, handler, gasCost, executor, metrics, bell, signer, verifier, proofs } = work;
  const requestsAddress = chain.addresses.InferenceRequests;
  const outcomes = { store, handler, clock };
  const pays = (job: Job, ...beside: TransactionWork[]): boolean => {
    const { request } = job;
    const work = together(answerWork(request, { ...gasOf(job), proofBytes: proofBytes(job) }), ...beside);
    const share = operatorShare(request, time.nowSec() + BLOCK_TIME_SEC, constants.protocolFeeBps);
    return share >= gasCost.of(work);
  };
  const claims = new ClaimSource(
    { contracts, releases, account, time, gasCost, clock, logger },
    { intervalMs: claiming.intervalSec * 1000, threshold: claiming.threshold, requestsAddress },
  );
  const sources: TransactionSource[] = [
    ...(verifier === undefined ? [] : verifier.sources),
    new FulfilSource(
      {
        ...outcomes,
        contracts,
        signer,
        account,
        time,
        logger,
        bell,
        metrics,
        activeRuns: () => executor.activeCount,
        isWorthGas: (job) => pays(job),
      },
      { ...limits, ...constants, resultValiditySec: fees.resultValiditySec, requestsAddress },
    ),
    new AcceptSource(outcomes, requestsAddress),
    new NoShowSource(outcomes, time, requestsAddress, (job) =>
      pays(job, { gas: REPORT_NO_SHOW_GAS, calldataBytes: NO_SHOW_CALLDATA_BYTES }),
    ),
    new DeliverySource({ store, handler, time, clock }, requestsAddress),
    ...(proofs === undefined ? [] : [proofs.source]),
    claims,
  ];
  const transactions = new TransactionStore(database, clock);
  const sender = new TransactionSender(
    { chain: base.chain, fees: base.market, store: transactions, time, clock, logger },
    {
      ...fees,
      limits: { maxFee: fees.maxFeeGwei, maxTip: fees.maxTipGwei },
      maxPerTransaction: fees.maxCoinPerTransaction,
      maxPerDay: fees.maxCoinPerDay,
      pollIntervalMs: chain.pollIntervalMs,
    },
  );
  const loop = new TransactionLoop(
    { bell, sources, sender, store: transactions, clock, logger },
    (purpose, outcome) => metrics.recordOutcome(purpose, outcome),
  );
  return { loop, sender, claims, transactions };
}

/** A database that cannot be written ends the node: what it was about to store is done again after the next start. */
async function untilEnd(config: Config, ...parts: Parameters<typeof runUntil>): Promise<void> {
  try {
    await runUntil(...parts);
  } catch (error) {
    throw storeFailure(error, config.dataDir) ?? error;
  }
}

async function runUntil(
  stop: AbortSignal,
  cancel: AbortController,
  parts: Parts,
  clock: Clock,
  logger: Logger,
): Promise<void> {
  const broken = new AbortController();
  const signal = AbortSignal.any([stop, broken.signal]);
  parts.store.requeueRunning();
  const loops = [
    parts.watcher.run(signal),
    parts.releases.run(signal),
    parts.admitter.run(signal),
    parts.executor.run(signal, cancel.signal),
    parts.loop.run(signal, cancel.signal),
    parts.verifier?.run(signal),
    parts.watchEndpoints(signal),
    parts.market.run(signal),
    parts.alarms.run(signal),
    keepPruned(parts, clock, logger, signal),
  ].map((loop) =>
    loop?.catch((error: unknown) => {
      broken.abort();
      throw error;
    }),
  );
  signal.addEventListener("abort", () => {
    clock.sleep(GRACE_MS, cancel.signal).then(
      () => cancel.abort(),
      () => undefined,
    );
  });
  const ends = await Promise.allSettled(loops);
  cancel.abort();
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function keepPruned(parts: Parts, clock: Clock, logger: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      prune(parts, clock.nowMs() - PRUNE_AFTER_MS);
    } catch (error) {
      // What is kept an hour longer does no harm.
      logger.warn({ err: error }, "old records cannot be removed");
    }
    await clock.sleep(HOUR_MS, signal).catch(() => undefined);
  }
}

function prune({ store, transactions, pipe, verifier }: Parts, beforeMs: number): void {
  store.prune(beforeMs);
  pipe?.prune();
  verifier?.prune(beforeMs);
  // Last: what the others forgot refers to it no more.
  transactions.prune(beforeMs);
}

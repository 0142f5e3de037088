import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "pino";
import { IExactMachine__factory } from "../../../types/factories/contracts/interfaces/IExactMachine__factory.ts";
import type { ChainReader } from "../chain/chainReader.ts";
import type { ChainTime } from "../chain/chainTime.ts";
import type { Contracts } from "../chain/contracts.ts";
import type { LogHandler } from "../chain/logWatcher.ts";
import type { OwnAccount } from "../chain/ownAccount.ts";
import type { ResilientProvider } from "../chain/provider.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import { CoverSource } from "../cover/coverSource.ts";
import { VerdictHandler } from "../cover/verdictHandler.ts";
import { WrongCoverStore } from "../cover/wrongCoverStore.ts";
import type { NodeMetrics } from "../http/metrics.ts";
import type { VerifierStatus } from "../http/status.ts";
import { summariseDispute } from "../http/status.ts";
import type { ProtocolConstants } from "../preflight.ts";
import { DisputeEventHandler } from "./disputeEventHandler.ts";
import { DisputePlanner } from "./disputePlanner.ts";
import { DisputeSource } from "./disputeSource.ts";
import { DisputeStore } from "./disputeStore.ts";
import { EvidenceHandler } from "./evidenceHandler.ts";
import { EvidenceStore } from "./evidenceStore.ts";
import { ExactReleases } from "./exactReleases.ts";
import { GraphRunner } from "./graphRunner.ts";
import { Rehearsal } from "./rehearsal.ts";
import { ResultChecker } from "./resultChecker.ts";
import { Settlement } from "./settlement.ts";

const RECENT_DISPUTES = 20;

export interface VerifierParts {
  database: DatabaseSync;
  provider: ResilientProvider;
  reader: ChainReader;
  contracts: Contracts;
  constants: ProtocolConstants;
  account: OwnAccount;
  time: ChainTime;
  metrics: NodeMetrics;
  /** Rung when a dispute has something to send. */
  ring: () => void;
  clock: Clock;
  logger: Logger;
}

export type Verifier = NonNullable<ReturnType<typeof openVerifier>>;

/** Everything that checks results of others; nothing where there is no `Disputes` or the share is 0. */
export function openVerifier(config: Config, parts: VerifierParts) {
  const { contracts, constants } = parts;
  const { verifier: options } = config;
  if (options.share === 0 || contracts.disputes === undefined || constants.disputes === undefined)
    return undefined;
  const { disputes, operators, hub } = contracts;
  const { Disputes, Operators, InferenceRequests, Pipe } = config.chain.addresses;
  const { database, provider, reader, time, metrics, clock, logger } = parts;
  const { windowSec, machine, blobStore, ...terms } = constants.disputes;
  const account = parts.account.signer;
  const disputesAddress = Disputes as string;

  const evidence = new EvidenceStore(database, clock, windowSec);
  const store = new DisputeStore(database, clock);
  store.onChange(parts.ring);
  const readCode = (address: string): Promise<string> => provider.getCode(address);
  const releases = new ExactReleases({ hub, readCode, clock }, { ...options, blobStore });
  const covers = new WrongCoverStore(database, clock, parts.ring);
  const runner = new GraphRunner(options);
  const checked: Record<string, number> = {};
  const checker = new ResultChecker(
    {
      ...{ evidence, disputes: store, releases, runner, operators, clock, logger },
      onChecked: (end) => {
        checked[end] = (checked[end] ?? 0) + 1;
        metrics.recordChecked(end);
      },
      onFault: (fault) => metrics.recordFault(fault),
      onWrong: (operatorId, key, signed) => covers.note(operatorId, key, signed),
      nowSec: () => (time.isKnown ? time.nowSec() : 0),
    },
    { domainSeparator: constants.domainSeparator, windowSec },
  );
  const evidenceHandler = new EvidenceHandler(
    {
      store: evidence,
      isOfInterest: (release) => releases.isOfInterest(release),
      onNew: () => checker.bell.ring(),
      logger,
    },
    { ...options, requests: InferenceRequests, pipe: Pipe },
  );
  const onBounty = (amount: bigint): void => metrics.recordBounty(amount);
  const handler = new DisputeEventHandler(
    { store, nowSec: () => time.nowSec(), onBounty, logger },
    { ...terms, ...options, disputes: disputesAddress, account },
  );
  const settlement = new Settlement(
    { disputes, operators, reader, time },
    { ...terms, disputesAddress, operatorsAddress: Operators, account },
  );
  const rehearsal = new Rehearsal(IExactMachine__factory.connect(machine, provider));
  const planner = new DisputePlanner(
    {
      ...{ disputes, operators, reader, time, store, evidence, releases, runner, rehearsal, settlement },
      insures: (key) => covers.isWaiting(key),
    },
    {
      ...terms,
      disputesAddress,
      account,
      commits: options.commits,
      maxBond: options.maxBond,
    },
  );
  const source = new DisputeSource({
    ...{ store, planner, handler, time, clock, logger, account },
    onAward: onBounty,
    operatorsAddress: Operators,
    ring: parts.ring,
  });
  const coverers = [InferenceRequests, ...(Pipe === undefined ? [] : [Pipe])];
  const coverSource = new CoverSource(
    { store: covers, disputes, operators, accusations: store, ring: parts.ring, time, clock, logger },
    { disputesAddress, operatorsAddress: Operators, coverers, leastCover: options.leastCover },
  );
  const verdicts = new VerdictHandler(covers, disputesAddress);
  const handlers: LogHandler[] = [evidenceHandler, handler, verdicts];
  const status = (): VerifierStatus => ({
    share: options.share,
    checked: { ...checked },
    backlog: evidence.backlog,
    disputes: store.counts(),
    covers: covers.counts(),
    recentDisputes: store.recent(RECENT_DISPUTES).map(summariseDispute),
  });
  return {
    addresses: [disputesAddress, ...(Pipe === undefined ? [] : [Pipe])],
    handlers,
    sources: [source, coverSource],
    status,
    run: (signal: AbortSignal): Promise<void> => checker.run(signal),
    stop: (): Promise<void> => runner.stop(),
    prune: (beforeMs: number): void => {
      if (time.isKnown) evidence.prune(time.nowSec(), options.memory);
      store.prune(beforeMs);
      covers.prune(beforeMs);
    },
  };
}

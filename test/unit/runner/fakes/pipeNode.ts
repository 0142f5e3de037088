import type { InferenceQuery } from "@opg-network/sdk/inferenceQuery";
import type { PreexecuteRequest, PreexecuteResponse } from "@opg-network/sdk/nodeApi";
import { parseEther, toBeHex, Wallet, ZeroHash } from "ethers";
import { ChainTime } from "../../../../offchain-runner/src/chain/chainTime.ts";
import { OwnAccount } from "../../../../offchain-runner/src/chain/ownAccount.ts";
import { systemClock } from "../../../../offchain-runner/src/clock.ts";
import type { CoverConfig, PipeConfig } from "../../../../offchain-runner/src/config.ts";
import type { CoverUse } from "../../../../offchain-runner/src/cover/coverUse.ts";
import { NO_COVER_USE } from "../../../../offchain-runner/src/cover/coverUse.ts";
import type { PublishedRelease } from "../../../../offchain-runner/src/hub/releaseCatalog.ts";
import type { InferenceEngine } from "../../../../offchain-runner/src/jobs/inferenceEngine.ts";
import { OfferedReleases } from "../../../../offchain-runner/src/jobs/offeredReleases.ts";
import { RunScheduler } from "../../../../offchain-runner/src/jobs/runScheduler.ts";
import type { Caller } from "../../../../offchain-runner/src/pipe/caller.ts";
import { createCallSimulator } from "../../../../offchain-runner/src/pipe/callSimulator.ts";
import { CoverBook } from "../../../../offchain-runner/src/pipe/coverBook.ts";
import { OutputCache } from "../../../../offchain-runner/src/pipe/outputCache.ts";
import { PayerMeans } from "../../../../offchain-runner/src/pipe/payerMeans.ts";
import { PipeService } from "../../../../offchain-runner/src/pipe/pipeService.ts";
import { PreExecutor } from "../../../../offchain-runner/src/pipe/preExecutor.ts";
import { PriceList } from "../../../../offchain-runner/src/pipe/priceList.ts";
import { PromisedCovers } from "../../../../offchain-runner/src/pipe/promisedCovers.ts";
import { ProofPlaces } from "../../../../offchain-runner/src/pipe/proofPlaces.ts";
import { ResultMaker } from "../../../../offchain-runner/src/pipe/resultMaker.ts";
import { ServedResults } from "../../../../offchain-runner/src/pipe/servedResults.ts";
import { UnpaidQuota } from "../../../../offchain-runner/src/pipe/unpaidQuota.ts";
import { ResultSigner } from "../../../../offchain-runner/src/proofs/resultSigner.ts";
import { SubmissionLedger } from "../../../../offchain-runner/src/proofs/submissionLedger.ts";
import type { ResultProver } from "../../../../offchain-runner/src/proving/resultProver.ts";
import { DiskFlush } from "../../../../offchain-runner/src/store/diskFlush.ts";
import { NO_BARS } from "./noBars.ts";
import { pipeConfig } from "./pipeConfig.ts";
import { ScriptedCalls } from "./scriptedCalls.ts";
import { SOME_RELEASE } from "./scriptedEngine.ts";
import { silentLogger } from "./silentLogger.ts";
import { RELEASE } from "./someRequest.ts";
import { TempDatabase } from "./tempDatabase.ts";

export const PAYER = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
export const CONSUMER = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0";
export const PIPE = "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9";
export const EXECUTOR = "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9";
export const SLOW_RELEASE = `0x${"02".repeat(32)}`;
export const OTHER_RELEASE = `0x${"03".repeat(32)}`;
export const DOMAIN = `0x${"0d".repeat(32)}`;
export const FEE: bigint = parseEther("0.1");
export const OPERATOR = 7;
export const PROOF_PLACES = 16;
export const HEAD_SEC = 1_000_000;
export const ALICE: Caller = { id: "alice", isAnonymous: false, network: "10.0.0.1" };

const SIGNER = new Wallet(`0x${"22".repeat(32)}`);

export type FakeProver = Pick<ResultProver, "prove" | "hasProof" | "expectedMs" | "waitMs" | "load">;

/** The part of the node that serves calls, whole; its chain is scripted and so are its models. */
export class PipeNode {
  readonly calls = new ScriptedCalls();
  readonly signer = SIGNER.address;
  readonly config: PipeConfig;
  /** Inputs that were run. */
  readonly runs: string[] = [];
  /** What `Pipe` says of the payer. */
  budget = { balance: parseEther("10"), blockLimit: parseEther("10") };
  balance: bigint = parseEther("10");
  readonly standing = {
    operatorId: BigInt(OPERATOR),
    status: 1n,
    jailed: false,
    stake: 2_000_000_000n,
    coverPercent: 0n,
  };
  onRun: (release: string, input: Uint8Array) => Promise<Uint8Array> = async (_, input) =>
    Uint8Array.of(...input, 1);
  onCheck: () => void = () => undefined;
  onFlush: () => Promise<void> = () => this.#flush.flushed();
  readonly cover: CoverConfig = {
    rateBps: 100,
    perResult: parseEther("100"),
    perPayer: parseEther("150"),
    total: parseEther("1000"),
  };
  coverable: bigint = parseEther("500");
  /** What requests insure. */
  requested: CoverUse = NO_COVER_USE;
  isExact = true;
  readonly quota: UnpaidQuota;
  readonly served: ServedResults;
  readonly service: PipeService;
  readonly scheduler: RunScheduler;
  readonly preExecutor: PreExecutor;
  readonly time = new ChainTime(systemClock);
  readonly #temp = new TempDatabase();
  readonly #flush = new DiskFlush(this.#temp.folder);
  readonly #loaded: Promise<void>;

  /** @param prover makes its releases provable: then VANILLA comes first, and ZK costs twice as much */
  constructor(
    overrides: Partial<PipeConfig> = {},
    { children = 2, prover }: { children?: number; prover?: FakeProver } = {},
  ) {
    this.config = pipeConfig(overrides);
    const [clock, logger] = [systemClock, silentLogger];
    const { time } = this;
    this.observe(HEAD_SEC);
    const engine = this.#engine();
    const releases = this.#releases(engine, prover !== undefined);
    this.#loaded = releases.run(new AbortController().signal);
    this.scheduler = new RunScheduler(engine, {
      ...{ children, depth: 4, quickMs: 50, requestShare: 0.3, maxWaiting: this.config.maxWaiting },
      guessMs: () => 5,
      servesQuick: () => true,
      onRun: () => undefined,
    });
    const account = new OwnAccount(
      { operators: { standingOf: async () => this.standing } } as never,
      time,
      SIGNER.address,
    );
    const prices = new PriceList(500n, async () => ({ royalty: parseEther("0.01"), minStake: 0n }));
    const covers = new CoverBook(this.cover, {
      promised: new PromisedCovers(this.#temp.database),
      requested: () => this.requested,
      coverable: async () => this.coverable,
      isExact: async () => this.isExact,
      nowSec: () => time.head.timestamp,
    });
    const offers = { releases, account, prices, covers, prover, maxInputBytes: 1_000 };
    this.served = new ServedResults(this.#temp.database, clock);
    this.quota = new UnpaidQuota(this.served, this.config.unpaid, clock);
    const ledger = new SubmissionLedger(this.#temp.database, clock);
    const key = {
      address: SIGNER.address,
      signDigest: (digest: string) => SIGNER.signingKey.sign(digest).serialized,
    };
    const { signal: cancel } = new AbortController();
    const { scheduler, quota } = this;
    const maker = new ResultMaker(
      {
        ...{ engine, scheduler, prover, quota, covers, time, cancel },
        places: new ProofPlaces({ places: PROOF_PLACES, maxCalls: this.config.maxCalls }),
        outputs: new OutputCache(1_000_000),
        flush: { flushed: () => this.onFlush() },
        signer: new ResultSigner(key, ledger, DOMAIN, () => false),
        onServed: () => undefined,
      },
      { maxValiditySec: 3_600, resultValiditySec: this.config.resultValiditySec },
    );
    const contract = {
      address: PIPE,
      pipe: { budgetOf: async () => this.budget },
      escrow: { balanceOf: async () => this.balance },
    };
    const means = new PayerMeans(contract as never, time);
    const simulator = createCallSimulator(this.calls, BigInt(this.config.simulationGas));
    const addresses = { pipe: PIPE, executor: EXECUTOR };
    this.preExecutor = new PreExecutor(
      { simulator, maker, offers, covers, scheduler, time, logger, means, addresses },
      this.config,
    );
    const metrics = { recordCall: () => undefined };
    this.service = new PipeService(
      {
        ...{ preExecutor: this.preExecutor, maker, offers, scheduler, clock, logger, metrics },
        chainId: 31_337,
      },
      this.config,
    );
  }

  /** Pre-executes a call to the consumer, once the models are loaded. */
  async run(
    overrides: Partial<PreexecuteRequest> = {},
    { caller = ALICE, signal = new AbortController().signal }: { caller?: Caller; signal?: AbortSignal } = {},
  ): Promise<PreexecuteResponse> {
    await this.#loaded;
    const call = { from: PAYER, to: CONSUMER, data: "0x12345678" as const };
    return this.preExecutor.run({ chainId: 31_337, call, carry: "appended", ...overrides }, caller, signal);
  }

  /** A new block. */
  observe(timestamp: number): void {
    const hash = toBeHex(timestamp, 32);
    this.time.observe({ number: timestamp, hash, parentHash: ZeroHash, timestamp, baseFee: 1n });
  }

  async isLoaded(): Promise<void> {
    await this.#loaded;
  }

  async dispose(): Promise<void> {
    await this.#flush.close();
    this.#temp.dispose();
  }

  #engine(): InferenceEngine {
    return {
      prepare: async () => undefined,
      checkInput: () => this.onCheck(),
      expectedRunMs: (id) => (id === SLOW_RELEASE ? 1_000 : 5),
      run: (release, input) => {
        this.runs.push(Buffer.from(input).toString("hex"));
        return this.onRun(release.id, input);
      },
    };
  }

  #releases(engine: InferenceEngine, isProved: boolean): OfferedReleases {
    const modes: ("VANILLA" | "ZK")[] = isProved ? ["VANILLA", "ZK"] : ["VANILLA"];
    const served = [RELEASE, SLOW_RELEASE].map((release) => ({
      ...{ release, minFee: FEE, pipeFee: undefined, expectedRunMs: 5, modes },
      ...(isProved && { zkFee: 2n * FEE }),
    }));
    const prepareProofs = async (): Promise<void> => undefined;
    const catalog = {
      idOf: async (reference: string) => reference,
      load: async (id: string): Promise<PublishedRelease> => ({ ...SOME_RELEASE, id }),
    };
    const dependencies = { catalog, engine, prepareProofs, clock: systemClock, logger: silentLogger };
    return new OfferedReleases(served, { bars: NO_BARS, ...dependencies }, () => undefined);
  }
}

/** A query about a few bytes. */
export function query(input: string, overrides: Partial<InferenceQuery> = {}): InferenceQuery {
  return {
    ...{ release: RELEASE, codec: 1, modes: 1, operatorId: 0, maxFee: parseEther("1"), minStake: 0n },
    input,
    ...overrides,
  };
}

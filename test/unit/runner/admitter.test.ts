import type { InferenceRequest } from "@opg-network/sdk/request";
import { expect } from "chai";
import { parseEther, Wallet, ZeroHash } from "ethers";
import { ChainTime } from "../../../offchain-runner/src/chain/chainTime.ts";
import type { CoverUse } from "../../../offchain-runner/src/cover/coverUse.ts";
import { beside, NO_COVER_USE } from "../../../offchain-runner/src/cover/coverUse.ts";
import { Admitter } from "../../../offchain-runner/src/jobs/admitter.ts";
import { GasCost } from "../../../offchain-runner/src/jobs/gasCost.ts";
import { JobStore } from "../../../offchain-runner/src/jobs/jobStore.ts";
import { OfferedReleases } from "../../../offchain-runner/src/jobs/offeredReleases.ts";
import { NO_BARS } from "./fakes/noBars.ts";
import { ScriptedEngine, someCatalog } from "./fakes/scriptedEngine.ts";
import { silentLogger } from "./fakes/silentLogger.ts";
import { INPUT, idOf, RELEASE, REQUESTS_ADDRESS, someRequest } from "./fakes/someRequest.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

const HEAD = 100;
const BENEFICIARY = `0x${"11".repeat(20)}`;
/** So slow that it is accepted first. */
const SERVED = {
  ...{ release: RELEASE, minFee: 0n, expectedRunMs: 20_000 },
  modes: ["VANILLA" as const, "ZK" as const],
};
const PROOF_MS = 100_000;
const PROVERS = 2;
const COVER = {
  rateBps: 100,
  perResult: parseEther("100"),
  perPayer: parseEther("150"),
  total: parseEther("200"),
};

describe("Admitter", () => {
  let temp: TempDatabase;
  let clock: SteppedClock;
  let store: JobStore;
  let time: ChainTime;
  let admitter: Admitter;
  let coverable: bigint;
  let promised: CoverUse;
  let releases: OfferedReleases;
  let onPrepareProofs: () => Promise<void>;

  beforeEach(async () => {
    temp = new TempDatabase();
    clock = new SteppedClock();
    time = new ChainTime(clock);
    time.observe({ number: HEAD, hash: ZeroHash, parentHash: ZeroHash, timestamp: 1_000, baseFee: 1n });
    onPrepareProofs = async () => undefined;
    [coverable, promised] = [parseEther("1000"), NO_COVER_USE];
    await open();
  });
  afterEach(() => temp.dispose());

  /** A node on the data folder as it is. */
  async function open(): Promise<void> {
    store = new JobStore(temp.reopen(), clock);
    const [engine, logger] = [new ScriptedEngine(), silentLogger];
    const prepareProofs = () => onPrepareProofs();
    const dependencies = { catalog: someCatalog, engine, prepareProofs, clock, logger };
    releases = new OfferedReleases([SERVED], { bars: NO_BARS, ...dependencies }, () => undefined);
    await releases.run(new AbortController().signal);
    const account = {
      standing: async () => ({ operatorId: 7, isActive: true, stake: parseEther("2000") }),
      bondBudget: async () => parseEther("1000"),
      coverable: async () => coverable,
    };
    admitter = new Admitter(
      {
        ...{ store, releases, engine, time, clock, logger },
        prover: {
          expectedMs: () => PROOF_MS,
          waitMs: () => PROOF_MS,
          checkOf: () => ({ system: "groth16", signals: 3 }),
          load: { provers: PROVERS, running: 1, waiting: 0 },
        },
        account: account as never,
        gasCost: new GasCost({ costOf: () => 0n }, 0n),
        coverUse: (payer) => beside(store.coverUse(time.head.number, payer), promised),
        isCurrent: () => true,
      },
      {
        ...{ queue: 100, proofQueue: 10, parallelRuns: 4, maxInputBytes: 1_000, maxCallbackGas: 500_000 },
        ...{ acceptAboveRunMs: 3_000, acceptBudgetShare: 1, blockTimeSec: 2, protocolFeeBps: 500n },
        ...{ cover: COVER, requestsAddress: REQUESTS_ADDRESS },
      },
    );
  }

  function see(nonce: number, opg: string, overrides: Partial<InferenceRequest> = {}): string {
    const request = someRequest({
      ...{ nonce, fee: parseEther("10"), acceptPeriod: 60 },
      cover: { amount: parseEther(opg), beneficiary: BENEFICIARY },
      ...overrides,
    });
    store.observe(idOf(request), request, INPUT, HEAD);
    return idOf(request);
  }

  /** Judges all again, once they have waited. */
  async function judge(): Promise<void> {
    clock.advance(1_000);
    while ((await admitter.step()) > 0);
  }

  const stateOf = (id: string): string => store.get(id)?.state ?? "";
  const statesOf = (ids: readonly string[]): string[] => ids.map(stateOf).sort();

  it("accepts what it can insure, however many ask for all of it at once", async () => {
    coverable = parseEther("50");
    const ids = [0, 1, 2, 3].map((nonce) => see(nonce, "50", { requester: Wallet.createRandom().address }));
    await judge();
    expect(statesOf(ids)).to.deep.equal(["accepting", "seen", "seen", "seen"]);
    const waiting = ids.filter((id) => stateOf(id) === "seen");
    expect(waiting.map((id) => store.get(id)?.reason)).to.deep.equal(Array(3).fill("cover-exhausted"));
  });

  it("remembers what it took on after a restart", async () => {
    coverable = parseEther("50");
    const [taken, late] = [see(0, "50"), see(1, "50")];
    await judge();
    expect([stateOf(taken), stateOf(late)].sort()).to.deep.equal(["accepting", "seen"]);
    await open();
    await judge();
    expect(statesOf([taken, late])).to.deep.equal(["accepting", "seen"]);
  });

  it("counts a request until its cover shows on chain, whatever state it is in", async () => {
    coverable = parseEther("50");
    const first = see(0, "50", { deadline: 2_999 });
    await judge();
    const second = see(1, "50");
    const acceptance = { signer: BENEFICIARY, deadline: 1_060 };
    const path = ["accepted", "running", "answered", "submitting", "answered", "held"] as const;
    for (const state of path) {
      const patch = state === "accepted" ? { acceptance } : state === "answered" ? { output: INPUT } : {};
      store.move(first, state, patch);
      await judge();
      expect([state, stateOf(second)]).to.deep.equal([state, "seen"]);
    }
    // Told by a receipt, before the block is seen and what can be reserved is read again.
    store.move(first, "fulfilled", { settledBlock: HEAD + 1 });
    await judge();
    expect(stateOf(second)).to.equal("seen");
    time.observe({ ...time.head, number: HEAD + 1 });
    await judge();
    expect(stateOf(second)).to.equal("accepting");
  });

  it("takes on what waited once another request has ended", async () => {
    coverable = parseEther("50");
    const first = see(0, "50", { deadline: 2_999 });
    await judge();
    const second = see(1, "50");
    await judge();
    expect(stateOf(second)).to.equal("seen");
    store.move(first, "lost", { settledBlock: HEAD });
    await judge();
    expect(stateOf(second)).to.equal("accepting");
  });

  it("keeps within what it insures to one requester and in all", async () => {
    const own = [0, 1].map((nonce) => see(nonce, "80"));
    await judge();
    expect(statesOf(own)).to.deep.equal(["accepting", "seen"]);
    const others = [2, 3].map((nonce) => see(nonce, "70", { requester: Wallet.createRandom().address }));
    await judge();
    expect(statesOf(others)).to.deep.equal(["accepting", "seen"]);
  });

  it("shares these limits with calls, and not their part of the stake", async () => {
    promised = { ofPayer: 0n, total: parseEther("150"), lockable: parseEther("150") };
    coverable = parseEther("50");
    const [fits, exceeds] = [see(0, "50", { deadline: 2_999 }), see(1, "1")];
    await judge();
    expect([stateOf(fits), stateOf(exceeds)]).to.deep.equal(["accepting", "seen"]);
  });

  it("takes requests without a cover meanwhile", async () => {
    coverable = 0n;
    const id = idOf(someRequest({ acceptPeriod: 60 }));
    store.observe(id, someRequest({ acceptPeriod: 60 }), INPUT, HEAD);
    await judge();
    expect(stateOf(id)).to.equal("accepting");
  });

  describe("in mode ZK", () => {
    /** One that is to be proved by then, and covers nothing. */
    function seeProved(nonce: number, deadline: number): string {
      const request = someRequest({
        nonce,
        mode: 1,
        fee: parseEther("10"),
        fullFeeUntil: deadline,
        deadline,
      });
      store.observe(idOf(request), request, INPUT, HEAD);
      return idOf(request);
    }

    it("declines what the proofs ahead of it leave no time for", async () => {
      // One that is made, then its own, after a run and before a block: 222 seconds.
      const served = seeProved(1, 1_225);
      const late = seeProved(2, 1_221);
      await judge();
      expect(store.get(served)?.state).to.equal("queued");
      expect(store.get(late)).to.include({ state: "declined", reason: "deadline-unreachable" });
      // What waits takes both provers' time.
      const [behind, tooLate] = [seeProved(3, 1_280), seeProved(4, 1_270)];
      await judge();
      expect(store.get(tooLate)).to.include({ state: "declined", reason: "deadline-unreachable" });
      expect(store.get(behind)?.state).to.equal("queued");
    });

    it("lets proofs hold up nothing that needs none", async () => {
      for (let nonce = 1; nonce <= 10; ++nonce) seeProved(nonce, 100_000);
      await judge();
      expect(store.countOf("proved", ["queued"])).to.equal(10);
      const [more, plain] = [seeProved(11, 100_000), see(12, "0", { deadline: 1_040, acceptPeriod: 0 })];
      await judge();
      expect(store.get(more)).to.include({ state: "seen", reason: "queue-full" });
      expect(store.get(plain)?.state).to.equal("queued");
    });

    it("declines with the reason why the release cannot be proved", async () => {
      releases.barProofs(RELEASE, "proof-key-mismatch");
      const [proved, plain] = [seeProved(1, 2_000), see(2, "0", { deadline: 2_000, acceptPeriod: 0 })];
      await judge();
      expect(store.get(proved)).to.include({ state: "declined", reason: "proof-key-mismatch" });
      expect(store.get(plain)?.state).to.equal("queued");
    });
  });
});

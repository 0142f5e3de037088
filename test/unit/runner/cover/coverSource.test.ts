import { claimKey, claimOf } from "@opg-network/sdk/evidence/claim";
import type { SignedResult } from "@opg-network/sdk/evidence/evidence";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import { expect } from "chai";
import { id, parseEther, ZeroAddress } from "ethers";
import { ChainTime } from "../../../../offchain-runner/src/chain/chainTime.ts";
import { disputesInterface, operatorsInterface } from "../../../../offchain-runner/src/chain/contracts.ts";
import type { PlannedTransaction } from "../../../../offchain-runner/src/chain/transactionLoop.ts";
import type { SubmitOutcome } from "../../../../offchain-runner/src/chain/transactionSender.ts";
import { TransactionStore } from "../../../../offchain-runner/src/chain/transactionStore.ts";
import { CoverSource } from "../../../../offchain-runner/src/cover/coverSource.ts";
import { VerdictHandler } from "../../../../offchain-runner/src/cover/verdictHandler.ts";
import { WrongCoverStore } from "../../../../offchain-runner/src/cover/wrongCoverStore.ts";
import { silentLogger } from "../fakes/silentLogger.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";
import { TempDatabase } from "../fakes/tempDatabase.ts";
import { NOW_SEC, someEvidence, WRONG } from "../verifier/someEvidence.ts";

const DISPUTES = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const OPERATORS = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
const PIPE = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0";
const REQUESTS = "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9";
const DAY = 86_400;
const COVER = parseEther("100");
const INCLUDED = { status: "included", receipt: { logs: [] } } as unknown as SubmitOutcome;
const REJECTED: SubmitOutcome = { status: "rejected", revertData: "0x12345678" };

describe("CoverSource", () => {
  let temp: TempDatabase;
  let clock: SteppedClock;
  let time: ChainTime;
  let store: WrongCoverStore;
  let source: CoverSource;
  let chain: ReturnType<typeof newChain>;
  let computed: [string, SignedResult][];
  const { signal } = new AbortController();
  const { signed } = someEvidence(WRONG, { context: id("request"), maxCover: COVER });
  const hash = resultHash(signed.result);
  const key = claimKey(claimOf({ operatorId: 1, era: 2 }, signed.result));

  function newChain() {
    return {
      isPunished: true,
      isProvedWrong: true,
      reserved: COVER,
      endsAt: NOW_SEC + 3 * DAY,
      due: 0n,
      payableAt: NOW_SEC + 7 * DAY,
      isDown: false,
    };
  }

  function open(): void {
    store = new WrongCoverStore(temp.database, clock, () => undefined);
    source = new CoverSource(
      {
        ...{ store, time, clock, logger: silentLogger },
        disputes: {
          isPunished: async (claim: string) => chain.isPunished && claim === key,
          isProvedWrong: async (claim: string) => chain.isProvedWrong && claim === key,
        } as never,
        operators: {
          coverOf: async (operatorId: number, coverer: string, of: string) => {
            if (chain.isDown) throw new Error("no endpoint");
            const isIt = operatorId === 1 && coverer === PIPE && of === hash;
            const endsAt = BigInt(chain.endsAt);
            return { amount: isIt ? chain.reserved : 0n, beneficiary: ZeroAddress, endsAt, era: 2n };
          },
          coverKeyOf: async (_: number, coverer: string) => id(coverer),
          dueCoverOf: async (of: string) => ({
            amount: of === id(PIPE) ? chain.due : 0n,
            payableAt: BigInt(chain.payableAt),
          }),
        } as never,
        accusations: { computeAfterAll: (...call) => void computed.push(call) },
        ring: () => undefined,
      },
      {
        ...{ disputesAddress: DISPUTES, operatorsAddress: OPERATORS, coverers: [REQUESTS, PIPE] },
        leastCover: parseEther("1"),
      },
    );
  }

  beforeEach(() => {
    temp = new TempDatabase();
    clock = new SteppedClock();
    time = new ChainTime(clock);
    computed = [];
    chain = newChain();
    setTime(NOW_SEC);
    open();
  });

  afterEach(() => temp.dispose());

  function setTime(timestamp: number): void {
    time.observe({ number: 9, hash: id("9"), parentHash: id("8"), timestamp, baseFee: 7n });
  }

  /** What it sends now; each second turn is for others. */
  async function next(): Promise<PlannedTransaction | undefined> {
    return (await source.next(signal)) ?? (await source.next(signal));
  }

  /** As the sender does. @returns id of the transaction */
  function record(planned: PlannedTransaction): number {
    const transactions = new TransactionStore(temp.database, clock);
    const price = { maxFee: 1n, tip: 1n };
    const attempt = {
      hash: id(`${clock.nowMs()}`),
      kind: "original",
      raw: "0x",
      price,
      signedAtMs: 0,
    } as const;
    const plan = { nonce: clock.nowMs(), target: planned.plan.to, value: 0n, signer: OPERATORS };
    const all = { ...planned.plan, ...plan };
    return transactions.create(all, attempt, (transaction) => planned.onRecorded(transaction)).id;
  }

  it("claims for whomever is insured, of the era of the reservation, and once", async () => {
    store.note(1, key, signed);
    store.note(1, key, signed);
    const planned = await next();
    expect(planned?.plan).to.include({ purpose: "cover", to: DISPUTES });
    const call = disputesInterface.parseTransaction({ data: planned?.plan.data ?? "" });
    expect(call?.name).to.equal("claimCover");
    expect(call?.args.slice(0, 2)).to.deep.equal([1n, PIPE]);
    expect(call?.args[2].outputHash).to.equal(signed.result.outputHash);
    record(planned as PlannedTransaction);
    expect(await next()).to.equal(undefined);
  });

  it("keeps nothing of what insures nothing", async () => {
    store.note(1, key, someEvidence(WRONG).signed);
    expect(await next()).to.equal(undefined);
    expect(Object.values(store.counts())).to.deep.equal([0, 0, 0, 0, 0]);
  });

  it("pays when the time has come, and not again", async () => {
    store.note(1, key, signed);
    const claim = (await next()) as PlannedTransaction;
    record(claim);
    [chain.reserved, chain.due] = [0n, COVER];
    claim.conclude(INCLUDED);
    expect(await next()).to.equal(undefined);
    expect(store.counts().claimed).to.equal(1);

    setTime(chain.payableAt);
    const pay = (await next()) as PlannedTransaction;
    expect(pay.plan.to).to.equal(OPERATORS);
    const call = operatorsInterface.parseTransaction({ data: pay.plan.data });
    expect([call?.name, call?.args[0]]).to.deep.equal(["payCover", id(PIPE)]);
    record(pay);
    expect(await next()).to.equal(undefined);
    chain.due = 0n;
    pay.conclude(INCLUDED);
    expect(await next()).to.equal(undefined);
    expect(store.counts()).to.include({ claimed: 0, paid: 1 });
    expect(await next()).to.equal(undefined);
  });

  it("pays what somebody else claimed, and ends where somebody else had it paid", async () => {
    store.note(1, key, signed);
    [chain.reserved, chain.due] = [0n, COVER];
    expect(await next()).to.equal(undefined);
    expect(store.counts().claimed).to.equal(1);
    setTime(chain.payableAt);
    const pay = (await next()) as PlannedTransaction;
    record(pay);
    chain.due = 0n;
    pay.conclude(REJECTED);
    clock.advance(1_000);
    expect(await next()).to.equal(undefined);
    expect(store.counts().paid).to.equal(1);
  });

  it("goes on after the end of the process, wherever that was", async () => {
    store.note(1, key, signed);
    const id_ = record((await next()) as PlannedTransaction);
    temp.reopen();
    open();
    expect(await next(), "the claim is still under way").to.equal(undefined);
    [chain.reserved, chain.due] = [0n, COVER];
    source.resume(id_)(INCLUDED);
    setTime(chain.payableAt);
    const pay = record((await next()) as PlannedTransaction);
    // Included, and killed before anybody wrote it down.
    temp.database.prepare("UPDATE transactions SET state = 'included' WHERE id = ?").run(pay);
    chain.due = 0n;
    temp.reopen();
    open();
    expect(await next()).to.equal(undefined);
    expect(store.counts().paid).to.equal(1);
  });

  it("has computed what a contradiction punished, and claims at the verdict", async () => {
    chain.isProvedWrong = false;
    store.note(1, key, signed);
    expect(await next()).to.equal(undefined);
    expect(computed).to.deep.equal([[key, signed]]);
    expect(store.isWaiting(key)).to.equal(true);
    expect(await next(), "it waits").to.equal(undefined);
    chain.isProvedWrong = true;
    const { release, outputHash } = signed.result;
    const said = [1, release, key, outputHash, id("right"), OPERATORS, 0n];
    const log = disputesInterface.encodeEventLog("WrongOutputProved", said);
    const where = { blockNumber: 9, blockHash: id("9"), transactionHash: id("t"), index: 0 };
    const verdicts = new VerdictHandler(store, DISPUTES);
    verdicts.apply([{ ...log, ...where, address: OPERATORS }]);
    expect(await next(), "of another contract").to.equal(undefined);
    verdicts.apply([{ ...log, ...where, address: DISPUTES.toLowerCase() }]);
    expect((await next())?.plan.to).to.equal(DISPUTES);
    expect(computed).to.have.length(1);
  });

  it("waits for the proof, and looks again without an event", async () => {
    [chain.isPunished, chain.isProvedWrong] = [false, false];
    store.note(1, key, signed);
    expect(await next()).to.equal(undefined);
    expect(computed).to.deep.equal([]);
    chain.isProvedWrong = true;
    setTime(NOW_SEC + 600);
    expect((await next())?.plan.to).to.equal(DISPUTES);
  });

  it("leaves what is too late or too small, and what nobody reserved once nobody can any more", async () => {
    const small = someEvidence(WRONG, { context: id("small"), maxCover: COVER }).signed;
    store.note(1, key, signed);
    store.note(1, key, small);
    chain.endsAt = NOW_SEC;
    expect(await next()).to.equal(undefined);
    expect(store.counts()).to.include({ lapsed: 1, found: 1 });
    setTime(small.result.validUntil);
    expect(await next()).to.equal(undefined);
    expect(store.counts()).to.include({ lapsed: 1, found: 1 });
    setTime(small.result.validUntil + 1);
    expect(await next()).to.equal(undefined);
    expect(store.counts()).to.include({ lapsed: 2, found: 0 });
  });

  it("leaves dust to its beneficiary", async () => {
    store.note(1, key, signed);
    chain.reserved = parseEther("1") - 1n;
    expect(await next()).to.equal(undefined);
    expect(store.counts().lapsed).to.equal(1);
  });

  it("tries again, less and less often, while the chain refuses or does not answer", async () => {
    store.note(1, key, signed);
    chain.isDown = true;
    expect(await next()).to.equal(undefined);
    chain.isDown = false;
    expect(await next()).to.equal(undefined);
    clock.advance(1_000);
    const claim = (await next()) as PlannedTransaction;
    record(claim);
    claim.conclude(REJECTED);
    clock.advance(1_999);
    expect(await next()).to.equal(undefined);
    clock.advance(1);
    expect((await next())?.plan.to).to.equal(DISPUTES);
  });

  it("reads all from the chain again after a reorganisation", async () => {
    store.note(1, key, signed);
    [chain.reserved, chain.due] = [0n, COVER];
    await next();
    chain.due = 0n;
    setTime(chain.payableAt);
    await next();
    expect(store.counts().paid).to.equal(1);
    chain.due = COVER;
    new VerdictHandler(store, DISPUTES).rollback();
    expect((await next())?.plan.to).to.equal(OPERATORS);
  });
});

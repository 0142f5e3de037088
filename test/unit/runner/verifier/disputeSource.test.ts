import type { Claim } from "@opg-network/sdk/evidence/claim";
import { expect } from "chai";
import { id, parseEther, Wallet, ZeroAddress } from "ethers";
import type { ChainLog } from "../../../../offchain-runner/src/chain/chainReader.ts";
import { ChainTime } from "../../../../offchain-runner/src/chain/chainTime.ts";
import { disputesInterface, operatorsInterface } from "../../../../offchain-runner/src/chain/contracts.ts";
import type { SubmitOutcome } from "../../../../offchain-runner/src/chain/transactionSender.ts";
import type { Dispute, DisputeAct } from "../../../../offchain-runner/src/verifier/dispute.ts";
import { DisputeEventHandler } from "../../../../offchain-runner/src/verifier/disputeEventHandler.ts";
import { DisputeSource } from "../../../../offchain-runner/src/verifier/disputeSource.ts";
import type { DisputeStep } from "../../../../offchain-runner/src/verifier/disputeStep.ts";
import { DisputeStore } from "../../../../offchain-runner/src/verifier/disputeStore.ts";
import { silentLogger } from "../fakes/silentLogger.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";
import { TempDatabase } from "../fakes/tempDatabase.ts";
import { NOW_SEC, RELEASE, SIGNER } from "./someEvidence.ts";

const ACCOUNT = new Wallet(`0x${"31".repeat(32)}`).address;
const DISPUTES = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const OPERATORS = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
const BOUNTY = parseEther("150");

describe("DisputeSource", () => {
  let temp: TempDatabase;
  let store: DisputeStore;
  let handler: DisputeEventHandler;
  let source: DisputeSource;
  let received: bigint;
  const acts = new Map<string, DisputeAct>();
  const keys = [id("a"), id("b")] as const;
  const { signal } = new AbortController();

  beforeEach(() => {
    temp = new TempDatabase();
    const clock = new SteppedClock();
    const time = new ChainTime(clock);
    time.observe({ number: 9, hash: id("9"), parentHash: id("8"), timestamp: NOW_SEC, baseFee: 7n });
    store = new DisputeStore(temp.database, clock);
    received = 0n;
    acts.clear();
    const onBounty = (amount: bigint) => {
      received += amount;
    };
    handler = new DisputeEventHandler(
      { store, nowSec: () => NOW_SEC, onBounty, logger: silentLogger },
      { disputes: DISPUTES, account: ACCOUNT, continuesOthers: false, challengePeriodSec: 86_400 },
    );
    const plan = async ({ key }: Dispute): Promise<DisputeStep> => {
      const act = acts.get(key);
      if (act === undefined) return { kind: "wait", reason: "nothing-at-stake", untilSec: NOW_SEC };
      return { kind: "send", act, plan: { to: DISPUTES, data: "0x", gasLimit: 1n, validUntil: NOW_SEC } };
    };
    source = new DisputeSource({
      ...{ store, handler, time, clock, logger: silentLogger, account: ACCOUNT },
      planner: { plan } as never,
      onAward: onBounty,
      operatorsAddress: OPERATORS,
      ring: () => undefined,
    });
    for (const key of keys) open(key);
  });

  afterEach(() => temp.dispose());

  function open(key: string): void {
    const question = { release: RELEASE, codec: 1, inputHash: id("input"), outputHash: id("output") };
    const claim: Claim = { operatorId: 1, era: 0, ...question };
    store.open({
      ...{ key, kind: "wrong-output", state: "found", claim, signer: SIGNER.address, signed: undefined },
      ...{ other: undefined, input: undefined, evidenceUntil: NOW_SEC + 1, salt: id("salt") },
    });
  }

  /** What the dispute does next ends with these logs. */
  async function does(key: string, act: DisputeAct, logs: readonly ChainLog[]): Promise<void> {
    acts.clear();
    acts.set(key, act);
    const planned = (await source.next(signal)) ?? (await source.next(signal));
    if (planned === undefined) throw new Error("nothing is sent");
    planned.conclude({ status: "included", receipt: { logs } } as unknown as SubmitOutcome);
  }

  function slashed(transaction: string): ChainLog {
    const taken = parseEther("1000");
    const values = [1, SIGNER.address, 1, taken, taken - BOUNTY, BOUNTY, ACCOUNT, 0n, ZeroAddress];
    return logOf(OPERATORS, transaction, operatorsInterface.encodeEventLog("OperatorSlashed", values));
  }

  function logOf(
    address: string,
    transaction: string,
    log: { topics: string[]; data: string },
    index = 0,
  ): ChainLog {
    const where = { blockNumber: 9, blockHash: id("9"), transactionHash: id(transaction), index };
    return { ...log, ...where, address };
  }

  const bounties = () => keys.map((key) => store.get(key)?.bounty);

  it("books what two slashes awarded under each, though it is collected at once", async () => {
    await does(keys[0], "prove", [slashed("first")]);
    await does(keys[1], "prove", [slashed("second")]);
    expect(bounties()).to.deep.equal([BOUNTY, BOUNTY]);
    expect(received).to.equal(0n);
    const collected = operatorsInterface.encodeEventLog("AwardCollected", [ACCOUNT, 2n * BOUNTY]);
    await does(keys[0], "collect-award", [logOf(OPERATORS, "third", collected)]);
    expect(bounties()).to.deep.equal([BOUNTY, BOUNTY]);
    expect(received).to.equal(2n * BOUNTY);
  });

  it("books a bounty once, from receipt and watcher, also when its block is replaced", async () => {
    const paid = disputesInterface.encodeEventLog("BountyPaid", [keys[0], ACCOUNT, BOUNTY]);
    await does(keys[0], "pay-bounty", [logOf(DISPUTES, "paid", paid)]);
    handler.apply([logOf(DISPUTES, "paid", paid)]);
    handler.rollback(8);
    handler.apply([logOf(DISPUTES, "paid", paid, 5)]);
    expect(bounties()).to.deep.equal([BOUNTY, 0n]);
    expect(received).to.equal(BOUNTY);
  });
});

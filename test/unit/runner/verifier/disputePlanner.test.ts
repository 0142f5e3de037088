import { type Claim, claimCommitment, claimKey, claimOf } from "@opg-network/sdk/evidence/claim";
import { expect } from "chai";
import { hexlify, id, keccak256, parseEther, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { ChainTime } from "../../../../offchain-runner/src/chain/chainTime.ts";
import { disputesInterface } from "../../../../offchain-runner/src/chain/contracts.ts";
import { MAX_TRANSACTION_GAS } from "../../../../offchain-runner/src/chain/gasModel.ts";
import type { Dispute } from "../../../../offchain-runner/src/verifier/dispute.ts";
import { DisputePlanner } from "../../../../offchain-runner/src/verifier/disputePlanner.ts";
import type { DisputeStep } from "../../../../offchain-runner/src/verifier/disputeStep.ts";
import { DisputeStore } from "../../../../offchain-runner/src/verifier/disputeStore.ts";
import { Settlement } from "../../../../offchain-runner/src/verifier/settlement.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";
import { TempDatabase } from "../fakes/tempDatabase.ts";
import { INPUT, NOW_SEC, SIGNER, someEvidence, WRONG } from "./someEvidence.ts";

const ACCOUNT = new Wallet(`0x${"31".repeat(32)}`).address;
const RIVAL = new Wallet(`0x${"32".repeat(32)}`).address;
const AGE = 300;
const LIFE = 3_600;
const DAY = 86_400;
const DISPUTES = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const OPERATORS = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
const NO_CHALLENGE = { opener: ZeroAddress, openedAt: 0n, lapsesAt: 0n, pc: 0n, stateHash: ZeroHash };
const NO_BOUNTY = { claimant: ZeroAddress, since: 0n, grains: 0n, payableAt: 0n };

describe("DisputePlanner", () => {
  let temp: TempDatabase;
  let store: DisputeStore;
  let clock: SteppedClock;
  let chain: ReturnType<typeof newChain>;
  let planner: DisputePlanner;
  const claim: Claim = claimOf({ operatorId: 1, era: 0 }, someEvidence(WRONG).signed.result);
  const key = claimKey(claim);

  function newChain() {
    return {
      isPunished: false,
      isProvedWrong: false,
      insures: false,
      challenge: NO_CHALLENGE as typeof NO_CHALLENGE & { endPc?: bigint },
      bounty: NO_BOUNTY,
      bond: parseEther("0.1"),
      award: 0n,
      credit: 0n,
      isSlashable: true,
      stake: 1n,
      unbonding: { amount: 0n, releaseAt: 0n },
      gasBound: 100_000n,
      rehearsedRight: false,
      /** Timestamps of blocks. */
      blocks: new Map<number, number>(),
    };
  }

  beforeEach(() => {
    temp = new TempDatabase();
    clock = new SteppedClock();
    store = new DisputeStore(temp.database, clock);
    chain = newChain();
    const time = new ChainTime(clock);
    time.observe({ number: 9, hash: id("9"), parentHash: id("8"), timestamp: NOW_SEC, baseFee: 7n });
    const disputes = {
      isPunished: async () => chain.isPunished,
      isProvedWrong: async () => chain.isProvedWrong,
      challengeOf: async () => chain.challenge,
      bountyOf: async () => chain.bounty,
      bondFor: async () => chain.bond,
      creditOf: async () => chain.credit,
    } as never;
    const operators = {
      slashableOperatorOf: async () => {
        if (chain.isSlashable) return { operatorId: 1n, era: 0n };
        throw Object.assign(new Error(), { code: "CALL_EXCEPTION", data: "0x01" });
      },
      standingById: async () => ({ stake: chain.stake }),
      unbondingOf: async () => chain.unbonding,
      awardOf: async () => chain.award,
    } as never;
    const reader = {
      block: async (number: number) => ({ timestamp: chain.blocks.get(number) ?? NOW_SEC }),
    } as never;
    const addresses = { disputesAddress: DISPUTES, operatorsAddress: OPERATORS, account: ACCOUNT };
    const settlement = new Settlement(
      { disputes, operators, reader, time },
      { ...addresses, commitmentLifeSec: LIFE },
    );
    planner = new DisputePlanner(
      {
        ...{ disputes, operators, reader, time, store, settlement },
        evidence: { inputOf: () => undefined } as never,
        releases: {
          termsOf: async () => ({ graphRoot: id("graph"), exactFrom: 1 }),
          graphOf: async () => ({ graphRoot: id("graph"), root: { gasBound: chain.gasBound } }),
        } as never,
        runner: { run: async () => ({ kind: "state", state: Uint8Array.of(5) }) } as never,
        insures: () => chain.insures,
        rehearsal: { isRight: async () => chain.rehearsedRight } as never,
      },
      {
        ...addresses,
        ...{ commitmentAgeSec: AGE, commitmentLifeSec: LIFE, challengePeriodSec: DAY },
        commits: true,
        maxBond: parseEther("1"),
      },
    );
  });

  afterEach(() => temp.dispose());

  /** What is next for a dispute that is as `overrides` say. */
  async function plan(overrides: Partial<Dispute> = {}): Promise<DisputeStep> {
    const { signed } = someEvidence(WRONG);
    const evidenceUntil = NOW_SEC + DAY;
    store.open({
      ...{ key, kind: "wrong-output", state: "found", claim, signer: SIGNER.address, signed },
      ...{ other: undefined, input: INPUT, evidenceUntil, salt: ZeroHash },
    });
    const stored = store.get(key);
    if (stored === undefined) throw new Error("the dispute is not stored");
    return planner.plan({ ...stored, ...overrides }, new AbortController().signal);
  }

  function expectSend(step: DisputeStep, act: string, method: string) {
    if (step.kind !== "send") return expect.fail(`${step.kind}: ${step.reason}`);
    expect(step.act).to.equal(act);
    const call = disputesInterface.parseTransaction({ data: step.plan.data });
    expect(call?.name).to.equal(method);
    return { step, args: call?.args };
  }

  const committed = { state: "committed", committedBlock: 5, place: 0 } as const;

  it("commits before it accuses, in a place of its own", async () => {
    const { step, args } = expectSend(await plan(), "commit", "commit");
    expect(args?.toArray()).to.deep.equal([0n, claimCommitment(claim, ACCOUNT, ZeroHash)]);
    expect(step.patch).to.deep.equal({ place: 0 });
  });

  it("waits until the commitment is old enough, then proves", async () => {
    chain.blocks.set(5, NOW_SEC - 10);
    expect(await plan(committed)).to.deep.equal({
      kind: "wait",
      reason: "commitment-too-young",
      untilSec: NOW_SEC - 10 + AGE + 1,
    });
    chain.blocks.set(5, NOW_SEC - AGE - 1);
    const { args } = expectSend(await plan(committed), "prove", "proveWrongOutput");
    expect(args?.[1]).to.equal(hexlify(INPUT));
  });

  it("skips the commitment in the last minutes of the evidence, and of the stake", async () => {
    expectSend(await plan({ evidenceUntil: NOW_SEC + 600 }), "prove", "proveWrongOutput");
    chain.unbonding = { amount: 1n, releaseAt: BigInt(NOW_SEC + 600) };
    expectSend(await plan(), "prove", "proveWrongOutput");
  });

  it("gives up what is no evidence any more, or of nobody", async () => {
    expect(await plan({ evidenceUntil: NOW_SEC - 1 })).to.include({
      kind: "end",
      reason: "evidence-expired",
    });
    chain.isSlashable = false;
    expect(await plan()).to.include({ kind: "end", state: "given-up", reason: "signer-not-slashable" });
  });

  it("waits while nothing is at stake; stake that leaves counts", async () => {
    chain.stake = 0n;
    expect(await plan()).to.include({ kind: "wait", reason: "nothing-at-stake" });
    chain.unbonding = { amount: 1n, releaseAt: BigInt(NOW_SEC + DAY) };
    expectSend(await plan(), "commit", "commit");
  });

  it("opens a challenge for what no transaction can compute, after the machine itself was asked", async () => {
    chain.gasBound = 40_000_000n;
    chain.blocks.set(5, NOW_SEC - LIFE);
    const { step } = expectSend(await plan(committed), "open-challenge", "openChallenge");
    expect(step.plan.value).to.equal(chain.bond);
    chain.bond = parseEther("2");
    expect(await plan(committed)).to.include({ kind: "wait", reason: "bond-over-limit" });
    chain.rehearsedRight = true;
    expect(await plan(committed)).to.include({ kind: "end", state: "given-up", reason: "output-right" });
  });

  it("takes all the gas there is, and then a challenge, where the declared bound was too low", async () => {
    const refused = { ...committed, reason: "refused:GasTooLow" };
    chain.blocks.set(5, NOW_SEC - LIFE);
    const { step } = expectSend(await plan({ ...refused, attempts: 1 }), "prove", "proveWrongOutput");
    expect(step.plan.gasLimit).to.equal(MAX_TRANSACTION_GAS);
    expectSend(await plan({ ...refused, attempts: 3 }), "open-challenge", "openChallenge");
  });

  it("continues an open challenge from its checkpoint, whoever opened it", async () => {
    chain.gasBound = 40_000_000n;
    const lapsesAt = BigInt(NOW_SEC + 100);
    const opened = { opener: RIVAL, openedAt: BigInt(NOW_SEC), lapsesAt };
    chain.challenge = { ...opened, pc: 0n, stateHash: keccak256(INPUT) };
    const first = expectSend(await plan(committed), "continue-challenge", "continueChallenge");
    expect(first.args?.slice(1)).to.deep.equal([0n, hexlify(INPUT)]);
    chain.challenge = { ...opened, pc: 70n, stateHash: keccak256("0x05") };
    const next = expectSend(await plan(committed), "continue-challenge", "continueChallenge");
    expect(next.args?.slice(1)).to.deep.equal([70n, "0x05"]);
    expect(next.step.plan.gasLimit).to.equal(MAX_TRANSACTION_GAS);
    chain.challenge = { ...opened, pc: 70n, stateHash: id("another state") };
    expect(await plan(committed)).to.include({ kind: "wait", reason: "checkpoint-differs" });
  });

  it("computes its own challenge to the verdict although a contradiction was punished meanwhile", async () => {
    chain.isPunished = true;
    const opened = { opener: ACCOUNT, openedAt: BigInt(NOW_SEC), lapsesAt: BigInt(NOW_SEC + 100) };
    chain.challenge = { ...opened, pc: 0n, stateHash: keccak256(INPUT) };
    expectSend(await plan({ ...committed, state: "proved" }), "continue-challenge", "continueChallenge");
    chain.challenge = NO_CHALLENGE;
    expect(await plan({ ...committed, state: "proved" })).to.include({ kind: "end", state: "done" });
  });

  it("ends a lapsed challenge that stands in the way", async () => {
    chain.gasBound = 40_000_000n;
    const lapsesAt = BigInt(NOW_SEC - 1);
    chain.challenge = { ...NO_CHALLENGE, opener: RIVAL, openedAt: BigInt(NOW_SEC - 99), lapsesAt };
    expectSend(await plan(committed), "end-challenge", "endChallenge");
  });

  it("proves what fits a transaction although a challenge is open", async () => {
    chain.blocks.set(5, NOW_SEC - LIFE);
    chain.challenge = { ...NO_CHALLENGE, opener: RIVAL, lapsesAt: BigInt(NOW_SEC + 100) };
    expectSend(await plan(committed), "prove", "proveWrongOutput");
  });

  it("computes what only a contradiction punished where a cover waits for it, then takes what is due", async () => {
    [chain.isPunished, chain.insures] = [true, true];
    expectSend(await plan(), "prove", "proveWrongOutput");
    chain.gasBound = 40_000_000n;
    const { step } = expectSend(await plan(), "open-challenge", "challengePunished");
    expect(step.plan.value).to.equal(chain.bond);
    const opened = { opener: RIVAL, openedAt: BigInt(NOW_SEC), lapsesAt: BigInt(NOW_SEC + 100) };
    chain.challenge = { ...opened, pc: 0n, stateHash: keccak256(INPUT) };
    expectSend(await plan(), "continue-challenge", "continueChallenge");
    chain.challenge = NO_CHALLENGE;
    chain.isProvedWrong = true;
    expect(await plan()).to.include({ kind: "end", state: "done" });
    [chain.isProvedWrong, chain.insures] = [false, false];
    expect(await plan()).to.include({ kind: "end", state: "done" });
  });

  it("leaves a cover that it cannot prove, and takes its own bounty", async () => {
    [chain.isPunished, chain.insures, chain.rehearsedRight] = [true, true, true];
    chain.gasBound = 40_000_000n;
    chain.award = 3n;
    expect(await plan()).to.deep.include({ kind: "send", act: "collect-award" });
    chain.rehearsedRight = false;
    chain.bond = parseEther("2");
    expect(await plan()).to.deep.include({ kind: "send", act: "collect-award" });
    expect(await plan({ evidenceUntil: NOW_SEC - 1 })).to.deep.include({ act: "collect-award" });
  });

  it("only notes what was punished before", async () => {
    chain.isPunished = true;
    chain.bounty = { claimant: RIVAL, since: BigInt(NOW_SEC), grains: 5n, payableAt: BigInt(NOW_SEC) };
    expect(await plan()).to.deep.equal({ kind: "end", state: "done", reason: "already-punished" });
  });

  it("takes the bounty back from who copied the proof, while the commitment lives", async () => {
    chain.isPunished = true;
    chain.bounty = {
      claimant: RIVAL,
      since: BigInt(NOW_SEC - 20),
      grains: 5n,
      payableAt: BigInt(NOW_SEC + 1),
    };
    chain.blocks.set(5, NOW_SEC - 100);
    const { args } = expectSend(await plan(committed), "claim-bounty", "claimBounty");
    expect(args?.slice(1)).to.deep.equal([0n, ZeroHash]);
    chain.blocks.set(5, NOW_SEC - 10);
    expect(await plan(committed)).to.include({ kind: "end", state: "done" });
    chain.blocks.set(5, NOW_SEC - LIFE);
    expect(await plan(committed)).to.include({ kind: "end", state: "done" });
  });

  it("collects what is due before it waits for the rest", async () => {
    chain.isPunished = true;
    const payableAt = BigInt(NOW_SEC + 50);
    chain.bounty = { claimant: ACCOUNT, since: BigInt(NOW_SEC), grains: 5n, payableAt };
    const proved = { ...committed, state: "proved", hasWorked: true, challengeBlock: 6 } as const;
    chain.blocks.set(6, 77);
    const { args } = expectSend(await plan(proved), "pay-work", "payWork");
    expect(args?.toArray()).to.deep.equal([key, 77n, ACCOUNT]);
    chain.credit = 1n;
    const idle = { ...proved, hasWorked: false };
    expectSend(await plan(idle), "withdraw-coin", "withdrawCoin");
    chain.credit = 0n;
    expect(await plan(idle)).to.include({ kind: "wait", untilSec: NOW_SEC + 50 });
    chain.bounty.payableAt = BigInt(NOW_SEC);
    expectSend(await plan(idle), "pay-bounty", "payBounty");
    chain.bounty = NO_BOUNTY;
    chain.award = 3n;
    expect(await plan(idle)).to.deep.include({ kind: "send", act: "collect-award" });
    chain.award = 0n;
    expect(await plan(idle)).to.deep.equal({ kind: "end", state: "done", reason: null });
  });
});

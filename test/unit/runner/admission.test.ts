import type { InferenceRequest } from "@opg-network/sdk/request";
import { expect } from "chai";
import { parseEther } from "ethers";
import type { AdmissionFacts, AdmissionLimits } from "../../../offchain-runner/src/jobs/admission.ts";
import { assess, operatorShare } from "../../../offchain-runner/src/jobs/admission.ts";
import { RELEASE, someRequest } from "./fakes/someRequest.ts";

const insurance = {
  rateBps: 100,
  perResult: parseEther("100"),
  perPayer: parseEther("100"),
  total: parseEther("100"),
};
const FACTS: AdmissionFacts = {
  standing: { operatorId: 7, isActive: true, stake: parseEther("2000") },
  served: { release: RELEASE, minFee: parseEther("0.5"), modes: ["VANILLA"], expectedRunMs: 200 },
  nowSec: 1_000,
  blockTimeSec: 2,
  expectedRunMs: 200,
  queued: 0,
  gasCost: parseEther("0.1"),
  protocolFeeBps: 500n,
  bondBudget: parseEther("10"),
  cover: insurance,
  coverable: parseEther("50"),
  coverUse: { ofPayer: 0n, total: 0n, lockable: 0n },
};
const LIMITS: AdmissionLimits = {
  queue: 10,
  proofQueue: 4,
  parallelRuns: 1,
  maxInputBytes: 1_000,
  maxCallbackGas: 500_000,
  acceptAboveRunMs: 3_000,
  acceptBudgetShare: 0.5,
};

interface Case {
  name: string;
  request?: Partial<InferenceRequest>;
  facts?: Partial<AdmissionFacts>;
  inputBytes?: number;
  verdict: object;
}

const decline = (reason: string): object => ({ kind: "decline", reason });
const later = (reason: string): object => ({ kind: "later", reason });
const insuring = (opg: string) => ({ amount: parseEther(opg), beneficiary: `0x${"11".repeat(20)}` });
const inactive = { ...FACTS.standing, isActive: false };
const slow = { expectedRunMs: 20_000 };
const using = (use: Partial<Record<keyof AdmissionFacts["coverUse"], string>>) => ({
  coverable: parseEther("200"),
  coverUse: {
    ofPayer: parseEther(use.ofPayer ?? "0"),
    total: parseEther(use.total ?? "0"),
    lockable: parseEther(use.lockable ?? "0"),
  },
});

const CASES: Case[] = [
  { name: "serves what pays", verdict: { kind: "serve", accept: false } },
  ...proofCases(),
  { name: "declines a mode it does not serve", request: { mode: 1 }, verdict: decline("mode-not-served") },
  { name: "declines an unknown codec", request: { codec: 2 }, verdict: decline("codec-unknown") },
  {
    name: "declines what is for another",
    request: { operatorId: 8 },
    verdict: decline("operator-not-chosen"),
  },
  {
    name: "serves what is for itself",
    request: { operatorId: 7 },
    verdict: { kind: "serve", accept: false },
  },
  { name: "declines an input beyond its limit", inputBytes: 1_001, verdict: decline("input-too-large") },
  {
    name: "declines a costly callback",
    request: { callbackGas: 500_001 },
    verdict: decline("callback-gas-too-high"),
  },
  {
    name: "declines a deadline it cannot meet",
    facts: { nowSec: 2_999 },
    verdict: decline("deadline-unreachable"),
  },
  {
    name: "counts the queue",
    facts: { ...slow, nowSec: 2_950, queued: 3 },
    verdict: decline("deadline-unreachable"),
  },
  { name: "declines what the curve has eaten", facts: { nowSec: 2_600 }, verdict: decline("fee-too-low") },
  {
    name: "declines a fee below its own",
    request: { fee: parseEther("0.4") },
    verdict: decline("fee-too-low"),
  },
  { name: "waits for cheaper gas", facts: { gasCost: parseEther("1") }, verdict: later("not-worth-gas-now") },
  {
    name: "waits until it is registered",
    facts: { standing: { operatorId: 0, isActive: false, stake: 0n } },
    verdict: later("operator-not-registered"),
  },
  {
    name: "waits while it is jailed or revoked",
    facts: { standing: inactive },
    verdict: later("operator-not-active"),
  },
  { name: "waits for stake", request: { minStake: parseEther("2001") }, verdict: later("stake-too-low") },
  { name: "waits when its queue is full", facts: { queued: 10 }, verdict: later("queue-full") },
  {
    name: "accepts a slow one",
    request: { acceptPeriod: 60 },
    facts: slow,
    verdict: { kind: "serve", accept: true },
  },
  { name: "accepts nothing fast", request: { acceptPeriod: 60 }, verdict: { kind: "serve", accept: false } },
  {
    name: "accepts nothing it cannot finish in time",
    request: { acceptPeriod: 20 },
    facts: slow,
    verdict: { kind: "serve", accept: false },
  },
  {
    name: "accepts nothing whose answer could be late when work takes twice as long and blocks come as they do",
    request: { acceptPeriod: 46 },
    facts: slow,
    verdict: { kind: "serve", accept: false },
  },
  {
    name: "accepts what leaves a second beyond that",
    request: { acceptPeriod: 47 },
    facts: slow,
    verdict: { kind: "serve", accept: true },
  },
  {
    name: "accepts nothing for which what is ahead of it leaves no time",
    request: { acceptPeriod: 60 },
    facts: { ...slow, queued: 1 },
    verdict: { kind: "serve", accept: false },
  },
  {
    name: "puts its part of the budget up for one request",
    request: { acceptPeriod: 60, fee: parseEther("5") },
    facts: slow,
    verdict: { kind: "serve", accept: true },
  },
  {
    name: "puts up no more of it for one request, whatever it pays",
    request: { acceptPeriod: 60, fee: parseEther("5.000001") },
    facts: slow,
    verdict: { kind: "serve", accept: false },
  },
  {
    name: "insures for its rate",
    request: { fee: parseEther("1.4"), cover: insuring("50") },
    facts: { served: { ...FACTS.served, minFee: parseEther("0.8") } },
    verdict: { kind: "serve", accept: false },
  },
  {
    name: "asks more for what it insures",
    request: { fee: parseEther("1.2"), royalty: 0n, cover: insuring("50") },
    facts: { served: { ...FACTS.served, minFee: parseEther("0.8") } },
    verdict: decline("fee-too-low"),
  },
  {
    name: "waits for stake that is not locked",
    request: { cover: insuring("51") },
    verdict: later("cover-exhausted"),
  },
  {
    name: "waits for what its own requests have taken of that stake",
    request: { fee: parseEther("2"), cover: insuring("51") },
    facts: { ...using({ lockable: "150" }) },
    verdict: later("cover-exhausted"),
  },
  {
    name: "takes the rest of that stake",
    request: { fee: parseEther("2"), cover: insuring("50") },
    facts: { ...using({ lockable: "150" }) },
    verdict: { kind: "serve", accept: false },
  },
  {
    name: "waits for what else it insures to the requester",
    request: { fee: parseEther("2"), cover: insuring("50") },
    facts: using({ ofPayer: "50.000001" }),
    verdict: later("cover-exhausted"),
  },
  {
    name: "waits for what it insures in all",
    request: { fee: parseEther("2"), cover: insuring("50") },
    facts: using({ total: "50.000001" }),
    verdict: later("cover-exhausted"),
  },
  {
    name: "declines more than it insures through one result",
    request: { cover: insuring("101") },
    verdict: decline("cover-above-limit"),
  },
  {
    name: "declines more than it insures to one payer or in all",
    request: { cover: insuring("100") },
    facts: { cover: { ...insurance, perPayer: parseEther("99") } },
    verdict: decline("cover-above-limit"),
  },
  {
    name: "declines to insure where it sells no cover",
    request: { cover: insuring("1") },
    facts: { cover: undefined },
    verdict: decline("cover-not-sold"),
  },
  {
    name: "accepts nothing without a bond",
    request: { acceptPeriod: 60 },
    facts: { ...slow, bondBudget: parseEther("0.9") },
    verdict: { kind: "serve", accept: false },
  },
];

describe("assess", () => {
  for (const { name, request, facts, inputBytes = 100, verdict } of CASES) {
    it(name, () => {
      expect(assess(someRequest(request), inputBytes, { ...FACTS, ...facts }, LIMITS)).to.deep.equal(verdict);
    });
  }

  it("reckons with what is left after protocol and royalty", () => {
    expect(operatorShare(someRequest(), 2_000, 500n)).to.equal(parseEther("0.94"));
    expect(operatorShare(someRequest(), 2_500, 500n)).to.equal(parseEther("0.47"));
    expect(operatorShare(someRequest(), 3_000, 500n)).to.equal(0n);
  });
});

/** Requests in mode ZK, to a node that takes more for them. */
function proofCases(): Case[] {
  const served = { ...FACTS.served, modes: ["VANILLA" as const, "ZK" as const], zkFee: parseEther("0.8") };
  const proof = { waitMs: 0, ms: 1_000 };
  const request = { mode: 1, fee: parseEther("1"), fullFeeUntil: 1_500, deadline: 1_500 };
  const asked = (facts: Partial<AdmissionFacts>, terms: Partial<InferenceRequest> = {}) => ({
    request: { ...request, ...terms },
    facts: { served, proof, ...facts },
  });
  const waiting = (ms: number) => ({ proof: { waitMs: ms, ms: 1_000 } });
  return [
    { name: "serves what is proved in time", ...asked({}), verdict: { kind: "serve", accept: false } },
    {
      name: "takes its own fee for a proof",
      ...asked({}, { fee: parseEther("0.79") }),
      verdict: decline("fee-too-low"),
    },
    {
      name: "declines what would be proved too late",
      ...asked(waiting(500_000)),
      verdict: decline("deadline-unreachable"),
    },
    {
      name: "reckons with every proof that waits",
      ...asked(waiting(496_000)),
      verdict: { kind: "serve", accept: false },
    },
    { name: "lets no more wait for proofs than may", ...asked({ queued: 4 }), verdict: later("queue-full") },
    {
      name: "accepts first what takes long to prove",
      ...asked({ proof: { waitMs: 0, ms: 20_000 } }, { acceptPeriod: 60 }),
      verdict: { kind: "serve", accept: true },
    },
    {
      name: "accepts nothing whose proof waits longer than it may hold it",
      ...asked({ proof: { waitMs: 15_000, ms: 20_000 } }, { acceptPeriod: 60 }),
      verdict: { kind: "serve", accept: false },
    },
  ];
}

import { expect } from "chai";
import { parseEther, ZeroHash } from "ethers";
import { pino } from "pino";
import type { AlarmId } from "../../../offchain-runner/src/alarms/alarm.ts";
import { ALARM_IDS } from "../../../offchain-runner/src/alarms/alarm.ts";
import { AlarmBoard } from "../../../offchain-runner/src/alarms/alarmBoard.ts";
import type { AlarmFacts } from "../../../offchain-runner/src/alarms/alarmFacts.ts";
import { alarmsOf, LOCAL_ALARMS, localAlarms } from "../../../offchain-runner/src/alarms/alarmRules.ts";
import { OwnChallenges } from "../../../offchain-runner/src/alarms/ownChallenges.ts";
import { disputesInterface } from "../../../offchain-runner/src/chain/contracts.ts";
import type { EndpointHealth } from "../../../offchain-runner/src/chain/rpcEndpoint.ts";
import type { AlarmsConfig } from "../../../offchain-runner/src/config.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

const opg = parseEther;
const DAY = 86_400;
const LIMITS: AlarmsConfig = {
  intervalSec: 15,
  balanceDays: 8,
  balanceCoin: parseEther("0.004"),
  spendShare: 0.8,
  stakeMargin: 0.05,
  exposureShare: 0.5,
  unripeShare: 0.5,
  coverShare: 0.9,
  acceptBudget: opg("1"),
  diskFreeBytes: 4_000,
  clockSkewSec: 10,
};
const UP: EndpointHealth = {
  host: "a",
  state: "up",
  isCurrent: true,
  latencyMs: 1,
  requests: 1,
  failures: {},
  failuresInRow: 0,
  head: 1,
  lagBlocks: 0,
  skewMs: 0,
};
/** Nothing is the matter. */
const WELL: AlarmFacts = {
  isServing: true,
  nowSec: 1_000_000,
  endpoints: [UP, { ...UP, host: "b", isCurrent: false }],
  headAheadMs: -2_000,
  coin: {
    balance: parseEther("1"),
    spentPerDay: parseEther("0.01"),
    spentToday: parseEther("0.01"),
    maxPerDay: parseEther("1"),
  },
  operator: {
    isSignerActive: true,
    isJailed: false,
    jailEndsAt: 0,
    stake: opg("2000"),
    minimumStake: opg("1000"),
    demandedStake: opg("1500"),
    demandedBy: "0xaa",
  },
  exposure: {
    insured: opg("100"),
    bonded: opg("10"),
    stake: opg("2000"),
    cover: { rateBps: 50, perResult: opg("50"), perPayer: opg("100"), total: opg("200") },
    coverable: [opg("60"), opg("70")],
  },
  acceptBudget: opg("5"),
  diskFreeBytes: 10_000,
  unripe: opg("10"),
  disagreements: [],
  challenges: [],
  sending: { problem: undefined, stuckMs: undefined },
};
const OPERATOR = WELL.operator as NonNullable<AlarmFacts["operator"]>;

type Case = readonly [AlarmId, "warning" | "critical", string, Partial<AlarmFacts>];
const CASES: readonly Case[] = [
  ["balance-low", "warning", "lasts a few days", { coin: { ...WELL.coin, balance: parseEther("0.07") } }],
  [
    "balance-low",
    "critical",
    "lasts for less than two",
    { coin: { ...WELL.coin, balance: parseEther("0.015") } },
  ],
  [
    "balance-low",
    "warning",
    "is small though nothing is spent",
    { coin: { ...WELL.coin, spentPerDay: 0n, balance: parseEther("0.003") } },
  ],
  [
    "balance-low",
    "critical",
    "was too little for a transaction",
    { sending: { problem: "balance-low", stuckMs: undefined } },
  ],
  ["balance-low", "critical", "is gone", { coin: { ...WELL.coin, spentPerDay: 0n, balance: 0n } }],
  [
    "coin-budget-low",
    "warning",
    "is used up by most",
    { coin: { ...WELL.coin, spentToday: parseEther("0.8") } },
  ],
  [
    "coin-budget-low",
    "critical",
    "kept a transaction back",
    { sending: { problem: "coin-budget-spent", stuckMs: undefined } },
  ],
  [
    "gas-price-over-cap",
    "warning",
    "is there",
    { sending: { problem: "gas-price-over-cap", stuckMs: undefined } },
  ],
  ["transaction-stuck", "warning", "takes minutes", { sending: { problem: undefined, stuckMs: 120_001 } }],
  ["not-registered", "critical", "is so", { operator: undefined }],
  ["signer-not-active", "critical", "is so", { operator: { ...OPERATOR, isSignerActive: false } }],
  [
    "jailed",
    "critical",
    "is so",
    { operator: { ...OPERATOR, isJailed: true, jailEndsAt: 1_000_000 + 3 * DAY } },
  ],
  ["stake-low", "warning", "has no margin", { operator: { ...OPERATOR, stake: opg("1574") } }],
  [
    "stake-low",
    "critical",
    "is below what a release demands",
    { operator: { ...OPERATOR, stake: opg("1499") } },
  ],
  [
    "stake-low",
    "critical",
    "is below the minimum",
    { operator: { ...OPERATOR, demandedStake: 0n, stake: opg("999") } },
  ],
  [
    "exposure-high",
    "warning",
    "is half of the stake",
    { exposure: { ...WELL.exposure, bonded: opg("900") } },
  ],
  [
    "cover-used-up",
    "warning",
    "is nearly at its own limit",
    { exposure: { ...WELL.exposure, insured: opg("180") } },
  ],
  [
    "cover-used-up",
    "warning",
    "cannot be reserved",
    { exposure: { ...WELL.exposure, coverable: [opg("60"), opg("49")] } },
  ],
  ["accept-budget-low", "warning", "is so", { acceptBudget: opg("0.5") }],
  ["earnings-at-risk", "warning", "are half of the stake", { unripe: opg("1000") }],
  ["disk-low", "warning", "is so", { diskFreeBytes: 3_999 }],
  ["disk-low", "critical", "is nearly full", { diskFreeBytes: 999 }],
  ["rpc-degraded", "warning", "is so", { endpoints: [UP, { ...UP, state: "behind" }] }],
  [
    "rpc-down",
    "critical",
    "is so",
    {
      endpoints: [
        { ...UP, state: "resting", failuresInRow: 3 },
        { ...UP, state: "told-to-wait" },
      ],
    },
  ],
  ["rpc-wrong-chain", "critical", "is so", { endpoints: [UP, { ...UP, state: "wrong-chain" }] }],
  ["clock-skewed", "warning", "is behind the endpoints", { endpoints: [UP, { ...UP, skewMs: 11_000 }] }],
  ["clock-skewed", "warning", "is behind the chain", { headAheadMs: 11_000 }],
  ["model-disagreement", "critical", "is there", { disagreements: ["0xaa"] }],
  [
    "dispute-against-us",
    "critical",
    "is open",
    { challenges: [{ key: "0x01", release: "0xaa", opener: "0xbb" }] },
  ],
];

describe("alarms", () => {
  it("are none where nothing is the matter", () => {
    expect(alarmsOf(WELL, LIMITS)).to.deep.equal([]);
    const bare = { ...WELL, headAheadMs: undefined, acceptBudget: undefined };
    const unsold = { ...WELL.exposure, insured: 0n, bonded: 0n, stake: 0n, cover: undefined, coverable: [] };
    const free = { ...WELL.coin, maxPerDay: 0n, spentToday: opg("9") };
    expect(alarmsOf({ ...bare, exposure: unsold, coin: free, unripe: 0n }, LIMITS)).to.deep.equal([]);
  });

  for (const [id, severity, what, facts] of CASES) {
    it(`${id} (${severity}) when it ${what}`, () => {
      const alarms = alarmsOf({ ...WELL, ...facts }, LIMITS);
      expect(alarms.map((alarm) => [alarm.id, alarm.severity])).to.deep.equal([[id, severity]]);
      expect(alarms[0]?.text).to.match(/.{30,}/);
    });
  }

  it("are all covered here", () => {
    expect([...new Set(CASES.map(([id]) => id))].sort()).to.deep.equal([...ALARM_IDS].sort());
  });

  it("say without the chain what they say with it", () => {
    for (const [id, , , facts] of CASES) {
      const alarms = localAlarms({ ...WELL, ...facts }, LIMITS);
      expect(alarms.map((alarm) => alarm.id)).to.deep.equal(LOCAL_ALARMS.has(id) ? [id] : []);
    }
  });

  it("are none for an endpoint that failed once or twice", () => {
    const endpoints = [{ ...UP, state: "resting", failuresInRow: 2 } as const];
    expect(alarmsOf({ ...WELL, endpoints }, LIMITS)).to.deep.equal([]);
  });

  it("says when jail can be left", () => {
    const textAt = (jailEndsAt: number): string =>
      alarmsOf({ ...WELL, operator: { ...OPERATOR, isJailed: true, jailEndsAt } }, LIMITS)[0]?.text ?? "";
    expect(textAt(1_000_000 + 3 * DAY)).to.include("in 3 days");
    expect(textAt(1_000_000 + 90)).to.include("in 2 minutes");
    expect(textAt(999_999)).to.include("possible now");
  });
});

describe("AlarmBoard", () => {
  it("says each change once, and shows the worst first", async () => {
    const lines: { msg: string; alarm?: string; level: number }[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
    let facts: AlarmFacts | Error = WELL;
    /** What the machine knows by itself. */
    let known: AlarmFacts = WELL;
    let endpoints = WELL.endpoints;
    const read = async (): Promise<AlarmFacts> => {
      if (facts instanceof Error) throw facts;
      return facts;
    };
    const clock = new SteppedClock();
    const board = new AlarmBoard(
      { local: async () => ({ ...known, endpoints }), read, clock, logger },
      LIMITS,
    );
    const said = async (next: AlarmFacts | Error): Promise<unknown[]> => {
      facts = next;
      if (!(next instanceof Error)) known = next;
      const before = lines.length;
      const stop = new AbortController();
      let looks = 0;
      clock.onSleep(() => (++looks === 3 ? stop.abort() : undefined));
      await board.run(stop.signal);
      return lines.slice(before).map(({ msg, alarm, level }) => [msg, alarm, level]);
    };
    expect(await said(WELL)).to.deep.equal([]);
    const low = { ...WELL, diskFreeBytes: 3_000 };
    expect(await said(low)).to.deep.equal([["alarm", "disk-low", 40]]);
    expect(await said({ ...low, diskFreeBytes: 2_900 })).to.deep.equal([]);
    expect(await said({ ...low, diskFreeBytes: 10, acceptBudget: 0n })).to.deep.equal([
      ["alarm", "disk-low", 50],
      ["alarm", "accept-budget-low", 40],
    ]);
    expect(board.alarms.map(({ id }) => id)).to.deep.equal(["disk-low", "accept-budget-low"]);
    expect(await said(new Error("chain down"))).to.deep.equal([["alarms cannot be judged", undefined, 40]]);
    expect(board.alarms).to.have.length(2);
    endpoints = [{ ...UP, state: "resting", failuresInRow: 3 }];
    expect(await said(new Error("chain down"))).to.deep.equal([["alarm", "rpc-down", 50]]);
    expect(board.alarms.map(({ id }) => id)).to.deep.equal(["disk-low", "rpc-down", "accept-budget-low"]);
    endpoints = WELL.endpoints;
    expect(await said(new Error("chain down"))).to.deep.equal([["alarm is over", "rpc-down", 30]]);
    known = { ...WELL, disagreements: ["0xaa"] };
    expect(await said(new Error("chain down"))).to.deep.equal([
      ["alarm", "model-disagreement", 50],
      ["alarm is over", "disk-low", 30],
    ]);
    expect(await said({ ...low, diskFreeBytes: 10 })).to.deep.equal([
      ["alarm", "disk-low", 50],
      ["alarm is over", "model-disagreement", 30],
      ["alarm is over", "accept-budget-low", 30],
    ]);
  });
});

describe("OwnChallenges", () => {
  const DISPUTES = `0x${"d1".repeat(20)}`;
  const KEY = `0x${"0a".repeat(32)}`;
  const RELEASE = `0x${"0b".repeat(32)}`;
  let temp: TempDatabase;
  let own: OwnChallenges;

  beforeEach(() => {
    temp = new TempDatabase();
    own = new OwnChallenges(temp.database, DISPUTES, () => 7);
  });
  afterEach(() => temp.dispose());

  function log(name: "ChallengeOpened" | "ChallengeEnded", operatorId: number, blockNumber: number) {
    const claim = [operatorId, 1, RELEASE, 1, ZeroHash, ZeroHash];
    const values = {
      ChallengeOpened: [KEY, operatorId, DISPUTES, claim, 5n],
      ChallengeEnded: [KEY, operatorId, 0, ZeroHash, 0n, 0n, DISPUTES],
    }[name];
    const encoded = disputesInterface.encodeEventLog(name as "ChallengeOpened", values as never);
    const at = { blockNumber, blockHash: ZeroHash, transactionHash: ZeroHash, index: 0 };
    return { address: DISPUTES, ...encoded, ...at };
  }

  it("are those of this operator, from the event that opens one to the one that ends it", () => {
    own.apply([log("ChallengeOpened", 8, 5)]);
    expect(own.open()).to.deep.equal([]);
    for (let twice = 0; twice < 2; ++twice) own.apply([log("ChallengeOpened", 7, 5)]);
    expect(own.open()).to.have.length(1);
    expect(own.open()[0]).to.include({ key: KEY, release: RELEASE });
    own.apply([log("ChallengeEnded", 7, 9)]);
    expect(own.open()).to.deep.equal([]);
  });

  it("follow a reorganisation, and a restart", () => {
    own.apply([log("ChallengeOpened", 7, 5), log("ChallengeEnded", 7, 9)]);
    own.rollback(8);
    expect(new OwnChallenges(temp.reopen(), DISPUTES, () => 7).open()).to.have.length(1);
    own = new OwnChallenges(temp.database, DISPUTES, () => 7);
    own.rollback(4);
    expect(own.open()).to.deep.equal([]);
  });
});

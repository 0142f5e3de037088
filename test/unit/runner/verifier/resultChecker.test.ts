import { claimKey, claimOf } from "@opg-network/sdk/evidence/claim";
import type { Evidence } from "@opg-network/sdk/evidence/evidence";
import { expect } from "chai";
import { id, keccak256, Wallet, ZeroHash } from "ethers";
import { DisputeStore } from "../../../../offchain-runner/src/verifier/disputeStore.ts";
import { EvidenceStore } from "../../../../offchain-runner/src/verifier/evidenceStore.ts";
import type { ComputedEnd } from "../../../../offchain-runner/src/verifier/graphRunner.ts";
import { ResultChecker } from "../../../../offchain-runner/src/verifier/resultChecker.ts";
import { VerifierError } from "../../../../offchain-runner/src/verifier/verifierError.ts";
import { silentLogger } from "../fakes/silentLogger.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";
import { TempDatabase } from "../fakes/tempDatabase.ts";
import { DOMAIN, INPUT, NOW_SEC, RELEASE, RIGHT, SIGNER, someEvidence, WRONG } from "./someEvidence.ts";

const WINDOW = 86_400;
const OTHER_KEY = new Wallet(`0x${"22".repeat(32)}`);
const RIVAL = new Wallet(`0x${"23".repeat(32)}`);
const TERMS = { graphRoot: id("graph"), exactFrom: NOW_SEC };

describe("ResultChecker", function () {
  this.timeout(20_000);
  let temp: TempDatabase;
  let clock: SteppedClock;
  let evidence: EvidenceStore;
  let disputes: DisputeStore;
  let checker: ResultChecker;
  let runs: number;
  let isSlow: boolean;
  let nowSec: number;
  let ends: string[];
  let faults: string[];
  let wrong: [operatorId: number, claim: string, context: string][];
  let terms: typeof TERMS | undefined;
  let compute: (isFresh: boolean) => ComputedEnd;
  let operatorOf: (signer: string) => number | undefined;
  const { signal } = new AbortController();

  beforeEach(() => {
    temp = new TempDatabase();
    clock = new SteppedClock();
    evidence = new EvidenceStore(temp.database, clock, WINDOW);
    disputes = new DisputeStore(temp.database, clock);
    [runs, ends, faults, wrong, terms] = [0, [], [], [], TERMS];
    compute = () => ({ kind: "state", state: RIGHT });
    [isSlow, nowSec] = [false, NOW_SEC];
    operatorOf = (signer) => (signer === RIVAL.address ? 2 : 1);
    const run = async (isFresh: boolean): Promise<ComputedEnd> => {
      runs += 1;
      return compute(isFresh);
    };
    const graph = async () => ({ graphRoot: TERMS.graphRoot });
    checker = new ResultChecker(
      {
        ...{ evidence, disputes, clock, logger: silentLogger },
        releases: { termsOf: async () => terms, graphOf: graph, freshGraphOf: graph } as never,
        runner: { run: () => run(false), runFresh: () => run(true), isSlow: () => isSlow } as never,
        operators: {
          slashableOperatorOf: async (signer: string) => {
            const operatorId = operatorOf(signer);
            if (operatorId === undefined)
              throw Object.assign(new Error(), { code: "CALL_EXCEPTION", data: "0x01" });
            return { operatorId, era: 0 };
          },
        } as never,
        onChecked: (end) => ends.push(end),
        onFault: (fault) => faults.push(fault),
        onWrong: (operatorId, key, { result }) => wrong.push([operatorId, key, result.context]),
        nowSec: () => nowSec,
      },
      { domainSeparator: DOMAIN, windowSec: WINDOW },
    );
  });

  afterEach(() => temp.dispose());

  async function check(each: Evidence, isSampled = true): Promise<string | undefined> {
    evidence.record(each, isSampled);
    await checker.step(signal);
    return ends.at(-1);
  }

  const open = (): number => disputes.counts().found;

  it("finds a right result right", async () => {
    expect(await check(someEvidence(RIGHT))).to.equal("right");
    expect(open()).to.equal(0);
  });

  it("accuses who signed a wrong output, once for all its signatures", async () => {
    const lie = someEvidence(WRONG);
    expect(await check(lie)).to.equal("wrong");
    const claim = claimOf({ operatorId: 1, era: 0 }, lie.signed.result);
    const dispute = disputes.get(claimKey(claim));
    expect(dispute).to.deep.include({ kind: "wrong-output", state: "found", claim, signer: SIGNER.address });
    expect(dispute?.signed).to.deep.equal(lie.signed);
    expect(dispute?.evidenceUntil).to.equal(NOW_SEC + 600 + WINDOW);
    for (const caller of ["a", "b", "c"]) await check(someEvidence(WRONG, { context: id(caller) }));
    expect(open()).to.equal(1);
    // Each may insure somebody.
    const contexts = [ZeroHash, ...["a", "b", "c"].map(id)];
    expect(wrong).to.deep.equal(contexts.map((context) => [1, claimKey(claim), context]));
    expect(faults).to.deep.equal(["wrong-output"]);
  });

  it("computes what many callers were told once", async () => {
    for (let caller = 0; caller < 200; ++caller)
      evidence.record(someEvidence(RIGHT, { context: id(`${caller}`) }), true);
    while ((await checker.step(signal)) > 0);
    expect(ends.filter((end) => end === "right")).to.have.length(200);
    expect(runs).to.equal(1);
  });

  it("computes a lie twice, and not once for each of its callers", async () => {
    for (let caller = 0; caller < 200; ++caller)
      evidence.record(someEvidence(WRONG, { context: id(`${caller}`) }), true);
    while ((await checker.step(signal)) > 0);
    expect(ends.filter((end) => end === "wrong")).to.have.length(200);
    expect([runs, open()]).to.deep.equal([2, 1]);
  });

  it("accuses nobody when a second computation says otherwise, and looks again", async () => {
    compute = (isFresh) => ({ kind: "state", state: isFresh ? RIGHT : WRONG });
    await check(someEvidence(RIGHT));
    expect(ends).to.deep.equal([]);
    expect(open()).to.equal(0);
    compute = () => ({ kind: "state", state: RIGHT });
    clock.advance(60_000);
    await checker.step(signal);
    expect(ends).to.deep.equal(["right"]);
  });

  it("accuses nobody whose graph it cannot read or compute", async () => {
    compute = () => {
      throw new VerifierError("check-too-slow", "too slow");
    };
    await check(someEvidence(WRONG));
    for (let i = 0; i < 20 && ends.length === 0; ++i) {
      clock.advance(3_600_000);
      await checker.step(signal);
    }
    expect(ends).to.deep.equal(["failed"]);
    expect(open()).to.equal(0);
  });

  it("keeps a lie due for as long as it is evidence, however long an endpoint is in trouble", async () => {
    operatorOf = () => {
      throw new Error("the endpoint is away");
    };
    evidence.record(someEvidence(WRONG), true);
    // Ten minutes is the longest pause, so each hour has a try.
    for (let hour = 0; hour < 23; ++hour) {
      clock.advance(3_600_000);
      nowSec += 3_600;
      await checker.step(signal);
    }
    expect([ends, open(), evidence.backlog]).to.deep.equal([[], 0, 1]);
    operatorOf = () => 1;
    clock.advance(600_000);
    await checker.step(signal);
    expect([ends, open(), runs]).to.deep.equal([["wrong"], 1, 2]);
  });

  it("gives a result up when it is no evidence any more", async () => {
    compute = () => {
      throw new Error("the endpoint is away");
    };
    nowSec = NOW_SEC + 600 + WINDOW;
    expect(await check(someEvidence(RIGHT))).to.equal(undefined);
    nowSec += 1;
    clock.advance(600_000);
    await checker.step(signal);
    expect(ends).to.deep.equal(["failed"]);
  });

  it("accuses nobody on a signature that is none", async () => {
    const forged = { ...someEvidence(WRONG), signer: OTHER_KEY.address };
    await check(forged);
    expect(open()).to.equal(0);
  });

  it("holds every answer to an invalid input for wrong", async () => {
    compute = () => ({ kind: "input-invalid" });
    expect(await check(someEvidence(RIGHT))).to.equal("wrong");
    expect(faults).to.deep.equal(["input-invalid"]);
  });

  it("holds every answer in another codec for wrong, without computing it", async () => {
    expect(await check(someEvidence(RIGHT, { codec: 2 }))).to.equal("wrong");
    expect([faults, runs]).to.deep.equal([["codec-undefined"], 0]);
  });

  it("measures nothing that is not of an exact release, or older than its exactness", async () => {
    expect(await check(someEvidence(WRONG, { validUntil: NOW_SEC }))).to.equal("unmeasured");
    terms = undefined;
    expect(await check(someEvidence(WRONG))).to.equal("unmeasured");
    expect(runs).to.equal(0);
  });

  it("leaves out what is not in the sample, unless two outputs differ", async () => {
    expect(await check(someEvidence(RIGHT), false)).to.equal("skipped");
    expect(runs).to.equal(0);
    await check(someEvidence(WRONG, { signer: RIVAL }), false);
    expect(ends).to.deep.equal(["skipped", "wrong"]);
    await checker.step(signal);
    expect(ends).to.deep.equal(["skipped", "wrong", "right"]);
  });

  it("checks what was loaded and not used as soon as its input is known", async () => {
    expect(await check(someEvidence(WRONG, { isUsed: false }))).to.equal("no-input");
    evidence.record(someEvidence(RIGHT, { signer: RIVAL }), false);
    await checker.step(signal);
    expect([...ends].sort()).to.deep.equal(["no-input", "right", "wrong"]);
  });

  it("proves a contradiction of one operator's two keys where no input is known", async () => {
    await check(someEvidence(WRONG, { isUsed: false }));
    await check(someEvidence(RIGHT, { isUsed: false, signer: RIVAL }));
    expect(open()).to.equal(0);
    await check(someEvidence(RIGHT, { isUsed: false, signer: OTHER_KEY }));
    expect(faults).to.deep.equal(["equivocation"]);
    const [dispute] = disputes.recent(1);
    const hashes = [RIGHT, WRONG].map((output) => keccak256(output)).sort();
    expect(dispute).to.include({ kind: "equivocation" });
    expect(dispute?.claim.outputHash).to.equal(hashes[1]);
    expect(dispute?.other?.result.outputHash).to.not.equal(dispute?.signed?.result.outputHash);
  });

  it("notes a lie for which nobody answers any more, and goes on", async () => {
    operatorOf = () => undefined;
    expect(await check(someEvidence(WRONG))).to.equal("wrong");
    expect([open(), faults]).to.deep.equal([0, ["wrong-output"]]);
  });

  it("keeps results and inputs for as long as they are evidence, and not more than told", async () => {
    for (let caller = 0; caller < 20; ++caller)
      evidence.record(someEvidence(RIGHT, { context: id(`${caller}`) }), true);
    evidence.prune(NOW_SEC, 5);
    expect(evidence.due(100)).to.have.length(5);
    expect(evidence.inputOf(keccak256(INPUT))).to.deep.equal(INPUT);
    evidence.prune(NOW_SEC + 601 + WINDOW, 5);
    expect(evidence.due(100)).to.have.length(0);
    expect(evidence.inputOf(keccak256(INPUT))).to.equal(undefined);
  });

  it("takes one release's result for another's by no accident", async () => {
    await check(someEvidence(WRONG, { isUsed: false }));
    await check(someEvidence(RIGHT, { isUsed: false, release: id("another") }));
    expect(open()).to.equal(0);
    expect(RELEASE).to.not.equal(id("another"));
  });
});

import { expect } from "chai";
import type { JobState } from "../../../offchain-runner/src/jobs/job.ts";
import { JOB_EDGES, JOB_STATES } from "../../../offchain-runner/src/jobs/job.ts";
import { JobStore } from "../../../offchain-runner/src/jobs/jobStore.ts";
import { NodeError } from "../../../offchain-runner/src/nodeError.ts";
import { INPUT, idOf, someRequest } from "./fakes/someRequest.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

/** A way from `seen` to each state. */
const WAYS: Record<JobState, JobState[]> = {
  seen: [],
  declined: ["declined"],
  held: ["held"],
  queued: ["queued"],
  accepting: ["accepting"],
  accepted: ["accepting", "accepted"],
  running: ["queued", "running"],
  answered: ["queued", "running", "answered"],
  submitting: ["queued", "running", "answered", "submitting"],
  fulfilled: ["queued", "running", "answered", "submitting", "fulfilled"],
  lost: ["lost"],
  expired: ["expired"],
  failed: ["queued", "running", "failed"],
  dropped: [],
};

describe("JobStore", () => {
  let temp: TempDatabase;
  let clock: SteppedClock;
  let store: JobStore;
  const request = someRequest();
  const id = idOf(request);
  const OUTPUT = Uint8Array.of(9);

  beforeEach(() => {
    temp = new TempDatabase();
    clock = new SteppedClock();
    store = new JobStore(temp.database, clock);
    store.observe(id, request, INPUT, 10);
  });

  afterEach(() => temp.dispose());

  function bring(to: JobState): void {
    for (const state of WAYS[to]) store.move(id, state, state === "answered" ? { output: OUTPUT } : {});
    if (to === "dropped") store.rollback(9);
  }

  it("gives back what was recorded, in another process too", () => {
    store = new JobStore(temp.reopen(), clock);
    expect(store.get(id)).to.deep.include({ id, state: "seen", request, openedBlock: 10, attempts: 0 });
    expect([...(store.get(id)?.input ?? [])]).to.deep.equal([...INPUT]);
  });

  it("puts nothing off for an hour because the clock was put back by one", () => {
    store.update(id, { notBeforeMs: clock.nowMs() + 60_000 });
    expect([store.due(["seen"], 9), store.dueOf("plain", ["seen"], 9)]).to.deep.equal([[], []]);
    clock.advance(-3_600_000);
    for (const due of [store.due(["seen"], 9), store.dueOf("plain", ["seen"], 9)])
      expect(due.map((job) => job.id)).to.deep.equal([id]);
  });

  it("takes no notice of a request that comes twice", () => {
    bring("queued");
    store.observe(id, request, INPUT, 10);
    expect(store.get(id)?.state).to.equal("queued");
  });

  for (const from of JOB_STATES) {
    it(`leaves ${from} by its edges alone`, () => {
      bring(from);
      for (const to of JOB_STATES) {
        if (JOB_EDGES[from].includes(to)) continue;
        expect(() => store.move(id, to))
          .to.throw(NodeError)
          .with.property("code", "job-edge-invalid");
      }
      expect(store.get(id)?.state).to.equal(from);
    });
  }

  it("forgets the reason of a state with the state", () => {
    store.update(id, { reason: "model-not-ready" });
    store.move(id, "queued");
    expect(store.get(id)).to.not.have.property("reason");
  });

  it("gives due jobs by nearest deadline and not before their time", () => {
    const sooner = someRequest({ lane: 1, deadline: 2_500 });
    const later = someRequest({ lane: 2, deadline: 2_000 });
    for (const each of [sooner, later]) store.observe(idOf(each), each, INPUT, 10);
    store.update(idOf(later), { notBeforeMs: clock.nowMs() + 1_000 });
    expect(store.due(["seen"], 9).map((job) => job.id)).to.deep.equal([idOf(sooner), id]);
    clock.advance(1_000);
    expect(store.due(["seen"], 1).map((job) => job.id)).to.deep.equal([idOf(later)]);
  });

  it("gives what a bond stands for first, however near the deadlines of what others open after it", () => {
    const bonded = (nonce: number, until: number) => {
      const accepted = someRequest({ nonce, mode: 1, deadline: 9_000_000 });
      store.observe(idOf(accepted), accepted, INPUT, 10);
      store.move(idOf(accepted), "accepting");
      store.move(idOf(accepted), "accepted", {
        acceptance: { signer: `0x${"cc".repeat(20)}`, deadline: until },
      });
      return idOf(accepted);
    };
    const [later, sooner] = [bonded(1, 2_060), bonded(2, 2_030)];
    for (const nonce of [3, 4, 5]) {
      const cheap = someRequest({ nonce, mode: 1, deadline: 2_001 });
      store.observe(idOf(cheap), cheap, INPUT, 10);
      store.move(idOf(cheap), "queued");
    }
    const next = store.dueOf("proved", ["accepted", "queued"], 2);
    expect(next.map((job) => job.id)).to.deep.equal([sooner, later]);
    for (const state of ["running", "answered"] as const) store.move(later, state);
    for (const job of store.due(["queued"], 1))
      for (const state of ["running", "answered"] as const) store.move(job.id, state);
    expect(store.due(["answered"], 9).map((job) => job.id)[0]).to.equal(later);
  });

  it("runs again what was running when the process ended", () => {
    bring("running");
    store.requeueRunning();
    expect(store.get(id)?.state).to.equal("queued");
  });

  it("expires what is past its deadline and not under way to the chain", () => {
    const sent = someRequest({ lane: 1 });
    store.observe(idOf(sent), sent, INPUT, 10);
    for (const state of WAYS.submitting) store.move(idOf(sent), state);
    expect(store.expire(request.deadline, 20)).to.equal(0);
    expect(store.expire(request.deadline + 1, 20)).to.equal(1);
    expect(store.get(id)?.state).to.equal("expired");
    expect(store.get(idOf(sent))?.state).to.equal("submitting");
  });

  describe("after a reorganisation", () => {
    it("takes up again what had expired by the time of a block that is gone", () => {
      bring("answered");
      store.expire(request.deadline + 1, 20);
      store.rollback(20);
      expect(store.get(id)?.state).to.equal("expired");
      store.rollback(19);
      expect(store.get(id)?.state).to.equal("answered");
    });

    it("drops a request that is gone, and takes it up when it comes back", () => {
      bring("queued");
      store.rollback(9);
      expect(store.get(id)).to.deep.include({ state: "dropped", reason: "reorganised" });
      store.observe(id, request, INPUT, 12);
      expect(store.get(id)).to.deep.include({ state: "seen", openedBlock: 12 });
    });

    it("keeps the answer of a request that comes back, so that no second one is computed", () => {
      bring("answered");
      store.rollback(9);
      store.observe(id, request, INPUT, 12);
      expect(store.get(id)?.state).to.equal("answered");
      expect([...(store.get(id)?.output ?? [])]).to.deep.equal([...OUTPUT]);
    });

    it("answers again when the block of the answer is gone", () => {
      bring("submitting");
      store.move(id, "fulfilled", { settledBlock: 12, paid: 5n });
      store.rollback(12);
      expect(store.get(id)?.state).to.equal("fulfilled");
      store.rollback(11);
      expect(store.get(id)?.state).to.equal("answered");
      expect(store.get(id)).to.not.have.any.keys("paid", "settledBlock");
    });

    it("judges again what another had taken in a block that is gone", () => {
      const acceptance = { signer: `0x${"cc".repeat(20)}`, deadline: 2_000 };
      store.move(id, "held", { acceptance, acceptedBlock: 12 });
      store.rollback(11);
      expect(store.get(id)?.state).to.equal("seen");
      expect(store.get(id)).to.not.have.property("acceptance");
    });
  });
});

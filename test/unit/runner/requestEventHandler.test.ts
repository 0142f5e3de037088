import { packRequest } from "@opg-network/sdk/request";
import { expect } from "chai";
import { hexlify } from "ethers";
import type { ChainLog } from "../../../offchain-runner/src/chain/chainReader.ts";
import { requestsInterface } from "../../../offchain-runner/src/chain/contracts.ts";
import type { JobState } from "../../../offchain-runner/src/jobs/job.ts";
import { JobStore } from "../../../offchain-runner/src/jobs/jobStore.ts";
import { RequestEventHandler } from "../../../offchain-runner/src/jobs/requestEventHandler.ts";
import { silentLogger } from "./fakes/silentLogger.ts";
import { INPUT, idOf, RELEASE, REQUESTS_ADDRESS, someRequest } from "./fakes/someRequest.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

const US = { signer: "0x1111111111111111111111111111111111111111", operatorId: 7 };
const THEM = { signer: "0x2222222222222222222222222222222222222222", operatorId: 8 };

describe("RequestEventHandler", () => {
  let temp: TempDatabase;
  let store: JobStore;
  let handler: RequestEventHandler;
  let block: number;
  const request = someRequest();
  const id = idOf(request);

  beforeEach(() => {
    temp = new TempDatabase();
    store = new JobStore(temp.database, new SteppedClock());
    handler = new RequestEventHandler(
      store,
      REQUESTS_ADDRESS,
      US,
      (release) => release === RELEASE,
      () => undefined,
      silentLogger,
    );
    block = 10;
    emit("RequestOpened", [id, request.requester, RELEASE, packRequest(request), hexlify(INPUT)]);
  });

  afterEach(() => temp.dispose());

  function log(name: string, values: unknown[], address = REQUESTS_ADDRESS): ChainLog {
    const { topics, data } = requestsInterface.encodeEventLog(name as never, values as never);
    block += 1;
    const hash = `0x${block.toString(16).padStart(64, "0")}`;
    return { address, topics, data, blockNumber: block, blockHash: hash, transactionHash: hash, index: 0 };
  }

  function emit(name: string, values: unknown[], address?: string): void {
    const emitted = log(name, values, address);
    handler.apply([emitted]);
    // Every event may come a second time.
    handler.apply([emitted]);
  }

  function walk(...states: JobState[]): void {
    for (const state of states) store.move(id, state, state === "answered" ? { output: INPUT } : {});
  }

  it("sees a request for what it serves", () => {
    expect(store.get(id)).to.deep.include({ state: "seen", request, openedBlock: 11 });
  });

  it("ignores requests for other releases", () => {
    const other = someRequest({ release: `0x${"09".repeat(32)}` });
    const values = [idOf(other), other.requester, other.release, packRequest(other), hexlify(INPUT)];
    emit("RequestOpened", values);
    expect(store.get(idOf(other))).to.equal(undefined);
  });

  it("ignores what its id or its input hash does not commit to", () => {
    const dearer = someRequest({ fee: request.fee * 2n });
    emit("RequestOpened", [
      `0x${"0a".repeat(32)}`,
      dearer.requester,
      RELEASE,
      packRequest(dearer),
      hexlify(INPUT),
    ]);
    emit("RequestOpened", [idOf(dearer), dearer.requester, RELEASE, packRequest(dearer), "0xff"]);
    expect(store.counts().seen).to.equal(1);
  });

  it("ignores a consumer that imitates the contract's events", () => {
    emit("RequestFulfilled", [id, US.operatorId, 5n, "0x"], US.signer);
    expect(store.get(id)?.state).to.equal("seen");
  });

  it("holds what another accepted, and takes it up again when it reopens", () => {
    walk("queued");
    emit("RequestAccepted", [id, THEM.signer, 2_500]);
    expect(store.get(id)).to.deep.include({
      state: "held",
      reason: "accepted-by-another",
      acceptance: { signer: THEM.signer, deadline: 2_500 },
    });
    emit("RequestReopened", [id]);
    expect(store.get(id)?.state).to.equal("seen");
    expect(store.get(id)).to.not.have.property("acceptance");
  });

  it("keeps its answer through somebody else's acceptance", () => {
    walk("queued", "running", "answered", "submitting");
    emit("RequestAccepted", [id, THEM.signer, 2_500]);
    emit("RequestReopened", [id]);
    expect(store.get(id)?.state).to.equal("answered");
  });

  it("goes on with what it accepted itself", () => {
    walk("accepting");
    emit("RequestAccepted", [id, US.signer, 2_500]);
    expect(store.get(id)?.state).to.equal("accepted");
  });

  for (const ways of [[], ["queued", "running", "answered", "submitting"]] as JobState[][]) {
    it(`is fulfilled from ${ways.at(-1) ?? "seen"} by its own answer`, () => {
      walk(...ways);
      emit("RequestFulfilled", [id, US.operatorId, 5n, "0x"]);
      expect(store.get(id)).to.deep.include({ state: "fulfilled", paid: 5n });
    });
  }

  it("loses to another's answer", () => {
    walk("queued", "running");
    emit("RequestFulfilled", [id, THEM.operatorId, 5n, "0x"]);
    expect(store.get(id)).to.deep.include({ state: "lost", reason: "answered-by-another" });
  });

  it("ends with a cancellation and with an expiry", () => {
    emit("RequestCancelled", [id, 5n]);
    expect(store.get(id)).to.deep.include({ state: "lost", reason: "cancelled" });
    store.rollback(11);
    emit("RequestExpired", [id, 5n]);
    expect(store.get(id)?.state).to.equal("expired");
  });

  it("remembers when to call back, until it has been done", () => {
    walk("queued", "running", "answered", "submitting");
    emit("RequestFulfilled", [id, US.operatorId, 5n, "0x"]);
    emit("DeliveryScheduled", [id, 9_000]);
    expect(store.deliverable(8_999, 1)).to.have.length(0);
    expect(store.deliverable(9_000, 1)).to.have.length(1);
    emit("RequestDelivered", [id]);
    expect(store.deliverable(9_000, 1)).to.have.length(0);
  });
});

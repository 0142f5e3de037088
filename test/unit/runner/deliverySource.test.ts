import { expect } from "chai";
import { ChainTime } from "../../../offchain-runner/src/chain/chainTime.ts";
import type { SubmitOutcome } from "../../../offchain-runner/src/chain/transactionSender.ts";
import { DeliverySource } from "../../../offchain-runner/src/jobs/deliverySource.ts";
import { JobStore } from "../../../offchain-runner/src/jobs/jobStore.ts";
import type { RequestEventHandler } from "../../../offchain-runner/src/jobs/requestEventHandler.ts";
import { INPUT, idOf, someRequest } from "./fakes/someRequest.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

const DUE_SEC = 1_700_000_000;

describe("DeliverySource", () => {
  let temp: TempDatabase;
  let clock: SteppedClock;
  let store: JobStore;
  let source: DeliverySource;
  const request = someRequest();
  const id = idOf(request);

  beforeEach(() => {
    temp = new TempDatabase();
    clock = new SteppedClock();
    store = new JobStore(temp.database, clock);
    store.observe(id, request, INPUT, 1);
    for (const state of ["queued", "running", "answered", "submitting", "fulfilled"] as const)
      store.move(id, state, state === "answered" ? { output: Uint8Array.of(7) } : {});
    store.update(id, { deliverableAt: DUE_SEC });
    const time = new ChainTime(clock);
    time.observe({ number: 1, hash: "0x1", parentHash: "0x0", timestamp: DUE_SEC, baseFee: 1n });
    const handler = { apply: () => undefined } as unknown as RequestEventHandler;
    source = new DeliverySource({ store, handler, time, clock }, `0x${"aa".repeat(20)}`);
  });

  afterEach(() => temp.dispose());

  /** @returns whether there was something to deliver */
  async function deliver(outcome: SubmitOutcome): Promise<boolean> {
    const planned = await source.next();
    planned?.conclude(outcome);
    clock.advance(60_000);
    return planned !== undefined;
  }

  it("leaves a callback that keeps failing to its requester", async () => {
    for (let tries = 0; tries < 3; ++tries)
      expect(await deliver({ status: "rejected", revertData: "0x" })).to.equal(true);
    expect(await source.next()).to.equal(undefined);
    expect(store.get(id)?.deliverableAt).to.equal(undefined);
  });

  it("delivers however long it could not be paid for", async () => {
    for (let tries = 0; tries < 9; ++tries)
      expect(await deliver({ status: "fee-over-cap", baseFee: 9n })).to.equal(true);
    expect(await source.next()).not.to.equal(undefined);
  });
});

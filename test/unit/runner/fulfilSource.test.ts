import { expect } from "chai";
import { fulfilGas, MAX_TRANSACTION_GAS } from "../../../offchain-runner/src/chain/gasModel.ts";
import { resultOf, takeBatch } from "../../../offchain-runner/src/jobs/fulfilSource.ts";
import type { Job } from "../../../offchain-runner/src/jobs/job.ts";
import { INPUT, idOf, someRequest } from "./fakes/someRequest.ts";

function job(lane: number, overrides: Partial<Job> = {}, outputBytes = 32): Job {
  const request = someRequest({ lane });
  return {
    id: idOf(request),
    state: "answered",
    request,
    input: INPUT,
    output: new Uint8Array(outputBytes),
    openedBlock: 1,
    attempts: 0,
    notBeforeMs: 0,
    seenAtMs: 0,
    ...overrides,
  };
}

const many = (count: number, overrides: Partial<Job> = {}, outputBytes = 32): Job[] =>
  Array.from({ length: count }, (_, lane) => job(lane, overrides, outputBytes));

describe("takeBatch", () => {
  it("takes what fits", () => {
    expect(takeBatch([])).to.deep.equal([]);
    expect(takeBatch(many(50))).to.have.length(50);
  });

  it("stays within the gas of a transaction, callbacks at their limit", () => {
    const costly = many(128, { request: someRequest({ callbackGas: 2_000_000 }) });
    const batch = takeBatch(costly);
    const answers = batch.map(() => ({ callbackGas: 2_000_000, outputBytes: 32 }));
    expect(batch.length).to.be.within(2, 8);
    expect(fulfilGas("0x", answers) <= MAX_TRANSACTION_GAS).to.equal(true);
  });

  it("stays within what mempools take in bytes", () => {
    expect(takeBatch(many(10, {}, 50_000))).to.have.length(2);
  });

  it("takes one that is too large alone, so that it fails alone", () => {
    expect(takeBatch(many(3, {}, 200_000))).to.have.length(1);
  });

  it("sends what was refused before alone, and nothing with it", () => {
    const refused = { attempts: 1 };
    expect(takeBatch([job(0, refused), job(1)])).to.have.length(1);
    expect(takeBatch([job(0), job(1, refused), job(2)])).to.have.length(1);
  });
});

describe("resultOf", () => {
  it("says for which request, model, input and price it is, and insures nothing", () => {
    const answered = job(0);
    const { release, inputHash, fee } = answered.request;
    expect(resultOf(answered, 99)).to.include({
      context: answered.id,
      release,
      mode: 0,
      codec: 1,
      inputHash,
      fee,
      maxCover: 0n,
      validUntil: 99,
    });
  });
});

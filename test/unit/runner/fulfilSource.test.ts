import { resultHash } from "@opg-network/sdk/inferenceResult";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { expect } from "chai";
import { fulfilGas, MAX_TRANSACTION_GAS } from "../../../offchain-runner/src/chain/gasModel.ts";
import { gasOf } from "../../../offchain-runner/src/jobs/answerGas.ts";
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

describe("takeBatch of proved answers", () => {
  const tensor = (bytes: number) =>
    encodeTensors([{ dtype: "uint8", shape: [bytes], data: new Uint8Array(bytes) }]);
  const proved = (count: number, inputBytes: number): Job[] => {
    const answer = { input: tensor(inputBytes), output: tensor(1), proof: new Uint8Array(256) };
    return many(count, { ...answer, request: someRequest({ mode: 1 }) });
  };

  it("stays within the gas of a transaction", () => {
    const batch = takeBatch(proved(128, 256));
    expect(batch.length).to.be.within(20, 40);
    expect(fulfilGas("0x", batch.map(gasOf)) <= MAX_TRANSACTION_GAS).to.equal(true);
  });

  it("counts the inputs that go along with the proofs", () => {
    const batch = takeBatch(proved(128, 8_000));
    expect(batch.length).to.be.within(2, 13);
    expect(takeBatch(many(128)).length).to.be.greaterThan(batch.length);
  });
});

describe("resultOf", () => {
  it("is the same whatever the proof is", () => {
    const answered = job(0, { request: someRequest({ mode: 1 }), proof: Uint8Array.of(1) });
    const again = { ...answered, proof: Uint8Array.of(2) };
    expect(resultHash(resultOf(answered, 99))).to.equal(resultHash(resultOf(again, 99)));
  });

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

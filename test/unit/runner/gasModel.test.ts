import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { expect } from "chai";
import { concat, hexlify } from "ethers";
import { readFigures } from "../../../bench/figures.ts";
import { expectedAnswerGas, fulfilGas } from "../../../offchain-runner/src/chain/gasModel.ts";
import { gasOf, proofBytes } from "../../../offchain-runner/src/jobs/answerGas.ts";
import type { Job } from "../../../offchain-runner/src/jobs/job.ts";
import { expectNear } from "../../fixtures/near.ts";
import { someRequest } from "./fakes/someRequest.ts";

/** What `gas.zk.settle` is measured on: one input of this many bytes, an output of one. */
const MEASURED_BYTES = 256;
const CHUNK = 31;
const [GROTH16_BYTES, PLONK_BYTES] = [256, 768];
/** What `docs/zk.md` says, until the figures have it. */
const [PLONK_SETTLE, PLONK_CHUNK] = [347_000, 1_300];
/** Paid once, however many answers a transaction carries. */
const TRANSACTION_BASE = 21_000;
/** Request, acceptance and offsets. */
const REQUEST_BYTES = 900;

describe("gasModel", () => {
  const figures = readFigures();

  function proved(bytes: number, proofBytes = GROTH16_BYTES): Job {
    const encoded = (count: number) => {
      const values = Array.from({ length: count }, (_, i) => 1 + (i % 255));
      return encodeTensors([tensorFromNumbers("uint8", [count], values)]);
    };
    return {
      ...{ id: "", state: "answered", openedBlock: 1, attempts: 0, notBeforeMs: 0, seenAtMs: 0 },
      request: someRequest({ mode: 1, callbackGas: 0 }),
      ...{ input: encoded(bytes), output: encoded(1), proof: new Uint8Array(proofBytes).fill(1) },
    };
  }

  const plonkGas = (chunks: number) =>
    (figures["gas.zk.settle.plonk"] ?? PLONK_SETTLE) +
    chunks * (figures["gas.zk.chunk.plonk"] ?? PLONK_CHUNK);
  const dataOf = (job: Job) =>
    hexlify(Uint8Array.from({ length: REQUEST_BYTES + proofBytes(job) }, (_, i) => (i % 3 === 0 ? 0 : 1)));

  it("gives an answer with a proof as much gas as it takes, and not much more", () => {
    for (const chunks of [0, 16]) {
      const job = proved(MEASURED_BYTES + chunks * CHUNK);
      const measured = (figures["gas.zk.settle"] ?? 0) + chunks * (figures["gas.zk.chunk"] ?? 0);
      const limit = Number(fulfilGas(dataOf(job), [gasOf(job)]));
      expect(limit).to.be.greaterThan(measured);
      expect(limit).to.be.lessThan(1.6 * measured);
      expectNear(Number(expectedAnswerGas(gasOf(job))), measured, 0.15 * measured);
    }
  });

  it("gives an answer with a proof of PLONK as much gas as it takes, and not much more", () => {
    for (const chunks of [0, 16, 100]) {
      const bytes = MEASURED_BYTES + chunks * CHUNK;
      const job = proved(bytes, PLONK_BYTES);
      const limit = Number(fulfilGas(dataOf(job), [gasOf(job)]));
      expect(limit).to.be.greaterThan(plonkGas(chunks));
      expect(limit).to.be.lessThan(1.6 * plonkGas(chunks));
      expect(Number(expectedAnswerGas(gasOf(job)))).to.be.greaterThan(0.95 * plonkGas(chunks));
    }
  });

  it("gives a batch of answers as much gas as they take, of either proof system and of both", () => {
    const groth16 = { job: proved(MEASURED_BYTES), measured: figures["gas.zk.settle"] ?? 0 };
    const plonk = { job: proved(MEASURED_BYTES, PLONK_BYTES), measured: plonkGas(0) };
    for (const batch of [
      [plonk, plonk],
      [groth16, plonk],
      [groth16, groth16],
      [plonk, plonk, groth16, plonk, plonk, groth16, plonk, plonk],
    ]) {
      const measured = batch.reduce((sum, one) => sum + one.measured - TRANSACTION_BASE, TRANSACTION_BASE);
      const data = concat(batch.map(({ job }) => dataOf(job)));
      const limit = Number(
        fulfilGas(
          data,
          batch.map(({ job }) => gasOf(job)),
        ),
      );
      expect(limit).to.be.greaterThan(measured);
    }
  });

  it("counts a signal for each 31 bytes of input and output, and what says whose proof it is", () => {
    expect(gasOf(proved(76)).proof).to.deep.include({ signals: 3 });
    expect(gasOf(proved(77)).proof).to.deep.include({ signals: 4 });
    const { proof: _, ...plain } = proved(62);
    expect(gasOf(plain)).to.not.have.property("proof");
  });
});

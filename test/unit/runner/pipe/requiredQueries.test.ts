import type { InferenceRequired } from "@opg-network/sdk/inferenceQuery";
import { decodeInferenceRequired, encodeInferenceRequired } from "@opg-network/sdk/inferenceQuery";
import { expect } from "chai";
import { concat, dataSlice, hexlify, toBeHex } from "ethers";
import fc from "fast-check";
import { requiredBy } from "../../../../offchain-runner/src/pipe/requiredQueries.ts";
import { queries } from "../../../fixtures/queryArbitraries.ts";
import { CONSUMER, PAYER, query } from "../fakes/pipeNode.ts";

const LACK: InferenceRequired = {
  account: PAYER,
  consumer: CONSUMER,
  queries: [query("0x010203"), query("0x")],
};

describe("requiredBy", () => {
  it("reads what Pipe writes", () => {
    fc.assert(
      fc.property(fc.array(queries, { maxLength: 4 }), (asked) => {
        const lack = { ...LACK, queries: asked };
        expect(requiredBy(encodeInferenceRequired(lack))).to.deep.equal(lack);
      }),
      { numRuns: 200 },
    );
  });

  it("takes nothing else, wherever it is cut or changed", () => {
    const data = encodeInferenceRequired(LACK);
    expect(requiredBy("0x")).to.equal(undefined);
    expect(requiredBy(`0xdeadbeef${data.slice(10)}`)).to.equal(undefined);
    for (let length = 4; length < (data.length - 2) / 2; ++length)
      expect(requiredBy(dataSlice(data, 0, length)), `cut at ${length}`).to.equal(undefined);
    for (let at = 4; at < (data.length - 2) / 2; at += 32) {
      const changed = concat([dataSlice(data, 0, at), `0x${"ff".repeat(32)}`, dataSlice(data, at + 32)]);
      const read = requiredBy(changed);
      // Only hashes, amounts and the input itself may be anything.
      if (read !== undefined) expect(read).to.deep.equal(decodeInferenceRequired(changed));
    }
  });

  it("reads no more than there is, however much an encoding unfolds to", () => {
    const queries = 60_000;
    const selector = encodeInferenceRequired(LACK).slice(0, 10);
    const words = (...values: (number | string)[]): string =>
      concat(values.map((value) => (typeof value === "string" ? value : toBeHex(value, 32))));
    const one = dataSlice(
      encodeInferenceRequired({ ...LACK, queries: [query(`0x${"00".repeat(1_000)}`)] }),
      164,
    );
    // Every entry points to the one query that there is.
    const offsets = Buffer.alloc(32 * queries);
    for (let index = 0; index < queries; ++index) offsets.writeUInt32BE(32 * queries, 32 * index + 28);
    const head = words(`0x${"00".repeat(12)}${PAYER.slice(2)}`, `0x${"00".repeat(12)}${CONSUMER.slice(2)}`);
    const bomb = concat([selector, head, words(96, queries), hexlify(offsets), one]);
    const beganAtMs = performance.now();
    expect(requiredBy(bomb)).to.equal(undefined);
    expect(performance.now() - beganAtMs).to.be.lessThan(200);
  });
});

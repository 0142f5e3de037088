import {
  appendResults,
  CARRIED_RESULTS_MAGIC,
  CarriedResultsError,
  decodeBundles,
  encodeBundle,
  encodeBundles,
  type ResultBundle,
  splitResults,
} from "@opg-network/sdk/carriedResults";
import { expect } from "chai";
import { concat, dataLength, dataSlice, getBytes, hexlify, ZeroAddress } from "ethers";
import fc from "fast-check";
import { checkProperty } from "../../fixtures/checkProperty.ts";
import { bundles, hexes } from "../../fixtures/queryArbitraries.ts";

const lists = fc.array(bundles, { maxLength: 4 });

const simple: ResultBundle = {
  consumer: ZeroAddress,
  validUntil: 7,
  results: [
    {
      release: `0x${"11".repeat(32)}`,
      inputHash: `0x${"22".repeat(32)}`,
      mode: 1,
      codec: 1,
      fee: 3n * 10n ** 12n,
      maxCover: 0n,
      output: "0xabcd",
      proof: "0x",
    },
  ],
  signature: `0x${"33".repeat(65)}`,
};

describe("carried results", () => {
  it("lie in the order that the contract reads", () => {
    expect(encodeBundle(simple)).to.equal(
      concat([
        "0x01",
        ZeroAddress,
        "0x0000000007",
        `0x${"11".repeat(32)}`,
        `0x${"22".repeat(32)}`,
        "0x01",
        "0x01",
        "0x00000000000003",
        "0x00000000000000",
        "0x000002",
        "0x000000",
        "0xabcd",
        `0x${"33".repeat(65)}`,
      ]),
    );
  });

  it("survive a round trip", () => {
    checkProperty(
      "carried results: round trip",
      fc.property(lists, (list) => {
        expect(decodeBundles(encodeBundles(list))).to.deep.equal(list);
      }),
      300,
      20_000,
    );
  });

  it("decode to what encodes to the same bytes, or to a typed error", () => {
    let [read, refused] = [0, 0];
    checkProperty(
      "carried results: any bytes",
      fc.property(lists, fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 90 }), (list, at, byte, cut) => {
        const bytes = getBytes(encodeBundles(list));
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        const edited = hexlify(cut < 30 ? bytes.subarray(0, Math.max(0, bytes.length - cut)) : bytes);
        try {
          expect(encodeBundles(decodeBundles(edited))).to.equal(edited);
          read += 1;
        } catch (error) {
          if (!(error instanceof CarriedResultsError)) throw error;
          expect(error.code).to.equal("results-malformed");
          expect(error.data["offset"]).to.be.within(0, dataLength(edited));
          refused += 1;
        }
      }),
      300,
      20_000,
    );
    expect(read, "some are still read").to.be.greaterThan(10);
    expect(refused, "some are refused").to.be.greaterThan(10);
  });

  it("come off a call as they went on", () => {
    checkProperty(
      "carried results: tail",
      fc.property(hexes({ minLength: 0, maxLength: 100 }), lists, (call, list) => {
        const results = encodeBundles(list);
        const data = appendResults(call, results);
        // A call that looks as if it carried something cannot be told from one that does.
        fc.pre(results !== "0x" || !call.endsWith(CARRIED_RESULTS_MAGIC.slice(2)));
        expect(splitResults(data)).to.deep.equal({ call, results });
      }),
      300,
      20_000,
    );
  });

  it("refuse a tail that is longer than the call", () => {
    const data = appendResults("0x12345678", "0xaabb");
    expect(dataSlice(data, dataLength(data) - 4)).to.equal(CARRIED_RESULTS_MAGIC);
    expect(() => splitResults(dataSlice(data, 5))).to.throw(CarriedResultsError);
  });

  it("refuse every truncation", () => {
    const encoded = encodeBundle(simple);
    for (let length = 1; length < dataLength(encoded); ++length)
      expect(() => decodeBundles(dataSlice(encoded, 0, length)), String(length)).to.throw(
        CarriedResultsError,
      );
  });

  it("refuse a bundle of nothing and an unknown mode", () => {
    const [result] = simple.results as [ResultBundle["results"][0]];
    expectCode(() => decodeBundles(`0x00${"00".repeat(90)}`), "results-malformed");
    const encoded = getBytes(encodeBundle(simple));
    encoded[26 + 64] = 3;
    expectCode(() => decodeBundles(hexlify(encoded)), "results-malformed");
    expectCode(() => encodeBundle({ ...simple, results: [{ ...result, mode: 3 }] }), "result-field-invalid");
  });

  it("refuse fields that have no encoding, by name", () => {
    const [result] = simple.results as [ResultBundle["results"][0]];
    const wrong: [string, ResultBundle][] = [
      ["results", { ...simple, results: [] }],
      ["results", { ...simple, results: Array.from({ length: 256 }, () => result) }],
      ["consumer", { ...simple, consumer: "0x12" }],
      ["validUntil", { ...simple, validUntil: 2 ** 40 }],
      ["validUntil", { ...simple, validUntil: 1.5 }],
      ["validUntil", { ...simple, validUntil: -1 }],
      ["signature", { ...simple, signature: "0x" }],
      ["release", { ...simple, results: [{ ...result, release: "0x11" }] }],
      ["codec", { ...simple, results: [{ ...result, codec: 256 }] }],
      ["fee", { ...simple, results: [{ ...result, fee: 1n }] }],
      ["fee", { ...simple, results: [{ ...result, fee: 2n ** 56n * 10n ** 12n }] }],
      ["maxCover", { ...simple, results: [{ ...result, maxCover: -(10n ** 12n) }] }],
      ["proof", { ...simple, results: [{ ...result, mode: 0, proof: "0x01" }] }],
      ["output", { ...simple, results: [{ ...result, output: "abcd" }] }],
      ["output length", { ...simple, results: [{ ...result, output: `0x${"00".repeat(2 ** 24)}` }] }],
    ];
    for (const [field, bundle] of wrong) {
      const error = expectCode(() => encodeBundle(bundle), "result-field-invalid");
      expect(error.data["field"]).to.equal(field);
    }
  });
});

function expectCode(act: () => unknown, code: string): CarriedResultsError {
  try {
    act();
  } catch (error) {
    if (!(error instanceof CarriedResultsError)) throw error;
    expect(error.code).to.equal(code);
    return error;
  }
  throw new Error(`${code} was expected`);
}

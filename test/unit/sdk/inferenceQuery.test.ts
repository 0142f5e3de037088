import {
  allowsMode,
  decodeInferenceRequired,
  decodeQuery,
  encodeInferenceRequired,
  encodeQuery,
  INFERENCE_REQUIRED_SELECTOR,
  QueryMalformedError,
  queryStruct,
} from "@opg-network/sdk/inferenceQuery";
import { demandedBy, demandOf, KEY_ORIGINS } from "@opg-network/sdk/keyOrigin";
import { expect } from "chai";
import fc from "fast-check";
import { IPipe__factory } from "../../../types/factories/contracts/interfaces/IPipe__factory.ts";
import { checkProperty } from "../../fixtures/checkProperty.ts";
import { addresses, queries } from "../../fixtures/queryArbitraries.ts";

const pipe = IPipe__factory.createInterface();

describe("inference queries", () => {
  it("survive a round trip", () => {
    checkProperty(
      "inference query: round trip",
      fc.property(queries, (query) => {
        expect(decodeQuery(encodeQuery(query))).to.deep.equal(query);
      }),
      200,
      10_000,
    );
  });

  it("are read out of the contract's error as they were written into it", () => {
    expect(pipe.getError("InferenceRequired")?.selector).to.equal(INFERENCE_REQUIRED_SELECTOR);
    checkProperty(
      "inference query: error",
      fc.property(addresses, addresses, fc.array(queries, { maxLength: 4 }), (account, consumer, list) => {
        const data = pipe.encodeErrorResult("InferenceRequired", [account, consumer, list.map(queryStruct)]);
        expect(encodeInferenceRequired({ account, consumer, queries: list })).to.equal(data);
        expect(decodeInferenceRequired(data)).to.deep.equal({ account, consumer, queries: list });
      }),
      100,
      10_000,
    );
  });

  it("are not seen in another error, and refused in a broken one", () => {
    expect(decodeInferenceRequired("0x")).to.equal(undefined);
    expect(decodeInferenceRequired("0x08c379a0")).to.equal(undefined);
    expect(() => decodeInferenceRequired(`${INFERENCE_REQUIRED_SELECTOR}00`)).to.throw(QueryMalformedError);
    expect(() => decodeQuery("0x1234")).to.throw(QueryMalformedError);
  });

  it("tell which modes will do", () => {
    expect([0, 1, 2].map((mode) => allowsMode(5, mode))).to.deep.equal([true, false, true]);
  });

  it("demand something of keys beside the modes that will do", () => {
    for (const origin of KEY_ORIGINS) {
      const modes = 5 | demandOf(origin);
      expect(demandedBy(modes)).to.equal(origin);
      expect([0, 1, 2].map((mode) => allowsMode(modes, mode))).to.deep.equal([true, false, true]);
    }
    expect(demandOf("universal")).to.equal(0xc0);
  });
});

import { AmountInvalidError, formatOpg, parseGrains, parseOpg } from "@opg-network/sdk/opg";
import { expect } from "chai";
import fc from "fast-check";

describe("amounts of OPG", () => {
  it("reads decimals as token wei", () => {
    expect(parseOpg("1")).to.equal(10n ** 18n);
    expect(parseOpg("0.000000000000000001")).to.equal(1n);
    expect(parseOpg("12.50")).to.equal(125n * 10n ** 17n);
    expect(parseOpg("0")).to.equal(0n);
    expect(parseGrains("0.000001")).to.equal(10n ** 12n);
    expect(parseGrains("0.0000010")).to.equal(10n ** 12n);
  });

  it("refuses what is no amount", () => {
    for (const text of [
      "",
      " ",
      "-1",
      "+1",
      "1e18",
      "0x1",
      "1,0",
      ".5",
      "5.",
      "1.0000000000000000001",
      "1000000001",
      "١",
    ]) {
      expect(() => parseOpg(text), text).to.throw(AmountInvalidError);
    }
    expect(() => parseGrains("0.0000001")).to.throw(AmountInvalidError);
  });

  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 27n }), (wei) => {
        expect(parseOpg(formatOpg(wei))).to.equal(wei);
      }),
    );
  });
});

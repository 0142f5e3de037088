import { expect } from "chai";
import fc from "fast-check";
import type { FloatDtype } from "../../../sdk/src/dtype.ts";
import { fixedFromFloat, floatFromFixed } from "../../../sdk/src/float.ts";
import { TensorError } from "../../../sdk/src/tensorError.ts";
import { campaign } from "../../fixtures/campaign.ts";
import { checkProperty } from "../../fixtures/checkProperty.ts";
import { decimals, fixedValues, floatBits, floatDtypes } from "../../fixtures/tensorArbitraries.ts";
import { expectTensorError, tensorErrorOf } from "../../fixtures/tensorErrors.ts";
import { codeOf, floatDtypeOf, vectors } from "../../fixtures/tensorVectors.ts";

describe("floatFromFixed", function () {
  this.timeout(campaign.runs(120_000, 3_600_000));
  for (const { name, value, decimals: places, dtype, bits } of vectors.toFloat) {
    it(`converts ${name}: ${value} with ${places} decimals`, () => {
      expect(floatFromFixed(BigInt(value), places, floatDtypeOf(dtype))).to.equal(BigInt(bits));
    });
  }

  for (const { name, value, decimals: places, dtype, error } of vectors.toFloatFails) {
    it(`refuses ${name}`, () => {
      const thrown = tensorErrorOf(() => floatFromFixed(BigInt(value), places, floatDtypeOf(dtype)));
      expect(thrown.code).to.equal(codeOf(error));
    });
  }

  it("refuses what is no int256 and what is no number of decimals", () => {
    for (const value of [2n ** 255n, -(2n ** 255n) - 1n]) {
      expectTensorError(() => floatFromFixed(value, 0, "float64"), "fixed-out-of-range", { value });
    }
    for (const places of [-1, 0.5, Number.NaN]) {
      const data = { decimals: places, max: 60 };
      expectTensorError(() => floatFromFixed(1n, places, "float64"), "fixed-decimals-too-high", data);
    }
  });

  it(`gives the double that JavaScript reads from the same decimal`, () => {
    const property = fc.property(fixedValues, decimals, (value, places) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setFloat64(0, Number(`${value}e-${places}`));
      expect(floatFromFixed(value, places, "float64")).to.equal(view.getBigUint64(0));
    });
    checkProperty("tensor-float", property, 1_000, 100_000);
  });
});

describe("fixedFromFloat", function () {
  this.timeout(campaign.runs(120_000, 3_600_000));
  for (const { name, bits, decimals: places, dtype, value } of vectors.toFixed) {
    it(`converts ${name}: ${bits} with ${places} decimals`, () => {
      expect(fixedFromFloat(BigInt(bits), places, floatDtypeOf(dtype))).to.equal(BigInt(value));
    });
  }

  for (const { name, bits, decimals: places, dtype, error } of vectors.toFixedFails) {
    it(`refuses ${name}`, () => {
      const thrown = tensorErrorOf(() => fixedFromFloat(BigInt(bits), places, floatDtypeOf(dtype)));
      expect(thrown.code).to.equal(codeOf(error));
    });
  }

  it(`is within half a unit, and undoes floatFromFixed where decimals suffice`, () => {
    const floats = floatDtypes.chain((dtype) => fc.tuple(fc.constant(dtype), floatBits(dtype)));
    const property = fc.property(floats, decimals, ([dtype, bits], places) => {
      let value: bigint;
      try {
        value = fixedFromFloat(bits, places, dtype);
      } catch (error) {
        expect(error).to.be.instanceOf(TensorError);
        return;
      }
      const [numerator, denominator] = rationalOf(bits, dtype);
      const off = 2n * (value * denominator - numerator * 10n ** BigInt(places));
      expect(off <= denominator && -off <= denominator).to.equal(true);
      if (off === denominator || -off === denominator) expect(value % 2n).to.equal(0n);
      const precision = dtype === "float32" ? 2n ** 25n : 2n ** 54n;
      const enough = value > precision || -value > precision;
      if (enough) expect(floatFromFixed(value, places, dtype)).to.equal(bits);
    });
    checkProperty("tensor-float", property, 1_000, 100_000);
  });
});

/** The float as a fraction, from the definition of the format. */
function rationalOf(bits: bigint, dtype: FloatDtype): [bigint, bigint] {
  const [fraction, bias, width] = dtype === "float32" ? [23n, 127n, 32n] : [52n, 1023n, 64n];
  const field = (bits >> fraction) & (2n * bias + 1n);
  const significand = (bits % 2n ** fraction) + (field === 0n ? 0n : 2n ** fraction);
  const exponent = (field === 0n ? 1n : field) - bias - fraction;
  const signed = bits >> (width - 1n) === 1n ? -significand : significand;
  return exponent < 0n ? [signed, 2n ** -exponent] : [signed * 2n ** exponent, 1n];
}

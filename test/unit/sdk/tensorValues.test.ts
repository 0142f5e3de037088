import { expect } from "chai";
import fc from "fast-check";
import { DTYPES, type Dtype, type FloatDtype } from "../../../sdk/src/dtype.ts";
import type { Tensor } from "../../../sdk/src/tensor.ts";
import {
  fixedFromTensor,
  integersFromTensor,
  numbersFromTensor,
  tensorFromFixed,
  tensorFromNumbers,
} from "../../../sdk/src/tensorValues.ts";
import { campaign, fastCheckSeed } from "../../fixtures/campaign.ts";
import { checkProperty } from "../../fixtures/checkProperty.ts";
import { dtypes, tensors } from "../../fixtures/tensorArbitraries.ts";
import { expectTensorError } from "../../fixtures/tensorErrors.ts";

describe("tensorFromNumbers", () => {
  it("lays floats out as typed arrays do on a little-endian machine", () => {
    const values = [0.1, -0, 1e-45, Number.POSITIVE_INFINITY, Number.NaN];
    const bytes = new Uint8Array(new Float32Array(values).buffer);
    expect(tensorFromNumbers("float32", [5], values).data).to.deep.equal(bytes);
    expect(numbersFromTensor(tensorFromNumbers("float64", [5], values))).to.deep.equal(values);
  });

  it("takes bigints for every dtype", () => {
    expect(tensorFromNumbers("float32", [], [2n ** 24n + 1n]).data).to.deep.equal(
      new Uint8Array([0, 0, 128, 75]),
    );
    expect(integersFromTensor(tensorFromNumbers("uint64", [1], [2n ** 64n - 1n]))).to.deep.equal([
      2n ** 64n - 1n,
    ]);
  });

  it("refuses a finite number that would become infinite", () => {
    const act = () => tensorFromNumbers("float32", [], [-1e39]);
    expectTensorError(act, "tensor-number-too-large", { value: -1e39, dtype: "float32" });
  });

  it("refuses what is no integer for an integer dtype", () => {
    for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const act = () => tensorFromNumbers("int64", [], [value]);
      expectTensorError(act, "tensor-number-not-integer", { value, dtype: "int64" });
    }
  });

  it("refuses another count of values than the shape has elements", () => {
    const act = (shape: number[], count: number) => () =>
      tensorFromNumbers("int8", shape, new Array(count).fill(0));
    expectTensorError(act([], 0), "tensor-value-count-wrong", { count: 0, expected: 1 });
    expectTensorError(act([2, 3], 5), "tensor-value-count-wrong", { count: 5, expected: 6 });
    expectTensorError(act([2, 0], 1), "tensor-value-count-wrong", { count: 1, expected: 0 });
  });

  it("refuses integers just outside of each dtype and keeps those just inside", () => {
    for (const [dtype, min, max] of integerRanges()) {
      expect(integersFromTensor(tensorFromNumbers(dtype, [2], [min, max]))).to.deep.equal([min, max]);
      for (const value of [min - 1n, max + 1n]) {
        const act = () => tensorFromNumbers(dtype, [], [value]);
        expectTensorError(act, "tensor-integer-out-of-range", { value, dtype });
      }
    }
  });
});

describe("numbersFromTensor", function () {
  this.timeout(campaign.runs(120_000, 3_600_000));
  it("is undone by tensorFromNumbers, except for the payload of NaN", () => {
    const property = fc.property(tensors, (tensor) => {
      fc.pre(tensor.dtype !== "int64" && tensor.dtype !== "uint64");
      const numbers = numbersFromTensor(tensor);
      fc.pre(!numbers.some(Number.isNaN));
      expect(tensorFromNumbers(tensor.dtype, tensor.shape, numbers)).to.deep.equal(tensor);
    });
    checkProperty("tensor-values", property, 300, 20_000);
  });

  it("refuses 64-bit integers that a number cannot hold", () => {
    const value = -(2n ** 53n);
    const tensor = tensorFromNumbers("int64", [1], [value]);
    expectTensorError(() => numbersFromTensor(tensor), "tensor-integer-unsafe", { value, dtype: "int64" });
    expect(numbersFromTensor(tensorFromNumbers("int64", [1], [value + 1n]))).to.deep.equal([
      Number(value + 1n),
    ]);
  });

  it("refuses a tensor whose data does not fit its shape, or whose bools are none", () => {
    const tensor: Tensor = { dtype: "bool", shape: [2], data: new Uint8Array([1]) };
    expectTensorError(() => numbersFromTensor(tensor), "tensor-length-wrong", { length: 1, expected: 2 });
    const wrong = { ...tensor, data: new Uint8Array([1, 2]) };
    expectTensorError(() => numbersFromTensor(wrong), "tensor-bool-invalid", { index: 1, value: 2 });
  });
});

describe("integersFromTensor", function () {
  this.timeout(campaign.runs(120_000, 3_600_000));
  it("is undone by tensorFromNumbers", () => {
    const property = fc.property(tensors, (tensor) => {
      fc.pre(DTYPES[tensor.dtype].kind !== "float");
      expect(tensorFromNumbers(tensor.dtype, tensor.shape, integersFromTensor(tensor))).to.deep.equal(tensor);
    });
    checkProperty("tensor-values", property, 300, 20_000);
  });

  it("refuses floats", () => {
    const tensor = tensorFromNumbers("float32", [], [1]);
    expectTensorError(() => integersFromTensor(tensor), "tensor-dtype-not-integer", { dtype: "float32" });
  });
});

describe("fixed-point tensors", () => {
  it("read back what a float of that size can hold", () => {
    const values = [2_610_990_000n, -3_127n, 0n];
    const tensor = tensorFromFixed("float64", [3], values, 6);
    expect(numbersFromTensor(tensor)).to.deep.equal([2610.99, -0.003127, 0]);
    expect(fixedFromTensor(tensor, 6)).to.deep.equal(values);
  });

  it("refuse integer dtypes and too many decimals, even when empty", () => {
    fc.assert(
      fc.property(dtypes, (dtype) => {
        fc.pre(DTYPES[dtype].kind !== "float");
        const empty = tensorFromNumbers(dtype, [0], []);
        expectTensorError(() => fixedFromTensor(empty, 0), "tensor-dtype-not-float", { dtype });
        const act = () => tensorFromFixed(dtype as FloatDtype, [0], [], 0);
        expectTensorError(act, "tensor-dtype-not-float", { dtype });
      }),
      { seed: fastCheckSeed },
    );
    const data = { decimals: 61, max: 60 };
    expectTensorError(() => tensorFromFixed("float32", [0], [], 61), "fixed-decimals-too-high", data);
    const empty = tensorFromNumbers("float32", [0], []);
    expectTensorError(() => fixedFromTensor(empty, 61), "fixed-decimals-too-high", data);
  });
});

function integerRanges(): [Dtype, bigint, bigint][] {
  return [
    ["uint8", 0n, 255n],
    ["int8", -128n, 127n],
    ["uint16", 0n, 65535n],
    ["int16", -32768n, 32767n],
    ["int32", -(2n ** 31n), 2n ** 31n - 1n],
    ["int64", -(2n ** 63n), 2n ** 63n - 1n],
    ["bool", 0n, 1n],
    ["uint32", 0n, 2n ** 32n - 1n],
    ["uint64", 0n, 2n ** 64n - 1n],
  ];
}

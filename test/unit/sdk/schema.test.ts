import { expect } from "chai";
import { checkAgainstSchema, parseTensorSchema, type TensorSpec } from "../../../sdk/src/schema.ts";
import type { Tensor } from "../../../sdk/src/tensor.ts";
import { tensorFromNumbers } from "../../../sdk/src/tensorValues.ts";
import { expectTensorError } from "../../fixtures/tensorErrors.ts";

const SCHEMA: TensorSpec[] = [
  { name: "candles", dtype: "float32", shape: [-1, 24, 4] },
  { name: "live", dtype: "bool", shape: [] },
];

const candles = tensorFromNumbers("float32", [1, 24, 4], new Array(96).fill(0));
const live = tensorFromNumbers("bool", [], [1]);

describe("checkAgainstSchema", () => {
  const check = (tensors: Tensor[]) => () => checkAgainstSchema(tensors, SCHEMA);

  it("accepts what fits, any size where the schema is dynamic", () => {
    check([candles, live])();
    check([tensorFromNumbers("float32", [0, 24, 4], []), live])();
    checkAgainstSchema([], []);
  });

  it("refuses another number of tensors", () => {
    expectTensorError(check([candles]), "tensor-count-wrong", { count: 1, expected: 2 });
    expectTensorError(check([candles, live, live]), "tensor-count-wrong", { count: 3, expected: 2 });
  });

  it("names the tensor whose dtype, rank, dimension or data is wrong", () => {
    const dtype = { ...candles, dtype: "int32" } as const;
    const candlesIn = { tensor: "candles" };
    expectTensorError(check([dtype, live]), "tensor-dtype-wrong", {
      dtype: "int32",
      expected: "float32",
      ...candlesIn,
    });
    const flat = { ...candles, shape: [96] };
    expectTensorError(check([flat, live]), "tensor-rank-wrong", { rank: 1, expected: 3, ...candlesIn });
    const turned = { ...candles, shape: [1, 4, 24] };
    const dimension = { axis: 1, dimension: 4, expected: 24, ...candlesIn };
    expectTensorError(check([turned, live]), "tensor-dimension-wrong", dimension);
    const short = { ...candles, data: new Uint8Array(383) };
    expectTensorError(check([short, live]), "tensor-length-wrong", {
      length: 383,
      expected: 384,
      ...candlesIn,
    });
    const maybe = { ...live, data: new Uint8Array([2]) };
    expectTensorError(check([candles, maybe]), "tensor-bool-invalid", { index: 0, value: 2, tensor: "live" });
    const endless = { ...candles, shape: [Number.POSITIVE_INFINITY, 24, 4] };
    const invalid = { axis: 0, dimension: Number.POSITIVE_INFINITY, ...candlesIn };
    expectTensorError(check([endless, live]), "tensor-dimension-invalid", invalid);
  });
});

describe("parseTensorSchema", () => {
  it("takes a schema and drops what it does not know", () => {
    const entries = SCHEMA.map((spec) => ({ ...spec, description: "as in a manifest" }));
    expect(parseTensorSchema(entries)).to.deep.equal(SCHEMA);
    expect(parseTensorSchema([])).to.deep.equal([]);
  });

  const spec = SCHEMA[0] as TensorSpec;
  const cases: [string, unknown, string, string][] = [
    ["no array", {}, "schema", "not an array"],
    ["too many tensors", new Array(65).fill(spec), "schema", "more than 64 tensors"],
    ["no object", [null], "[0]", "not an object"],
    ["no name", [{ ...spec, name: "" }], "[0].name", "not a name"],
    ["a name used twice", [spec, { ...spec }], "[1].name", '"candles" is used twice'],
    ["strings", [{ ...spec, dtype: "string" }], "[0].dtype", "string is not carried by this encoding"],
    ["a dtype number", [{ ...spec, dtype: 1 }], "[0].dtype", "1 is not carried by this encoding"],
    ["no shape", [{ ...spec, shape: 3 }], "[0].shape", "not an array of at most 8 dimensions"],
    [
      "rank 9",
      [{ ...spec, shape: new Array(9).fill(1) }],
      "[0].shape",
      "not an array of at most 8 dimensions",
    ],
    [
      "a bad dimension",
      [{ ...spec, shape: [1, -2] }],
      "[0].shape[1]",
      "not -1 or an integer from 0 to 2^31 - 1",
    ],
    [
      "a wide dimension",
      [{ ...spec, shape: [2 ** 31] }],
      "[0].shape[0]",
      "not -1 or an integer from 0 to 2^31 - 1",
    ],
  ];
  for (const [name, value, path, problem] of cases) {
    it(`refuses ${name}`, () => {
      expectTensorError(() => parseTensorSchema(value), "tensor-schema-invalid", { path, problem });
    });
  }
});

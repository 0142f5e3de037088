import { expect } from "chai";
import type { ModelErrorCode } from "../../../../offchain-runner/src/hub/modelError.ts";
import { ModelError } from "../../../../offchain-runner/src/hub/modelError.ts";
import { ONNX_LIMITS } from "../../../../offchain-runner/src/hub/onnxFile.ts";
import type { ReleaseSchema } from "../../../../offchain-runner/src/hub/onnxInterface.ts";
import { checkOnnxPolicy } from "../../../../offchain-runner/src/hub/onnxPolicy.ts";
import type { OnnxGraph, OnnxNode } from "../../../../offchain-runner/src/hub/onnxSchema.ts";
import { affine, countedLoop, dense, integerDivision } from "../../../fixtures/models/make.ts";
import {
  asFloat,
  asGraph,
  asInt,
  asInts,
  asTensor,
  asText,
  BOOL,
  external,
  FLOAT,
  floats,
  graph,
  INT8,
  INT32,
  INT64,
  ints,
  localFunction,
  longs,
  type ModelOptions,
  model,
  node,
  tensor,
  value,
} from "../../../fixtures/models/onnxBuilder.ts";

const FLOATS: ReleaseSchema = {
  inputs: [{ name: "x", dtype: "float32", shape: [-1] }],
  outputs: [{ name: "y", dtype: "float32", shape: [-1] }],
};
const INTS: ReleaseSchema = {
  inputs: [{ name: "x", dtype: "int32", shape: [-1] }],
  outputs: [{ name: "y", dtype: "int32", shape: [-1] }],
};
const NO_FILES = new Map<string, { size: number }>();

function check(bytes: Uint8Array, schema: ReleaseSchema, files = NO_FILES): void {
  checkOnnxPolicy({ bytes, path: "net/model.onnx", files, schema });
}

function refusal(bytes: Uint8Array, schema: ReleaseSchema = FLOATS, files = NO_FILES): ModelError {
  try {
    check(bytes, schema, files);
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  throw new Error("the model was accepted");
}

function expectRefusal(
  bytes: Uint8Array,
  code: ModelErrorCode,
  schema = FLOATS,
  files = NO_FILES,
): ModelError {
  const error = refusal(bytes, schema, files);
  expect(error.code, error.message).to.equal(code);
  expect(error.retryable).to.equal(false);
  return error;
}

function floatModel(
  nodes: OnnxNode[],
  parts: Partial<OnnxGraph> = {},
  options: ModelOptions = {},
): Uint8Array {
  const [inputs, outputs] = [[value("x", FLOAT, ["n"])], [value("y", FLOAT, ["n"])]];
  return model({ nodes, inputs, outputs, ...parts }, options);
}

function intModel(nodes: OnnxNode[], parts: Partial<OnnxGraph> = {}, options: ModelOptions = {}): Uint8Array {
  const [inputs, outputs] = [[value("x", INT32, ["n"])], [value("y", INT32, ["n"])]];
  return model({ nodes, inputs, outputs, ...parts }, options);
}

const divide = (divisor: string) => node("Div", ["x", divisor], ["y"]);

describe("checkOnnxPolicy", () => {
  it("accepts ordinary models", () => {
    for (const { bytes, schema } of [affine(), dense({ rows: 1, size: 8 }), countedLoop()])
      check(bytes, schema);
  });

  describe("on randomness", () => {
    const shape = { shape: asInts([3n]) };
    const cases: [string, OnnxNode, ModelOptions?][] = [
      ["RandomNormal", node("RandomNormal", [], ["y"], shape)],
      ["RandomUniform", node("RandomUniform", [], ["y"], shape)],
      ["RandomNormalLike", node("RandomNormalLike", ["x"], ["y"])],
      ["RandomUniformLike", node("RandomUniformLike", ["x"], ["y"])],
      ["Multinomial", node("Multinomial", ["x"], ["y"])],
      ["Bernoulli", node("Bernoulli", ["x"], ["y"])],
      ["Dropout whose mode the caller gives", node("Dropout", ["x", "", "x"], ["y"])],
      ["Dropout of an opset that trains by default", node("Dropout", ["x"], ["y"]), { opset: 6n }],
      [
        "BatchNormalization in training mode",
        node("BatchNormalization", ["x"], ["y"], { training_mode: asInt(1n) }),
      ],
      [
        "BatchNormalization with a mode of another type",
        node("BatchNormalization", ["x"], ["y"], { training_mode: asFloat(1) }),
      ],
      [
        "BatchNormalization that returns its batch",
        node("BatchNormalization", ["x"], ["y", "mean"]),
        { opset: 9n },
      ],
      ["BatchNormalization that trains by default", node("BatchNormalization", ["x"], ["y"]), { opset: 6n }],
    ];
    for (const [title, random, options] of cases) {
      it(`refuses ${title}`, () => {
        const error = expectRefusal(floatModel([random], {}, options), "model-operator-refused");
        expect(error.data.operator).to.equal(random.opType);
        expect(error.data.node).to.equal(random.name);
      });
    }

    it("refuses dropout that a constant switches on, and accepts it switched off", () => {
      const nodes = [node("Dropout", ["x", "", "mode"], ["y"])];
      const mode = (on: number) => ({ initializers: [tensor("mode", BOOL, [], Uint8Array.of(on))] });
      expectRefusal(floatModel(nodes, mode(1)), "model-operator-refused");
      check(floatModel(nodes, mode(0)), FLOATS);
      check(floatModel([node("Dropout", ["x"], ["y"])]), FLOATS);
      check(floatModel([node("Dropout", ["x"], ["y"])], {}, { opset: 9n }), FLOATS);
    });

    it("looks into branches, loops and functions", () => {
      const random = node("RandomUniformLike", ["x"], ["r"]);
      const inner = graph({ nodes: [random], outputs: [value("r", FLOAT, ["n"])] });
      const branch = node("If", ["c"], ["y"], { then_branch: asGraph(inner), else_branch: asGraph(inner) });
      expectRefusal(
        floatModel([branch], { initializers: [tensor("c", BOOL, [], Uint8Array.of(1))] }),
        "model-operator-refused",
      );
      const body = localFunction("Noise", { inputs: ["x"], outputs: ["r"], nodes: [random] });
      const call = node("Noise", ["x"], ["y"], {}, "local");
      const options = { functions: [body], domains: { local: 1n } };
      expectRefusal(floatModel([call], {}, options), "model-operator-refused");
    });
  });

  describe("on operator sets", () => {
    it("refuses domains that the runtime does not have", () => {
      const bytes = floatModel(
        [node("Magic", ["x"], ["y"], {}, "acme.ops")],
        {},
        { domains: { "acme.ops": 1n } },
      );
      expect(expectRefusal(bytes, "model-domain-refused").data.operator).to.equal("acme.ops.Magic");
    });

    it("opens com.microsoft by name only", () => {
      const options = { domains: { "com.microsoft": 1n } };
      check(floatModel([node("Gelu", ["x"], ["y"], {}, "com.microsoft")], {}, options), FLOATS);
      expectRefusal(
        floatModel([node("Sampling", ["x"], ["y"], {}, "com.microsoft")], {}, options),
        "model-domain-refused",
      );
    });

    it("refuses an operator set that is used and not imported", () => {
      expectRefusal(floatModel([node("Scaler", ["x"], ["y"], {}, "ai.onnx.ml")]), "model-domain-refused");
    });

    it("refuses a local function in the place of a runtime operator", () => {
      const fake = localFunction("Relu", {
        domain: "",
        inputs: ["x"],
        outputs: ["y"],
        nodes: [node("Identity", ["x"], ["y"])],
      });
      expectRefusal(
        floatModel([node("Relu", ["x"], ["y"])], {}, { functions: [fake] }),
        "model-domain-refused",
      );
    });

    it("refuses one attribute given twice, and training graphs", () => {
      const twice = node("Dropout", ["x"], ["y"]);
      twice.attributes = [
        ...node("A", [], [], { seed: asInt(1n) }).attributes,
        ...node("A", [], [], { seed: asInt(2n) }).attributes,
      ];
      expectRefusal(floatModel([twice]), "model-malformed");
      expectRefusal(
        floatModel([node("Neg", ["x"], ["y"])], {}, { trainingInfo: [new Uint8Array(3)] }),
        "model-malformed",
      );
    });
  });

  // RULES 25: INT_MIN / -1 and its remainder kill the runtime.
  describe("on integer division", () => {
    it("refuses a divisor that the caller gives", () => {
      const { bytes, schema } = integerDivision();
      expect(expectRefusal(bytes, "model-divisor-refused", schema).data.operator).to.equal("Div");
    });

    it("accepts positive constants, however they are stored", () => {
      const packed = { ...tensor("d", INT32, [2]), int32Data: [Uint8Array.of(2, 0xac, 0x02)] };
      check(intModel([divide("d")], { initializers: [tensor("d", INT32, [2], ints([2, 3]))] }), INTS);
      check(intModel([divide("d")], { initializers: [packed] }), INTS);
      check(
        intModel([
          node("Constant", [], ["d"], { value: asTensor(tensor("", INT32, [1], ints([7]))) }),
          divide("d"),
        ]),
        INTS,
      );
      check(
        intModel([node("Identity", ["c"], ["d"]), divide("d")], {
          initializers: [tensor("c", INT32, [1], ints([7]))],
        }),
        INTS,
      );
    });

    it("accepts the constant forms that carry 64-bit integers", () => {
      const longInts: ReleaseSchema = {
        inputs: [{ name: "x", dtype: "int64", shape: [-1] }],
        outputs: [{ name: "y", dtype: "int64", shape: [-1] }],
      };
      const parts = { inputs: [value("x", INT64, ["n"])], outputs: [value("y", INT64, ["n"])] };
      for (const constant of [{ value_int: asInt(5n) }, { value_ints: asInts([5n, 6n]) }]) {
        check(model({ nodes: [node("Constant", [], ["d"], constant), divide("d")], ...parts }), longInts);
      }
      const negative = [node("Constant", [], ["d"], { value_ints: asInts([5n, -1n]) }), divide("d")];
      expectRefusal(model({ nodes: negative, ...parts }), "model-divisor-refused", longInts);
    });

    const bad: [string, Partial<OnnxGraph>][] = [
      ["-1", { initializers: [tensor("d", INT32, [1], ints([-1]))] }],
      ["0", { initializers: [tensor("d", INT32, [1], ints([0]))] }],
      ["-1 among others", { initializers: [tensor("d", INT32, [3], ints([4, 5, -1]))] }],
      [
        "a varint that becomes -1 in its type",
        { initializers: [{ ...tensor("d", INT8, [1]), int32Data: [Uint8Array.of(0xff, 1)] }] },
      ],
      [
        "a default that the caller may replace",
        {
          initializers: [tensor("d", INT32, [1], ints([2]))],
          inputs: [value("x", INT32, ["n"]), value("d", INT32, [1])],
        },
      ],
    ];
    for (const [title, parts] of bad) {
      it(`refuses ${title}`, () => {
        expectRefusal(intModel([divide("d")], parts), "model-divisor-refused", INTS);
      });
    }

    it("refuses it for Mod as for Div", () => {
      expectRefusal(intModel([node("Mod", ["x", "x"], ["y"])]), "model-divisor-refused", INTS);
    });

    it("lets floats be divided by anything, through operators, casts, branches and functions", () => {
      check(floatModel([node("Sqrt", ["x"], ["s"]), divide("s")]), FLOATS);
      check(
        intModel([
          node("Cast", ["x"], ["f"], { to: asInt(1n) }),
          node("Div", ["f", "f"], ["q"]),
          node("Cast", ["q"], ["y"], { to: asInt(6n) }),
        ]),
        INTS,
      );
      const body = localFunction("Ratio", {
        inputs: ["a", "b"],
        outputs: ["c"],
        nodes: [node("Div", ["a", "b"], ["c"])],
      });
      const call = node("Ratio", ["x", "x"], ["y"], {}, "local");
      const options = { functions: [body], domains: { local: 1n } };
      check(floatModel([call], {}, options), FLOATS);
      expectRefusal(intModel([call], {}, options), "model-divisor-refused", INTS);
      const inner = graph({ nodes: [node("Div", ["x", "x"], ["q"])], outputs: [value("q", FLOAT, ["n"])] });
      const branch = node("If", ["c"], ["y"], { then_branch: asGraph(inner), else_branch: asGraph(inner) });
      const condition = { initializers: [tensor("c", BOOL, [], Uint8Array.of(1))] };
      check(floatModel([branch], condition), FLOATS);
      expectRefusal(intModel([branch], condition), "model-divisor-refused", INTS);
    });

    it("refuses a constant of the outer graph that an inner value hides", () => {
      const inner = graph({
        inputs: [value("i", INT64, []), value("go", BOOL, []), value("d", INT32, ["n"])],
        nodes: [node("Identity", ["go"], ["goOn"]), node("Div", ["x", "d"], ["next"])],
        outputs: [value("goOn", BOOL, []), value("next", INT32, ["n"])],
      });
      const loop = node("Loop", ["times", "", "x"], ["y"], { body: asGraph(inner) });
      const initializers = [tensor("times", INT64, [], longs([1n])), tensor("d", INT32, [1], ints([2]))];
      expectRefusal(intModel([loop], { initializers }), "model-divisor-refused", INTS);
    });

    it("asks for a declared type where it cannot tell one, and believes it (the runtime checks it)", () => {
      const nodes = [node("SequenceAt", ["x", "x"], ["s"]), node("Div", ["s", "s"], ["y"])];
      const error = refusal(floatModel(nodes, { outputs: [value("y", FLOAT, ["n"])] }));
      expect(error.code).to.equal("model-divisor-refused");
      expect(error.data.reason).to.contain("value_info");
      check(floatModel(nodes, { valueInfo: [value("s", FLOAT, ["n"])] }), FLOATS);
    });

    it("refuses a divisor that is stored outside the model", () => {
      const parts = { initializers: [external("d", INT32, [1], "d.bin")] };
      expectRefusal(
        intModel([divide("d")], parts),
        "model-divisor-refused",
        INTS,
        new Map([["net/d.bin", { size: 4 }]]),
      );
    });
  });

  describe("on data outside the model", () => {
    const weights = (location: string, range = {}) =>
      floatModel([node("Add", ["x", "w"], ["y"])], {
        initializers: [external("w", FLOAT, [2], location, range)],
      });
    const files = new Map([
      ["net/w.bin", { size: 8 }],
      ["secret.bin", { size: 8 }],
    ]);

    it("accepts a file of the release beside the model", () => {
      check(weights("w.bin"), FLOATS, files);
      check(weights("w.bin", { offset: 0, length: 8 }), FLOATS, files);
    });

    const climbing = [
      "../secret.bin",
      "/etc/passwd",
      "a/../../secret.bin",
      "..\\secret.bin",
      "C:\\w.bin",
      "./w.bin",
      "w.bin\0",
      "",
      "*/_ORT_MEM_ADDR_/*",
      "file:///etc/passwd",
    ];
    for (const location of climbing) {
      it(`refuses ${JSON.stringify(location)}`, () => {
        expectRefusal(weights(location), "model-external-data-refused", FLOATS, files);
      });
    }

    it("refuses a file that the release does not list, and reading past one's end", () => {
      expectRefusal(weights("other.bin"), "model-external-data-refused", FLOATS, files);
      expectRefusal(weights("w.bin", { offset: 4 }), "model-external-data-refused", FLOATS, files);
      expectRefusal(weights("w.bin", { offset: -1 }), "model-external-data-refused", FLOATS, files);
    });

    it("refuses a length that is not the shape's, and data in two places", () => {
      expectRefusal(weights("w.bin", { length: 4 }), "model-shape-refused", FLOATS, files);
      const both = { ...external("w", FLOAT, [2], "w.bin"), rawData: floats([1, 2]) };
      expectRefusal(
        floatModel([node("Add", ["x", "w"], ["y"])], { initializers: [both] }),
        "model-shape-refused",
        FLOATS,
        files,
      );
    });

    it("looks into attributes of nodes too", () => {
      const constant = node("Constant", [], ["w"], {
        value: asTensor(external("w", FLOAT, [2], "../secret.bin")),
      });
      expectRefusal(
        floatModel([constant, node("Add", ["x", "w"], ["y"])]),
        "model-external-data-refused",
        FLOATS,
        files,
      );
    });
  });

  describe("on shapes", () => {
    const declared = (dims: number[], data?: Uint8Array) =>
      floatModel([node("Add", ["x", "w"], ["y"])], { initializers: [tensor("w", FLOAT, dims, data)] });

    it("refuses tensors that their data do not fill", () => {
      for (const bytes of [
        declared([1_000_000]),
        declared([3], floats([1, 2])),
        declared([1], floats([1, 2])),
      ]) {
        expect(expectRefusal(bytes, "model-shape-refused").data.value).to.equal("w");
      }
    });

    it("refuses products that overflow, also behind a zero, negative sizes and absurd ranks", () => {
      const huge = 2 ** 40;
      for (const dims of [[huge, huge, huge], [huge, huge, 0], [-1], new Array<number>(33).fill(1)]) {
        expectRefusal(declared(dims, floats([])), "model-shape-refused");
      }
      expectRefusal(
        floatModel([node("Neg", ["x"], ["y"])], { valueInfo: [value("h", FLOAT, [2n ** 62n, 2n ** 62n])] }),
        "model-shape-refused",
      );
    });

    it("refuses data types that do not exist", () => {
      expectRefusal(
        floatModel([], { initializers: [tensor("w", 99, [1], floats([1]))] }),
        "model-shape-refused",
      );
    });
  });

  describe("on structure", () => {
    it("refuses a cycle, directly and through a branch", () => {
      const bytes = floatModel([
        node("Add", ["x", "b"], ["a"]),
        node("Neg", ["a"], ["b"]),
        node("Neg", ["a"], ["y"]),
      ]);
      expectRefusal(bytes, "model-cycle");
      const inner = graph({ nodes: [node("Neg", ["y"], ["q"])], outputs: [value("q", FLOAT, ["n"])] });
      const branch = node("If", ["c"], ["y"], { then_branch: asGraph(inner), else_branch: asGraph(inner) });
      expectRefusal(
        floatModel([branch], { initializers: [tensor("c", BOOL, [], Uint8Array.of(1))] }),
        "model-cycle",
      );
    });

    it("accepts nodes in any order, as the runtime does", () => {
      check(floatModel([node("Neg", ["a"], ["y"]), node("Abs", ["x"], ["a"])]), FLOATS);
    });

    it("refuses a function that calls itself, and functions that multiply without end", () => {
      const call = (name: string, input: string, output: string) =>
        node(name, [input], [output], {}, "local");
      const domains = { local: 1n };
      const self = localFunction("F", {
        inputs: ["a"],
        outputs: ["b"],
        nodes: [call("F", "a", "b")],
        opsets: [{ domain: "local", version: 1n }],
      });
      expectRefusal(floatModel([call("F", "x", "y")], {}, { functions: [self], domains }), "model-cycle");
      const opsets = [
        { domain: "local", version: 1n },
        { domain: "", version: 17n },
      ];
      const laughs = Array.from({ length: 30 }, (_, level) =>
        localFunction(`F${level}`, {
          inputs: ["a"],
          outputs: ["c"],
          opsets,
          nodes:
            level === 0
              ? [node("Neg", ["a"], ["c"])]
              : [call(`F${level - 1}`, "a", "b"), call(`F${level - 1}`, "b", "c")],
        }),
      );
      expectRefusal(
        floatModel([call("F29", "x", "y")], {}, { functions: laughs, domains }),
        "model-too-large",
      );
    });

    it("refuses a value that is defined twice", () => {
      expectRefusal(
        floatModel([node("Neg", ["x"], ["y"]), node("Abs", ["x"], ["y"])]),
        "model-duplicate-value",
      );
      const w = tensor("w", FLOAT, [1], floats([1]));
      expectRefusal(
        floatModel([node("Add", ["x", "w"], ["y"])], { initializers: [w, w] }),
        "model-duplicate-value",
      );
      expectRefusal(
        floatModel([node("Neg", ["x"], ["w"]), node("Neg", ["w"], ["y"])], { initializers: [w] }),
        "model-duplicate-value",
      );
    });

    it("refuses graphs nested too deeply", () => {
      let inner = graph({ nodes: [node("Identity", ["x"], ["q"])], outputs: [value("q", FLOAT, ["n"])] });
      for (let level = 0; level < 40; level++) {
        const branch = node("If", ["c"], ["q"], { then_branch: asGraph(inner), else_branch: asGraph(inner) });
        inner = graph({ nodes: [branch], outputs: [value("q", FLOAT, ["n"])] });
        if (level < 3) continue;
        inner = graph({
          nodes: [node("If", ["c"], ["q"], { then_branch: asGraph(inner) })],
          outputs: [value("q", FLOAT, ["n"])],
        });
        if (level > 8) break;
      }
      expectRefusal(
        floatModel([node("If", ["c"], ["y"], { then_branch: asGraph(inner) })]),
        "model-too-deep",
      );
    });
  });

  describe("on the file", () => {
    it("refuses every truncation of a model, and noise", () => {
      const { bytes, schema } = affine();
      for (let length = 0; length < bytes.length; length++) refusal(bytes.subarray(0, length), schema);
      let state = 1;
      const noise = () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state >>> 24;
      };
      for (let round = 0; round < 500; round++) refusal(Uint8Array.from({ length: 200 }, noise), schema);
    });

    it("survives every single flipped byte", () => {
      const { bytes, schema } = affine();
      for (let at = 0; at < bytes.length; at++) {
        const flipped = Uint8Array.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ 0xff;
        try {
          check(flipped, schema);
        } catch (error) {
          if (!(error instanceof ModelError)) throw error;
        }
      }
    });

    it("refuses a length that reaches beyond the file or beyond what holds it", () => {
      expectRefusal(Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x07), "model-malformed");
      expectRefusal(Uint8Array.of(0x3a, 0x03, 0x0a, 0x05, 0x00, 0x00, 0x00), "model-malformed");
    });

    it("refuses groups, wrong wire types and single fields given twice", () => {
      expectRefusal(Uint8Array.of(0x0b, 0x0c), "model-malformed");
      expectRefusal(Uint8Array.of(0x38, 0x00), "model-malformed");
      expectRefusal(Uint8Array.of(0x3a, 0x00, 0x3a, 0x00), "model-malformed");
    });

    it("refuses names that are not UTF-8", () => {
      expectRefusal(Uint8Array.of(0x3a, 0x03, 0x12, 0x01, 0xff), "model-malformed");
    });

    it("refuses a file that is too long or holds too much", () => {
      const { bytes, schema } = affine();
      const subject = { bytes, path: "model.onnx", files: NO_FILES, schema };
      for (const limits of [
        { ...ONNX_LIMITS, maxFileBytes: 10 },
        { ...ONNX_LIMITS, maxItems: 10 },
      ]) {
        expect(() => checkOnnxPolicy(subject, limits))
          .to.throw(ModelError)
          .with.property("code", "model-too-large");
      }
      const empties = new Uint8Array(2 * ONNX_LIMITS.maxItems + 2).fill(0);
      for (let at = 0; at < empties.length; at += 2) empties[at] = 0x42;
      expectRefusal(empties, "model-too-large");
    });
  });

  describe("on the declared schema", () => {
    const bytes = floatModel([node("Neg", ["x"], ["y"])]);
    const [input, output] = [FLOATS.inputs[0], FLOATS.outputs[0]];
    if (input === undefined || output === undefined) throw new Error("schema");
    const cases: [string, ReleaseSchema][] = [
      ["an input of another name", { ...FLOATS, inputs: [{ ...input, name: "z" }] }],
      ["an input of another type", { ...FLOATS, inputs: [{ ...input, dtype: "float64" }] }],
      ["an input of another rank", { ...FLOATS, inputs: [{ ...input, shape: [-1, 2] }] }],
      ["an input that the model lacks", { ...FLOATS, inputs: [input, { ...input, name: "z" }] }],
      ["an input twice", { ...FLOATS, inputs: [input, input] }],
      ["no input", { ...FLOATS, inputs: [] }],
      ["an output that the model lacks", { ...FLOATS, outputs: [{ ...output, name: "z" }] }],
      ["an output of another type", { ...FLOATS, outputs: [{ ...output, dtype: "int32" }] }],
      ["no output", { ...FLOATS, outputs: [] }],
    ];
    for (const [title, schema] of cases) {
      it(`refuses ${title}`, () => {
        expectRefusal(bytes, "model-schema-mismatch", schema);
      });
    }

    it("lets a release promise less than the model can do, never more", () => {
      const shaped = (promised: number): ReleaseSchema => ({
        ...FLOATS,
        inputs: [{ ...input, shape: [promised] }],
      });
      check(bytes, shaped(3));
      const fixed = floatModel([node("Neg", ["x"], ["y"])], { inputs: [value("x", FLOAT, [3])] });
      check(fixed, shaped(3));
      expectRefusal(fixed, "model-schema-mismatch", shaped(-1));
      expectRefusal(fixed, "model-schema-mismatch", shaped(4));
      const fixedOutput = floatModel([node("Neg", ["x"], ["y"])], { outputs: [value("y", FLOAT, [3])] });
      check(fixedOutput, FLOATS);
      expectRefusal(fixedOutput, "model-schema-mismatch", {
        ...FLOATS,
        outputs: [{ ...output, shape: [2] }],
      });
    });

    it("needs no declaration of an input that has a default", () => {
      const parts = {
        inputs: [value("x", FLOAT, ["n"]), value("w", FLOAT, [1])],
        initializers: [tensor("w", FLOAT, [1], floats([1]))],
      };
      check(floatModel([node("Add", ["x", "w"], ["y"])], parts), FLOATS);
    });
  });

  it("accepts text attributes and unknown fields", () => {
    check(floatModel([node("Resize", ["x"], ["y"], { mode: asText("linear") })]), FLOATS);
  });
});

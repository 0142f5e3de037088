import { expect } from "chai";
import type { Sample } from "../../../../offchain-runner/src/exact/quantize/calibration.ts";
import { quantize } from "../../../../offchain-runner/src/exact/quantize/quantize.ts";
import { asInt, asInts, DOUBLE, FLOAT, model, node, value } from "../../../fixtures/models/onnxBuilder.ts";
import { expectError } from "../expectError.ts";
import { NetBuilder } from "./floatNets.ts";

function sample(dims: number[], data: number[]): Sample {
  return new Map([["x", { dims, data: Float32Array.from(data) }]]);
}

async function refused(make: (net: NetBuilder) => string, shape: number[]) {
  const net = new NetBuilder(1);
  const output = make(net);
  const { bytes, samples } = net.build(output, shape, () => 1 + net.random(), 4);
  return await expectError(quantize(bytes, samples), "quantize-operator-unsupported");
}

describe("quantize, what it refuses", () => {
  it("names the node, the operator and the reason", async () => {
    const { data, message } = await refused((net) => net.add("Floor", ["x"]), [1, 3]);
    expect(data).to.include({ node: "Floor_v1", operator: "Floor" });
    expect(message).to.include("Floor_v1 (Floor)").and.to.include("Gemm");
  });

  it("refuses what has no exact form", async () => {
    const cases: [string, (net: NetBuilder) => string, number[]][] = [
      ["a divisor that depends on data", (net) => net.add("Div", [net.constant([], [1]), "x"]), [1, 3]],
      ["a divisor that depends on data", (net) => net.add("Div", ["x", net.add("Relu", ["x"])]), [1, 3]],
      ["weights that depend on data", (net) => net.add("MatMul", ["x", "x"]), [3, 3]],
      [
        "groups",
        (net) => net.add("Conv", ["x", net.weights([2, 1, 3, 3], 1)], { group: asInt(2n) }),
        [1, 2, 4, 4],
      ],
      [
        "overlapping averages",
        (net) => net.add("AveragePool", ["x"], { kernel_shape: asInts([2n, 2n]) }),
        [1, 1, 4, 4],
      ],
      ["softmax over rows", (net) => net.add("Softmax", ["x"], { axis: asInt(0n) }), [2, 3]],
    ];
    for (const [, make, shape] of cases) await refused(make, shape);
  });

  it("refuses sums of products that could leave 32 bits", async () => {
    const { data } = await refused(
      (net) => net.add("MatMul", ["x", net.weights([33_026, 1], 1)]),
      [1, 33_026],
    );
    expect(data).to.include({ operator: "MatMul" });
  });

  it("refuses samples that are no inputs of the model", async () => {
    const net = new NetBuilder(2);
    const { bytes } = net.build(net.add("Relu", ["x"]), [1, 3], net.random, 1);
    const bad: Sample[][] = [
      [],
      [new Map()],
      [sample([1, 3], [1, 2, Number.NaN])],
      [sample([1, 3], [1, 2, 3]), sample([1, 2], [1, 2])],
      [sample([1, 4], [1, 2, 3, 4])],
    ];
    for (const samples of bad) await expectError(quantize(bytes, samples), "quantize-calibration-invalid");
  });

  it("refuses inputs that the chosen encoding cannot hold", async () => {
    const net = new NetBuilder(3);
    const { bytes } = net.build(net.add("Relu", ["x"]), [1, 2], net.random, 1);
    const inputs = new Map([["x", { dtype: "uint8" as const, perOne: 100 }]]);
    await expectError(quantize(bytes, [sample([1, 2], [0, 3])], { inputs }), "quantize-calibration-invalid");
    await expectError(quantize(bytes, [sample([1, 2], [-1, 0])], { inputs }), "quantize-calibration-invalid");
  });

  it("refuses models that are not float32 or not well formed", async () => {
    const double = model({
      nodes: [node("Relu", ["x"], ["y"])],
      inputs: [value("x", DOUBLE, [1])],
      outputs: [value("y", DOUBLE, [1])],
    });
    await expectError(quantize(double, [sample([1], [1])]), "quantize-model-unsupported");
    const constant = model({
      nodes: [node("Relu", ["x"], ["z"])],
      inputs: [value("x", FLOAT, [1]), value("c", FLOAT, [1])],
      outputs: [value("c", FLOAT, [1])],
    });
    await expectError(quantize(constant, [sample([1], [1])]), "quantize-calibration-invalid");
    await expectError(quantize(Uint8Array.of(1, 2, 3), [sample([1], [1])]), "model-malformed");
  });
});

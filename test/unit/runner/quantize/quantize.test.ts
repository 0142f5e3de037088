import { expect } from "chai";
import { quantize } from "../../../../offchain-runner/src/exact/quantize/quantize.ts";
import { exactInputs, reportOf } from "../../../../offchain-runner/src/exact/quantize/report.ts";
import { parseOnnx } from "../../../../offchain-runner/src/hub/onnxFile.ts";
import { openProbe } from "../../../../offchain-runner/src/inference/modelProbe.ts";
import { agreedOutputs } from "./agreement.ts";
import { NETS } from "./floatNets.ts";
import { ODD_NETS } from "./oddNets.ts";

/** Eight bits an activation and a weight: each layer may lose about this much against its signal. */
const LEAST_SNR_DB = 24;
const FLOATING = [1, 10, 11, 16];

describe("quantize", () => {
  for (const [name, make] of Object.entries(NETS)) {
    it(`keeps close to ${name}`, async () => {
      for (const seed of [1, 2, 3]) {
        const { bytes, samples, others } = make(seed);
        const quantized = await quantize(bytes, samples);
        const report = await reportOf(bytes, quantized, others);
        for (const output of report.outputs) {
          expect(output.snrDb ?? Number.POSITIVE_INFINITY, `seed ${seed}`).to.be.greaterThan(LEAST_SNR_DB);
        }
        expect(report.layers.length, "layers compared").to.be.greaterThan(0);
      }
    });
  }

  for (const [name, make] of Object.entries(ODD_NETS)) {
    it(`gets through ${name}`, async () => {
      const { bytes, samples, others } = make(1);
      const quantized = await quantize(bytes, samples);
      const { outputs } = await reportOf(bytes, quantized, samples);
      for (const { snrDb } of outputs)
        expect(snrDb ?? Number.POSITIVE_INFINITY).to.be.greaterThan(LEAST_SNR_DB);
      const inputs = others.slice(0, 5).map((sample) => exactInputs(sample, quantized.inputs));
      expect(await agreedOutputs(quantized, inputs)).to.have.lengthOf(5);
    });
  }

  it("writes models that the profile lowers, and that give the same bits in interpreter and runtime", async () => {
    for (const [name, make] of Object.entries(NETS)) {
      const { bytes, samples, others } = make(8);
      const quantized = await quantize(bytes, samples);
      const inputs = others.slice(0, 20).map((sample) => exactInputs(sample, quantized.inputs));
      const extremes = quantized.inputs[0]?.dtype === "uint8" ? [0, 255] : [-(2 ** 31), 2 ** 31 - 1];
      const edges = extremes.map((value) => {
        const [{ name: input = "", dtype, shape = [] } = {}] = quantized.inputs;
        const size = shape.reduce((product, dim) => product * dim, 1);
        const data = dtype === "uint8" ? new Uint8Array(size).fill(value) : new Int32Array(size).fill(value);
        return new Map([[input, { dims: shape, data }]]);
      });
      const outputs = await agreedOutputs(quantized, [...inputs, ...edges]);
      expect(outputs, name).to.have.lengthOf(22);
    }
  });

  it("writes standard operators on integers alone, with all shapes fixed", async () => {
    for (const make of Object.values(NETS)) {
      const { bytes, samples } = make(4);
      const { graph, opsets } = parseOnnx((await quantize(bytes, samples)).model);
      expect([...opsets]).to.deep.equal([["", 17]]);
      for (const { dataType } of graph.initializers) expect(FLOATING).to.not.include(dataType);
      for (const { type } of [...graph.inputs, ...graph.outputs]) {
        expect(FLOATING).to.not.include(type?.tensor?.dataType);
        expect(type?.tensor?.shape?.dims.every(({ value }) => (value ?? 0n) > 0n)).to.equal(true);
      }
    }
  });

  it("gives the same bytes for the same model and samples", async () => {
    for (const make of Object.values(NETS)) {
      const { bytes, samples } = make(5);
      const first = await quantize(bytes, samples);
      expect(Buffer.from((await quantize(bytes, samples)).model).equals(Buffer.from(first.model))).to.equal(
        true,
      );
    }
  });

  it("rounds to nearest, negative numbers too", async () => {
    const { bytes, samples, others } = (NETS["normalisation, slices, differences"] as (typeof NETS)[string])(
      6,
    );
    const report = await reportOf(bytes, await quantize(bytes, samples, { perOne: 1000 }), others);
    const sums = report.layers.filter(({ operator }) => operator === "Sub" || operator === "Slice");
    expect(sums.length).to.be.greaterThan(0);
    for (const { maxError, meanError } of sums) {
      expect(maxError).to.be.lessThan(1e-3);
      expect(meanError).to.be.lessThan(5e-4);
    }
  });

  it("takes encodings of inputs and outputs from its caller", async () => {
    const { bytes, samples } = (NETS["dense layers with Relu"] as (typeof NETS)[string])(7);
    const inputs = new Map([["x", { dtype: "int32" as const, perOne: 4096 }]]);
    const quantized = await quantize(bytes, samples, { inputs, perOne: 256 });
    expect(quantized.inputs).to.deep.equal([{ name: "x", dtype: "int32", shape: [1, 12], perOne: 4096 }]);
    expect(quantized.outputs).to.deep.include({ ...quantized.outputs[0], dtype: "int64", perOne: 256 });
    const probe = await openProbe(quantized.model);
    const [output] = quantized.outputs;
    const [sample] = samples;
    if (output === undefined || sample === undefined) throw new Error("nothing to run");
    const results = await probe.run(exactInputs(sample, quantized.inputs), [output.name]);
    expect(results.get(output.name)?.data).to.be.instanceOf(BigInt64Array);
    await probe.close();
  });
});

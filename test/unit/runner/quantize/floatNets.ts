import { normal, seededRandom } from "../../../../bench/market/replay/seededRandom.ts";
import type { Sample } from "../../../../offchain-runner/src/exact/quantize/calibration.ts";
import type { OnnxNode, OnnxTensor } from "../../../../offchain-runner/src/hub/onnxSchema.ts";
import {
  asFloat,
  asInt,
  asInts,
  FLOAT,
  floats,
  INT64,
  longs,
  model,
  node,
  tensor,
  value,
} from "../../../fixtures/models/onnxBuilder.ts";

export interface FloatNet {
  readonly bytes: Uint8Array;
  readonly samples: readonly Sample[];
  readonly others: readonly Sample[];
}

/** A small float model written step by step, with weights and samples drawn from a seed. */
export class NetBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly random: () => number;
  #count = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  normal(scale: number): number {
    return scale * normal(this.random);
  }

  weights(dims: number[], scale: number): string {
    const count = dims.reduce((product, dim) => product * dim, 1);
    return this.constant(
      dims,
      Array.from({ length: count }, () => this.normal(scale)),
    );
  }

  constant(dims: number[], values: number[]): string {
    const name = this.#name("c");
    this.initializers.push(tensor(name, FLOAT, dims, floats(values)));
    return name;
  }

  integers(values: number[]): string {
    const name = this.#name("i");
    this.initializers.push(tensor(name, INT64, [values.length], longs(values.map(BigInt))));
    return name;
  }

  add(opType: string, inputs: string[], attributes: Parameters<typeof node>[3] = {}): string {
    const output = this.#name("v");
    this.nodes.push(node(opType, inputs, [output], attributes));
    return output;
  }

  dense(input: string, rows: number, columns: number): string {
    return this.add("Gemm", [
      input,
      this.weights([rows, columns], 1 / Math.sqrt(rows)),
      this.weights([columns], 0.2),
    ]);
  }

  convolution(input: string, from: number, to: number, kernel: number[], pad: number, stride = 1): string {
    const fan = from * kernel.reduce((product, size) => product * size, 1);
    const all = (size: number) => kernel.map(() => BigInt(size));
    return this.add(
      "Conv",
      [input, this.weights([to, from, ...kernel], Math.sqrt(2 / fan)), this.weights([to], 0.2)],
      { pads: asInts([...all(pad), ...all(pad)]), strides: asInts(all(stride)) },
    );
  }

  pool(opType: string, input: string, size: number): string {
    const window = asInts([BigInt(size), BigInt(size)]);
    return this.add(opType, [input], { kernel_shape: window, strides: window });
  }

  build(output: string, shape: number[], draw: () => number, count = 256): FloatNet {
    const bytes = model(
      {
        nodes: this.nodes,
        initializers: this.initializers,
        inputs: [value("x", FLOAT, ["n", ...shape.slice(1)])],
        outputs: [{ name: output, type: { tensor: { dataType: FLOAT } } }],
      },
      { opset: 13n },
    );
    const size = shape.reduce((product, dim) => product * dim, 1);
    const sample = (): Sample =>
      new Map([["x", { dims: shape, data: Float32Array.from({ length: size }, draw) }]]);
    const list = () => Array.from({ length: count }, sample);
    return { bytes, samples: list(), others: list() };
  }

  #name(prefix: string): string {
    this.#count += 1;
    return `${prefix}${this.#count}`;
  }
}

/** Every kind of network that the conversion is for, by name. */
export const NETS: Readonly<Record<string, (seed: number) => FloatNet>> = {
  "dense layers with Relu": (seed) => {
    const net = new NetBuilder(seed);
    const hidden = net.add("Relu", [net.dense("x", 12, 24)]);
    const second = net.add("Relu", [net.dense(hidden, 24, 16)]);
    return net.build(net.dense(second, 16, 3), [1, 12], () => net.normal(1));
  },
  "dense layers with Tanh and Sigmoid": (seed) => {
    const net = new NetBuilder(seed);
    const hidden = net.add("Tanh", [net.dense("x", 8, 16)]);
    return net.build(net.add("Sigmoid", [net.dense(hidden, 16, 4)]), [1, 8], () => net.normal(1));
  },
  "a product of matrices, an added bias, a clip": (seed) => {
    const net = new NetBuilder(seed);
    const sum = net.add("Add", [net.add("MatMul", ["x", net.weights([6, 10], 0.4)]), net.weights([10], 0.3)]);
    const six = net.add("Clip", [sum, net.constant([], [0]), net.constant([], [6])]);
    return net.build(net.add("MatMul", [six, net.weights([10, 2], 0.4)]), [1, 5, 6], () => net.normal(2));
  },
  "convolutions with pooling": (seed) => {
    const net = new NetBuilder(seed);
    const first = net.add("Relu", [net.convolution("x", 1, 6, [3, 3], 1)]);
    const second = net.add("Relu", [net.convolution(net.pool("MaxPool", first, 2), 6, 8, [3, 3], 1)]);
    const flat = net.add("Flatten", [net.pool("MaxPool", second, 2)], { axis: asInt(1n) });
    return net.build(net.dense(flat, 32, 5), [1, 1, 8, 8], () => Math.floor(net.random() * 256));
  },
  "signed convolutions, normalised by batch, averaged": (seed) => {
    const net = new NetBuilder(seed);
    const sums = net.convolution("x", 2, 6, [3, 3], 1, 2);
    const variance = net.constant(
      [6],
      Array.from({ length: 6 }, () => 0.5 + net.random()),
    );
    const normed = net.add(
      "BatchNormalization",
      [sums, net.weights([6], 0.8), net.weights([6], 0.3), net.weights([6], 0.3), variance],
      { epsilon: asFloat(1e-5) },
    );
    const second = net.convolution(normed, 6, 4, [3, 3], 1);
    const pooled = net.pool("AveragePool", second, 2);
    return net.build(net.add("GlobalAveragePool", [pooled]), [1, 2, 8, 8], () => net.normal(1));
  },
  "a residual block": (seed) => {
    const net = new NetBuilder(seed);
    const start = net.add("Relu", [net.convolution("x", 1, 4, [3, 3], 1)]);
    const inner = net.convolution(
      net.add("Relu", [net.convolution(start, 4, 4, [3, 3], 1)]),
      4,
      4,
      [3, 3],
      1,
    );
    const joined = net.add("Relu", [net.add("Add", [start, inner])]);
    const flat = net.add("Reshape", [net.add("GlobalAveragePool", [joined]), net.integers([1, -1])]);
    return net.build(net.dense(flat, 4, 3), [1, 1, 6, 6], () => net.normal(1));
  },
  "one dimension, joined branches": (seed) => {
    const net = new NetBuilder(seed);
    const left = net.add("Relu", [net.convolution("x", 2, 3, [3], 1)]);
    const right = net.add("Tanh", [net.convolution("x", 2, 3, [5], 2)]);
    const both = net.add("Concat", [left, right], { axis: asInt(1n) });
    const flat = net.add("Flatten", [net.add("Transpose", [both], { perm: asInts([0n, 2n, 1n]) })]);
    return net.build(net.dense(flat, 96, 2), [1, 2, 16], () => net.normal(1));
  },
  "normalisation, slices, differences": (seed) => {
    const net = new NetBuilder(seed);
    const normed = net.add("Div", [
      net.add("Sub", ["x", net.constant([4], [1, 2, 3, 4])]),
      net.constant([], [3]),
    ]);
    const part = (from: number, to: number) =>
      net.add("Slice", [normed, net.integers([from]), net.integers([to]), net.integers([2])]);
    const difference = net.add("Sub", [part(0, 2), part(2, 4)]);
    const flat = net.add("Flatten", [net.add("Mul", [difference, net.constant([], [-2])])]);
    return net.build(net.dense(flat, 12, 2), [1, 6, 4], () => 3 + net.normal(2));
  },
  "scores and their softmax": (seed) => {
    const net = new NetBuilder(seed);
    const hidden = net.add("LeakyRelu", [net.dense("x", 10, 20)]);
    return net.build(net.add("Softmax", [net.dense(hidden, 20, 6)]), [1, 10], () => net.normal(1.5));
  },
};

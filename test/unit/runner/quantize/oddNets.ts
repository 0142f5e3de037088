import { asFloat, asInt, asInts, asText } from "../../../fixtures/models/onnxBuilder.ts";
import { type FloatNet, NetBuilder } from "./floatNets.ts";

/** Networks with something in them that a conversion may trip over. */
export const ODD_NETS: Readonly<Record<string, (seed: number) => FloatNet>> = {
  "weights of zero": (seed) => {
    const net = new NetBuilder(seed);
    const nothing = net.add("MatMul", ["x", net.constant([4, 3], new Array<number>(12).fill(0))]);
    return net.build(net.dense(net.add("Relu", [nothing]), 3, 2), [1, 4], () => net.normal(1));
  },
  "one output that no input moves": (seed) => {
    const net = new NetBuilder(seed);
    const weights = Array.from({ length: 12 }, (_, index) => (index % 3 === 1 ? 0 : net.normal(1)));
    const sums = net.add("Gemm", ["x", net.constant([4, 3], weights), net.constant([3], [1, 2, 3])]);
    return net.build(net.dense(net.add("Relu", [sums]), 3, 2), [1, 4], () => net.normal(1));
  },
  "an input that never changes": (seed) => {
    const net = new NetBuilder(seed);
    return net.build(net.dense("x", 5, 3), [1, 5], () => 0.25);
  },
  "normalisation with factors of zero and less": (seed) => {
    const net = new NetBuilder(seed);
    const sums = net.convolution("x", 1, 3, [3, 3], 1);
    const numbers = [
      [-1, 0, 2],
      [0.5, 0.7, -1],
      [0, 1, 2],
      [1, 2, 3],
    ].map((values) => net.constant([3], values));
    const normed = net.add("Relu", [
      net.add("BatchNormalization", [sums, ...numbers], { epsilon: asFloat(1e-5) }),
    ]);
    return net.build(net.add("Flatten", [net.pool("MaxPool", normed, 2)]), [1, 1, 4, 4], () => net.normal(1));
  },
  "bytes turned upside down before a pooling": (seed) => {
    const net = new NetBuilder(seed);
    const turned = net.add("Sub", [net.constant([], [100]), net.pool("MaxPool", "x", 2)]);
    return net.build(net.pool("MaxPool", turned, 2), [1, 2, 8, 8], () => Math.floor(net.random() * 256));
  },
  "an image normalised by channel, padded with what is no byte": (seed) => {
    const net = new NetBuilder(seed);
    const unit = net.add("Div", ["x", net.constant([], [255])]);
    const centred = net.add("Sub", [unit, net.constant([3, 1, 1], [0.485, 0.456, 0.406])]);
    const normed = net.add("Div", [centred, net.constant([3, 1, 1], [0.229, 0.224, 0.225])]);
    const edges = net.add("Relu", [net.convolution(normed, 3, 4, [3, 3], 1)]);
    return net.build(net.add("GlobalAveragePool", [edges]), [1, 3, 8, 8], () =>
      Math.floor(net.random() * 256),
    );
  },
  "a gate": (seed) => {
    const net = new NetBuilder(seed);
    const opened = net.add("Sigmoid", [net.dense("x", 6, 8)]);
    const gated = net.add("Mul", [net.add("Tanh", [net.dense("x", 6, 8)]), opened]);
    return net.build(net.dense(gated, 8, 2), [1, 6], () => net.normal(1));
  },
  "joined values of three kinds": (seed) => {
    const net = new NetBuilder(seed);
    const parts = [net.add("Sigmoid", [net.dense("x", 4, 3)]), "x", net.add("Relu", [net.dense("x", 4, 2)])];
    return net.build(net.dense(net.add("Concat", parts, { axis: asInt(-1n) }), 9, 2), [1, 4], () =>
      net.normal(1),
    );
  },
  "a kernel of even size, padded at the end": (seed) => {
    const net = new NetBuilder(seed);
    const attributes = { auto_pad: asText("SAME_UPPER"), strides: asInts([2n, 2n]) };
    return net.build(net.add("Conv", ["x", net.weights([2, 1, 2, 2], 1)], attributes), [1, 1, 5, 5], () =>
      net.normal(1),
    );
  },
  "weights turned, scaled, with a bias as a row": (seed) => {
    const net = new NetBuilder(seed);
    const attributes = { transB: asInt(1n), alpha: asFloat(0.5), beta: asFloat(2) };
    const sums = net.add("Gemm", ["x", net.weights([3, 5], 1), net.weights([1, 3], 1)], attributes);
    return net.build(sums, [1, 5], () => net.normal(1));
  },
  "a softmax in the middle": (seed) => {
    const net = new NetBuilder(seed);
    const shares = net.add("Softmax", [net.dense("x", 4, 50)]);
    return net.build(net.dense(shares, 50, 3), [1, 4], () => net.normal(1));
  },
  "several rows at once": (seed) => {
    const net = new NetBuilder(seed);
    return net.build(net.dense(net.add("Relu", [net.dense("x", 4, 6)]), 6, 2), [5, 4], () => net.normal(1));
  },
  "means over an axis": (seed) => {
    const net = new NetBuilder(seed);
    const waves = net.add("Relu", [net.convolution("x", 1, 4, [3], 1)]);
    const means = net.add("ReduceMean", [waves], { axes: asInts([2n]), keepdims: asInt(0n) });
    return net.build(net.dense(means, 4, 2), [1, 1, 9], () => net.normal(1));
  },
};

import type { OnnxNode } from "../../../hub/onnxSchema.ts";
import { floatOf } from "../attributes.ts";
import { type Conversion, constantAt, outputName, valueAt } from "../conversion.ts";
import type { Affine, QuantizedValue } from "../quantizedValue.ts";
import { unsupported } from "../quantizeError.ts";

type Unary = (real: number) => number;

/** Functions that become tables over the calibrated range of their input. */
const TABLES: Readonly<Record<string, (node: OnnxNode) => Unary>> = {
  Abs: () => Math.abs,
  Celu: (node) => {
    const alpha = floatOf(node, "alpha", 1);
    return (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha));
  },
  Elu: (node) => {
    const alpha = floatOf(node, "alpha", 1);
    return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
  },
  Exp: () => Math.exp,
  HardSigmoid: (node) => {
    const [alpha, beta] = [floatOf(node, "alpha", 0.2), floatOf(node, "beta", 0.5)];
    return (x) => Math.min(Math.max(alpha * x + beta, 0), 1);
  },
  HardSwish: () => (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
  LeakyRelu: (node) => {
    const alpha = floatOf(node, "alpha", 0.01);
    return (x) => (x < 0 ? alpha * x : x);
  },
  Log: () => Math.log,
  Selu: (node) => {
    const [alpha, gamma] = [floatOf(node, "alpha", 1.67326319), floatOf(node, "gamma", 1.05070102)];
    return (x) => gamma * (x < 0 ? alpha * Math.expm1(x) : x);
  },
  Sigmoid: () => (x) => 1 / (1 + Math.exp(-x)),
  Softplus: () => (x) => Math.log1p(Math.exp(x)),
  Softsign: () => (x) => x / (1 + Math.abs(x)),
  Sqrt: () => Math.sqrt,
  Tanh: () => Math.tanh,
};

export const TABLE_OPERATORS = Object.keys(TABLES);

export function table(conversion: Conversion, node: OnnxNode): void {
  const make = TABLES[node.opType ?? ""];
  if (make === undefined) throw unsupported(node, "no table is known for it");
  const next = make(node);
  const value = valueAt(conversion, node, 0);
  const source = outputName(node);
  const made: QuantizedValue =
    value.kind === "mapped"
      ? { ...value, source, apply: (real) => next(value.apply(real)) }
      : { kind: "mapped", source, dims: value.dims, inner: value, apply: next, axis: value.axis };
  conversion.values.set(source, made);
}

export function relu(conversion: Conversion, node: OnnxNode): void {
  clamp(conversion, node, 0, Number.POSITIVE_INFINITY);
}

/** Bounds are inputs since opset 11, attributes before. */
export function clip(conversion: Conversion, node: OnnxNode): void {
  const bound = (index: number, name: string, otherwise: number) =>
    node.inputs[index]
      ? (constantAt(conversion, node, index)?.values[0] ?? otherwise)
      : floatOf(node, name, otherwise);
  clamp(
    conversion,
    node,
    bound(1, "min", Number.NEGATIVE_INFINITY),
    bound(2, "max", Number.POSITIVE_INFINITY),
  );
}

function clamp(conversion: Conversion, node: OnnxNode, low: number, high: number): void {
  const value = valueAt(conversion, node, 0);
  const source = outputName(node);
  const inside = (real: number) => Math.min(Math.max(real, low), high);
  conversion.values.set(
    source,
    value.kind === "mapped"
      ? { ...value, source, apply: (real) => inside(value.apply(real)) }
      : ({ ...value, source, min: inside(value.min), max: inside(value.max) } satisfies Affine),
  );
}

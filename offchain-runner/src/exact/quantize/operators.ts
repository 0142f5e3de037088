import type { OnnxNode } from "../../hub/onnxSchema.ts";
import type { Conversion } from "./conversion.ts";
import { clip, relu, TABLE_OPERATORS, table } from "./operators/activations.ts";
import { arithmetic, batchNormalization } from "./operators/arithmetic.ts";
import { convolution } from "./operators/convolution.ts";
import { gemm, matMul } from "./operators/matrixProduct.ts";
import { concat, passed, reshape, slice, transpose } from "./operators/movement.ts";
import { averagePool, globalAveragePool, globalMaxPool, maxPool, reduce } from "./operators/pooling.ts";
import { select } from "./operators/selection.ts";
import { softmax } from "./operators/softmax.ts";
import { unsupported } from "./quantizeError.ts";

type Convert = (conversion: Conversion, node: OnnxNode) => void;

const OPERATORS: ReadonlyMap<string, Convert> = new Map<string, Convert>([
  ...["Add", "Div", "Mul", "Sub"].map((name) => [name, arithmetic] as const),
  ...["Flatten", "Reshape", "Squeeze", "Unsqueeze"].map((name) => [name, reshape] as const),
  ...["Dropout", "Identity"].map((name) => [name, passed] as const),
  ...["ArgMax", "ArgMin"].map((name) => [name, select] as const),
  ...["ReduceMean", "ReduceSum"].map((name) => [name, reduce] as const),
  ...TABLE_OPERATORS.map((name) => [name, table] as const),
  ["AveragePool", averagePool],
  ["BatchNormalization", batchNormalization],
  ["Clip", clip],
  ["Concat", concat],
  ["Conv", convolution],
  ["Gemm", gemm],
  ["GlobalAveragePool", globalAveragePool],
  ["GlobalMaxPool", globalMaxPool],
  ["MatMul", matMul],
  ["MaxPool", maxPool],
  ["Relu", relu],
  ["Slice", slice],
  ["Softmax", softmax],
  ["Transpose", transpose],
]);

const BYTE_OPERATORS = new Set([
  "AveragePool",
  "Conv",
  "Gemm",
  "GlobalAveragePool",
  "GlobalMaxPool",
  "MatMul",
  "MaxPool",
]);
const ENDS = new Set(["ArgMax", "ArgMin", "Softmax"]);

export function convertNode(conversion: Conversion, node: OnnxNode): void {
  const convert = OPERATORS.get(node.opType ?? "");
  if (convert === undefined) throw unsupported(node, `not among ${[...OPERATORS.keys()].sort().join(", ")}`);
  convert(conversion, node);
}

/** The values that some product or pooling of bytes uses, directly or after operators that only rearrange or rescale. */
export function byteUsesOf(nodes: readonly OnnxNode[]): ReadonlySet<string> {
  const uses = new Set<string>();
  for (const node of [...nodes].reverse()) {
    const operator = node.opType ?? "";
    const isUsed = node.outputs.some((name) => uses.has(name));
    if (BYTE_OPERATORS.has(operator) || (isUsed && !ENDS.has(operator))) {
      for (const name of node.inputs) uses.add(name);
    }
  }
  return uses;
}

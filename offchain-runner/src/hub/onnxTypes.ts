import { attributeOf, domainOf } from "./onnxFile.ts";
import { ML_DOMAIN } from "./onnxOperators.ts";
import type { OnnxNode } from "./onnxSchema.ts";
import { DATA } from "./onnxTensors.ts";

/** An ONNX data type, `"floating"` where only that much is known, `undefined` where nothing is. */
export type ValueType = number | "floating" | undefined;

const FLOATING = new Set<ValueType>([DATA.float, DATA.double, DATA.float16, DATA.bfloat16, "floating"]);

export function isFloating(type: ValueType): boolean {
  return FLOATING.has(type);
}

const words = (list: string) => new Set(list.trim().split(/\s+/));

// Operators whose first output has the type of their first input.
const LIKE_FIRST = words(`
  Abs Add BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Ceil Clip Compress Concat CumSum DepthToSpace Div Einsum
  Expand Flatten Floor Gather GatherElements GatherND Gemm Identity MatMul Max MaxPool Mean Min Mod Mul Neg Pad Pow
  PRelu ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
  ReduceSumSquare Range Relu Reshape Resize ReverseSequence Round Scatter ScatterElements ScatterND Shrink Sign Slice
  SpaceToDepth Split Squeeze Sub Sum Tile TopK Transpose Trilu Unique Unsqueeze Upsample
`);

// Operators that ONNX defines on floating types alone, so that even an unknown input gives a floating output.
const FLOATING_ONLY = words(`
  Acos Acosh Asin Asinh Atan Atanh AveragePool BatchNormalization Celu Conv ConvTranspose Cos Cosh DeformConv Det
  Dropout Elu Erf Exp GRU Gelu GlobalAveragePool GlobalLpPool GlobalMaxPool GridSample GroupNormalization HardSigmoid
  HardSwish Hardmax InstanceNormalization LRN LSTM LayerNormalization LeakyRelu Log LogSoftmax LpNormalization LpPool
  MeanVarianceNormalization Mish RMSNormalization RNN Reciprocal RoiAlign RotaryEmbedding Selu Sigmoid Sin Sinh Softmax
  Softplus Softsign Sqrt Tan Tanh ThresholdedRelu
`);

const INT64 = words("ArgMax ArgMin NonMaxSuppression NonZero Shape Size");
const BOOL = words("And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Not Or Xor");
const INT32 = words("ConvInteger MatMulInteger");
const LIKE_SECOND = words("CastLike DequantizeLinear Where");
const INT64_BESIDE = words("MaxPool TopK Unique");
const ML_FLOAT = words(`
  FeatureVectorizer LinearRegressor Normalizer SVMRegressor Scaler TreeEnsembleRegressor
`);

/** Types of a node's outputs from those of its inputs; control flow and local functions are not its business. */
export function outputTypes(node: OnnxNode, inputs: readonly ValueType[]): ValueType[] {
  return node.outputs.map((_, index) => outputType(node, inputs, index));
}

function outputType(node: OnnxNode, inputs: readonly ValueType[], index: number): ValueType {
  const op = node.opType ?? "";
  const domain = domainOf(node.domain);
  if (domain === ML_DOMAIN) return ML_FLOAT.has(op) ? DATA.float : undefined;
  if (domain !== "") return undefined;
  if (INT64_BESIDE.has(op) && index > 0) return DATA.int64;
  if (op === "Dropout" && index > 0) return undefined;
  if (FLOATING_ONLY.has(op)) return isFloating(inputs[0]) ? inputs[0] : "floating";
  if (LIKE_FIRST.has(op)) return inputs[0];
  if (LIKE_SECOND.has(op)) return inputs[1];
  if (INT64.has(op)) return DATA.int64;
  if (BOOL.has(op)) return DATA.bool;
  if (INT32.has(op)) return DATA.int32;
  return special(node, op, inputs, index);
}

function special(node: OnnxNode, op: string, inputs: readonly ValueType[], index: number): ValueType {
  const tensorType = attributeOf(node, "value")?.tensor?.dataType;
  switch (op) {
    case "Cast":
      return integerAttribute(node, "to");
    case "Constant":
      return tensorType ?? constantType(node);
    case "ConstantOfShape":
      return tensorType ?? DATA.float;
    case "OneHot":
      return inputs[2];
    case "EyeLike":
      return integerAttribute(node, "dtype") ?? inputs[0];
    case "QLinearConv":
    case "QLinearMatMul":
      return inputs[7];
    case "QuantizeLinear":
      return inputs[2] ?? integerAttribute(node, "output_dtype") ?? DATA.uint8;
    case "DynamicQuantizeLinear":
      return index === 1 ? DATA.float : DATA.uint8;
    default:
      return undefined;
  }
}

function constantType(node: OnnxNode): ValueType {
  for (const { name, reference } of node.attributes) {
    if (reference !== undefined) return undefined;
    if (name === "value_int" || name === "value_ints") return DATA.int64;
    if (name === "value_float" || name === "value_floats") return DATA.float;
  }
  return undefined;
}

function integerAttribute(node: OnnxNode, name: string): number | undefined {
  const attribute = attributeOf(node, name);
  return attribute?.i === undefined || attribute.reference !== undefined ? undefined : Number(attribute.i);
}

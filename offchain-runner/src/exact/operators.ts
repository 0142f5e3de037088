import type { Dtype } from "@opg-network/sdk/dtype";
import { attributeOf } from "../hub/onnxFile.ts";
import type { Call } from "./call.ts";
import { convInteger } from "./convolution.ts";
import {
  absolute,
  add,
  bitShift,
  cast,
  clip,
  divide,
  maximum,
  minimum,
  multiply,
  negate,
  relu,
  subtract,
} from "./elementwise.ts";
import { gather } from "./gather.ts";
import { maxPool } from "./pooling.ts";
import { matMul, matMulInteger } from "./products.ts";
import { argMax, argMin, reduceMax, reduceMin, reduceSum } from "./reductions.ts";
import {
  concat,
  constantNode,
  constantOfShape,
  expand,
  flatten,
  identity,
  pad,
  reshape,
  shapeOf,
  slice,
  split,
  squeeze,
  transpose,
  unsqueeze,
} from "./structure.ts";
import type { Value } from "./value.ts";

/** What the profile admits of an operator. */
export interface OperatorRule {
  /** Element types of the data inputs for which ONNX Runtime's CPU provider has a kernel. */
  readonly types: readonly Dtype[];
  readonly attributes: readonly string[];
  /** How many of the first inputs carry data; the others are indices, sizes or axes. All, where left out. */
  readonly dataInputs?: number;
  readonly inputs: readonly [least: number, most: number];
  lower(call: Call): Value[];
}

const ALL: readonly Dtype[] = ["uint8", "int8", "uint16", "int16", "int32", "int64", "uint32", "bool"];
const NUMBERS = ALL.filter((type) => type !== "bool");
const WITHOUT_INT16 = ALL.filter((type) => type !== "uint16" && type !== "int16");
const COMPARED: readonly Dtype[] = ["uint8", "int8", "int32", "int64", "uint32"];
const REDUCED: readonly Dtype[] = ["uint8", "int8", "int32", "int64"];
const BYTES: readonly Dtype[] = ["uint8", "int8"];
const WINDOW = ["auto_pad", "dilations", "kernel_shape", "pads", "strides"];
const REDUCTION = ["axes", "keepdims", "noop_with_empty_axes"];
const ANY = Number.POSITIVE_INFINITY;

/** Every operator of the profile, and the element types measured with ONNX Runtime 1.30. */
export const OPERATORS: ReadonlyMap<string, OperatorRule> = new Map<string, OperatorRule>([
  ["Abs", { types: NUMBERS, attributes: [], inputs: [1, 1], lower: absolute }],
  ["Add", { types: NUMBERS, attributes: [], inputs: [2, 2], lower: add }],
  [
    "ArgMax",
    { types: REDUCED, attributes: ["axis", "keepdims", "select_last_index"], inputs: [1, 1], lower: argMax },
  ],
  [
    "ArgMin",
    { types: REDUCED, attributes: ["axis", "keepdims", "select_last_index"], inputs: [1, 1], lower: argMin },
  ],
  ["BitShift", { types: ["uint8", "uint32"], attributes: ["direction"], inputs: [2, 2], lower: bitShift }],
  ["Cast", { types: ALL, attributes: ["to", "saturate", "round_mode"], inputs: [1, 1], lower: cast }],
  ["Clip", { types: COMPARED, attributes: [], inputs: [1, 3], lower: clip }],
  ["Concat", { types: ALL, attributes: ["axis"], inputs: [1, ANY], lower: concat }],
  [
    "Constant",
    { types: ALL, attributes: ["value", "value_int", "value_ints"], inputs: [0, 0], lower: constantNode },
  ],
  ["ConstantOfShape", { types: ALL, attributes: ["value"], inputs: [1, 1], lower: constantOfShape }],
  ["ConvInteger", { types: BYTES, attributes: [...WINDOW, "group"], inputs: [2, 4], lower: convInteger }],
  ["Div", { types: NUMBERS, attributes: [], inputs: [2, 2], lower: divide }],
  ["Expand", { types: ALL, attributes: [], dataInputs: 1, inputs: [2, 2], lower: expand }],
  ["Flatten", { types: ALL, attributes: ["axis"], inputs: [1, 1], lower: flatten }],
  ["Gather", { types: ALL, attributes: ["axis"], dataInputs: 1, inputs: [2, 2], lower: gather }],
  ["Identity", { types: ALL, attributes: [], inputs: [1, 1], lower: identity }],
  ["MatMul", { types: ["int32", "int64", "uint32"], attributes: [], inputs: [2, 2], lower: matMul }],
  ["MatMulInteger", { types: BYTES, attributes: [], inputs: [2, 4], lower: matMulInteger }],
  ["Max", { types: COMPARED, attributes: [], inputs: [1, ANY], lower: maximum }],
  [
    "MaxPool",
    { types: BYTES, attributes: [...WINDOW, "ceil_mode", "storage_order"], inputs: [1, 1], lower: maxPool },
  ],
  ["Min", { types: COMPARED, attributes: [], inputs: [1, ANY], lower: minimum }],
  ["Mul", { types: NUMBERS, attributes: [], inputs: [2, 2], lower: multiply }],
  ["Neg", { types: ["int8", "int16", "int32", "int64"], attributes: [], inputs: [1, 1], lower: negate }],
  ["Pad", { types: WITHOUT_INT16, attributes: ["mode"], dataInputs: 1, inputs: [2, 4], lower: pad }],
  ["ReduceMax", { types: REDUCED, attributes: REDUCTION, dataInputs: 1, inputs: [1, 2], lower: reduceMax }],
  ["ReduceMin", { types: REDUCED, attributes: REDUCTION, dataInputs: 1, inputs: [1, 2], lower: reduceMin }],
  [
    "ReduceSum",
    { types: ["int32", "int64"], attributes: REDUCTION, dataInputs: 1, inputs: [1, 2], lower: reduceSum },
  ],
  ["Relu", { types: ["int8"], attributes: [], inputs: [1, 1], lower: relu }],
  ["Reshape", { types: ALL, attributes: ["allowzero"], dataInputs: 1, inputs: [2, 2], lower: reshape }],
  ["Shape", { types: ALL, attributes: ["start", "end"], inputs: [1, 1], lower: shapeOf }],
  ["Slice", { types: ALL, attributes: [], dataInputs: 1, inputs: [3, 5], lower: slice }],
  ["Split", { types: ALL, attributes: ["axis", "num_outputs"], dataInputs: 1, inputs: [1, 2], lower: split }],
  ["Squeeze", { types: ALL, attributes: [], dataInputs: 1, inputs: [1, 2], lower: squeeze }],
  ["Sub", { types: NUMBERS, attributes: [], inputs: [2, 2], lower: subtract }],
  ["Transpose", { types: ALL, attributes: ["perm"], inputs: [1, 1], lower: transpose }],
  ["Unsqueeze", { types: ALL, attributes: [], dataInputs: 1, inputs: [2, 2], lower: unsqueeze }],
]);

/** Checks form and types of a node against its rule, and lowers it. */
export function lowerNode(call: Call): Value[] {
  const { node, inputs } = call;
  const rule = OPERATORS.get(node.opType ?? "");
  if (rule === undefined) call.refuse("exact-operator-unsupported", "not in the profile");
  const [least, most] = rule.inputs;
  if (inputs.length < least || inputs.length > most)
    call.refuse("exact-shape-invalid", `${inputs.length} inputs`);
  const named = new Set<string>();
  for (const { name = "" } of node.attributes) {
    if (!rule.attributes.includes(name)) call.refuse("exact-attribute-unsupported", `attribute ${name}`);
    if (named.has(name)) call.refuse("exact-attribute-unsupported", `attribute ${name} twice`);
    named.add(name);
  }
  if (attributeOf(node, "axes") !== undefined && (call.opset >= 18 || node.opType === "ReduceSum"))
    call.refuse("exact-attribute-unsupported", "axes as an attribute in this operator set");
  for (const input of inputs.slice(0, rule.dataInputs ?? inputs.length)) {
    if (input !== undefined && !rule.types.includes(input.dtype))
      call.refuse("exact-type-unsupported", `${input.dtype}; it takes ${rule.types.join(", ")}`);
  }
  const values = rule.lower(call);
  for (const { shape } of values) call.checkShape(shape);
  return values;
}

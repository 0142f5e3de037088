import { ModelError } from "./modelError.ts";
import type { OnnxFile, Opsets } from "./onnxFile.ts";
import { attributeOf, domainOf, functionKey, nodes } from "./onnxFile.ts";
import type { OnnxNode } from "./onnxSchema.ts";

const RANDOM = new Set([
  "RandomNormal",
  "RandomNormalLike",
  "RandomUniform",
  "RandomUniformLike",
  "Multinomial",
  "Bernoulli",
]);

// com.microsoft also holds samplers, dropouts and training operators, so it is open by name only: what quantisers and
// graph optimisers write into ordinary models, each a pure function of its inputs on the CPU.
const CONTRIB = new Set([
  "Attention",
  "BiasGelu",
  "DequantizeLinear",
  "DynamicQuantizeLSTM",
  "DynamicQuantizeMatMul",
  "EmbedLayerNormalization",
  "FastGelu",
  "FusedConv",
  "FusedGemm",
  "FusedMatMul",
  "Gelu",
  "MatMulIntegerToFloat",
  "MatMulNBits",
  "MultiHeadAttention",
  "QAttention",
  "QGemm",
  "QLinearAdd",
  "QLinearAveragePool",
  "QLinearConcat",
  "QLinearConv",
  "QLinearGlobalAveragePool",
  "QLinearLeakyRelu",
  "QLinearMul",
  "QLinearSigmoid",
  "QLinearSoftmax",
  "QLinearWhere",
  "QuantizeLinear",
  "QuickGelu",
  "RotaryEmbedding",
  "SkipLayerNormalization",
  "SkipSimplifiedLayerNormalization",
]);

const ATTRIBUTE_INT = 2;
export const ML_DOMAIN = "ai.onnx.ml";
export const CONTRIB_DOMAIN = "com.microsoft";
const RUNTIME_DOMAINS = new Set(["", ML_DOMAIN, CONTRIB_DOMAIN]);

/** What a node is called in errors. */
export function titleOf(node: OnnxNode): string {
  return node.name || node.outputs[0] || "unnamed node";
}

export function operatorOf(node: OnnxNode): string {
  const domain = domainOf(node.domain);
  return domain === "" ? (node.opType ?? "") : `${domain}.${node.opType ?? ""}`;
}

export function refuse(
  code: "model-operator-refused" | "model-divisor-refused",
  node: OnnxNode,
  reason: string,
): never {
  throw new ModelError(code, { reason, node: titleOf(node), operator: operatorOf(node) });
}

/** Refuses what the operator's name and attributes alone show; dropout and divisors need `onnxValues.ts`. */
export function checkOperators(file: OnnxFile): void {
  if (file.hasTrainingInfo) throw new ModelError("model-malformed", { reason: "it carries training graphs" });
  for (const local of file.functions.values()) {
    if (local.attributeDefaults.some(({ graph, graphs }) => graph !== undefined || graphs.length > 0)) {
      throw new ModelError("model-malformed", {
        reason: `function "${local.name ?? ""}" has a graph as a default`,
      });
    }
    if (!RUNTIME_DOMAINS.has(domainOf(local.domain))) continue;
    const reason = `local function "${local.name ?? ""}" takes the place of a runtime operator`;
    throw new ModelError("model-domain-refused", { reason });
  }
  for (const { node, opsets } of nodes(file)) checkOperator(node, opsets, file);
}

function checkOperator(node: OnnxNode, opsets: Opsets, file: OnnxFile): void {
  const names = new Set<string | undefined>();
  for (const { name } of node.attributes) {
    if (names.has(name))
      throw new ModelError("model-malformed", { reason: `attribute "${name}" twice`, node: titleOf(node) });
    names.add(name);
  }
  const domain = domainOf(node.domain);
  if (file.functions.has(functionKey(node.domain, node.opType, node.overload))) return;
  const known = domain === CONTRIB_DOMAIN ? CONTRIB.has(node.opType ?? "") : RUNTIME_DOMAINS.has(domain);
  if (!known || !opsets.has(domain)) {
    const reason = known ? "its operator set is not imported" : "no operator of this name is served";
    throw new ModelError("model-domain-refused", { reason, node: titleOf(node), operator: operatorOf(node) });
  }
  if (domain === "") checkRandomness(node, opsets.get("") ?? 0);
}

function checkRandomness(node: OnnxNode, opset: number): void {
  if (RANDOM.has(node.opType ?? "")) refuse("model-operator-refused", node, "it draws random numbers");
  if (node.opType === "BatchNormalization" && trainsNormalization(node, opset)) {
    refuse("model-operator-refused", node, "it normalises by its batch (training mode)");
  }
  if (node.opType === "Dropout" && opset < 7 && !isOne(node, "is_test")) {
    refuse("model-operator-refused", node, "it drops values at random (training mode)");
  }
}

function trainsNormalization(node: OnnxNode, opset: number): boolean {
  if (opset < 7) return !isOne(node, "is_test");
  const mode = attributeOf(node, "training_mode");
  const off = mode === undefined || (mode.type === ATTRIBUTE_INT && (mode.i ?? 0n) === 0n && !mode.reference);
  return !off || node.outputs.slice(1).some((name) => name !== "");
}

function isOne(node: OnnxNode, attribute: string): boolean {
  return attributeOf(node, attribute)?.i === 1n;
}

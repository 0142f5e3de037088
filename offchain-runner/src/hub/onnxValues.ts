import { ModelError } from "./modelError.ts";
import type { OnnxFile, Opsets } from "./onnxFile.ts";
import { attributeOf, domainOf, functionKey, opsetVersions, subgraphsOf } from "./onnxFile.ts";
import { integersOf } from "./onnxIntegers.ts";
import { refuse, titleOf } from "./onnxOperators.ts";
import { duplicate, inOrder } from "./onnxOrder.ts";
import type { OnnxFunction, OnnxGraph, OnnxNode, OnnxValue } from "./onnxSchema.ts";
import { MAX_LIST } from "./onnxSchema.ts";
import type { ValueType } from "./onnxTypes.ts";
import { isFloating, outputTypes } from "./onnxTypes.ts";

/** What is known of a value before the model runs. */
interface Known {
  readonly type: ValueType;
  /** Present where the value is the same in every run and made of whole numbers. */
  readonly constant?: () => Iterable<bigint> | undefined;
}

interface Scope {
  readonly values: Map<string, Known>;
  readonly outer: Scope | undefined;
}

interface Walk {
  readonly file: OnnxFile;
  readonly callers: readonly OnnxFunction[];
  readonly opsets: Opsets;
  readonly budget: { nodes: number };
  /** Of each list of nodes, since a function is walked once a call. */
  readonly orders: Map<readonly OnnxNode[], OnnxNode[]>;
}

const UNKNOWN: Known = { type: undefined };
const MAX_EXPANDED_NODES = 200_000;

/**
 * Follows types and constants through the graph, functions expanded where they are called, and refuses integer
 * division by anything but positive constants and dropout that can be switched on. Where a type cannot be told, the
 * division is refused: onnxruntime dies of INT_MIN / -1.
 */
export function checkValues(file: OnnxFile): void {
  const walk = {
    file,
    callers: [],
    opsets: file.opsets,
    budget: { nodes: MAX_EXPANDED_NODES },
    orders: new Map(),
  };
  walkGraph(file.graph, undefined, walk);
}

function walkGraph(graph: OnnxGraph, outer: Scope | undefined, walk: Walk): ValueType[] {
  const scope: Scope = { values: new Map(), outer };
  const inputs = new Set<string>();
  for (const { name = "", type } of graph.inputs) {
    if (inputs.has(name)) throw duplicate(name);
    inputs.add(name);
    scope.values.set(name, { type: type?.tensor?.dataType });
  }
  const initialized = new Set<string>();
  const initialize = (name: string, known: Known) => {
    if (initialized.has(name)) throw duplicate(name);
    initialized.add(name);
    // An initializer that is also an input is only a default that a caller may replace.
    if (!inputs.has(name)) scope.values.set(name, known);
  };
  for (const tensor of graph.initializers) {
    initialize(tensor.name ?? "", { type: tensor.dataType, constant: () => integersOf(tensor) });
  }
  for (const { values } of graph.sparseInitializers)
    initialize(values?.name ?? "", { type: values?.dataType });
  walkNodes(graph.nodes, scope, declaredTypes([...graph.valueInfo, ...graph.outputs]), walk);
  return graph.outputs.map(({ name = "", type }) => lookUp(scope, name).type ?? type?.tensor?.dataType);
}

function declaredTypes(values: readonly OnnxValue[]): Map<string, ValueType> {
  return new Map(values.map(({ name = "", type }) => [name, type?.tensor?.dataType]));
}

function lookUp(scope: Scope, name: string): Known {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const known = at.values.get(name);
    if (known !== undefined) return known;
  }
  return UNKNOWN;
}

function walkNodes(
  nodes: readonly OnnxNode[],
  scope: Scope,
  declared: Map<string, ValueType>,
  walk: Walk,
): void {
  const order = walk.orders.get(nodes) ?? inOrder(nodes);
  walk.orders.set(nodes, order);
  for (const node of order) {
    walk.budget.nodes -= 1;
    if (walk.budget.nodes < 0) {
      throw new ModelError("model-too-large", {
        reason: `its functions expand to over ${MAX_EXPANDED_NODES} nodes`,
      });
    }
    const inputs = node.inputs.map((name) => (name === "" ? UNKNOWN : lookUp(scope, name)));
    checkNode(node, inputs, walk);
    const outputs = walkNode(node, inputs, scope, walk);
    node.outputs.forEach((name, index) => {
      if (name === "") return;
      if (scope.values.has(name)) throw duplicate(name);
      const known = outputs[index] ?? UNKNOWN;
      scope.values.set(name, known.type === undefined ? { ...known, type: declared.get(name) } : known);
    });
  }
}

function walkNode(node: OnnxNode, inputs: readonly Known[], scope: Scope, walk: Walk): Known[] {
  const local = walk.file.functions.get(functionKey(node.domain, node.opType, node.overload));
  const inner = subgraphsOf(node).map((graph) => walkGraph(graph, scope, walk));
  if (local !== undefined) return walkCall(node, local, inputs, walk);
  if (domainOf(node.domain) === "") {
    if (node.opType === "Constant")
      return [{ type: outputTypes(node, [])[0], constant: () => constantOf(node) }];
    if (node.opType === "Identity") return [inputs[0] ?? UNKNOWN];
    if (node.opType === "If") return node.outputs.map((_, index) => ({ type: agreed(inner, index) }));
    // The first output of a loop's body is its condition; what a loop or a scan carries out follows in order.
    if (node.opType === "Loop") return node.outputs.map((_, index) => ({ type: inner[0]?.[index + 1] }));
    if (node.opType === "Scan") return node.outputs.map((_, index) => ({ type: inner[0]?.[index] }));
  }
  const types = outputTypes(
    node,
    inputs.map(({ type }) => type),
  );
  return types.map((type) => ({ type }));
}

function agreed(branches: readonly ValueType[][], index: number): ValueType {
  const types = new Set(branches.map((branch) => branch[index]));
  return types.size === 1 ? [...types][0] : undefined;
}

function walkCall(node: OnnxNode, local: OnnxFunction, inputs: readonly Known[], walk: Walk): Known[] {
  if (walk.callers.includes(local)) {
    throw new ModelError("model-cycle", {
      reason: `function "${local.name ?? ""}" calls itself`,
      node: titleOf(node),
    });
  }
  const values = new Map<string, Known>();
  local.inputs.forEach((name, index) => {
    if (values.has(name)) throw duplicate(name);
    values.set(name, inputs[index] ?? UNKNOWN);
  });
  const scope = { values, outer: undefined };
  const callers = [...walk.callers, local];
  walkNodes(local.nodes, scope, new Map(), { ...walk, callers, opsets: opsetVersions(local.opsets) });
  return local.outputs.map((name) => lookUp(scope, name));
}

function constantOf(node: OnnxNode): Iterable<bigint> | undefined {
  if (node.attributes.length !== 1 || node.attributes[0]?.reference !== undefined) return undefined;
  const tensor = attributeOf(node, "value")?.tensor;
  if (tensor !== undefined) return integersOf(tensor);
  const single = attributeOf(node, "value_int")?.i;
  if (single !== undefined) return [single];
  const list = attributeOf(node, "value_ints")?.ints;
  return list === undefined || list.length > MAX_LIST ? undefined : list;
}

function checkNode(node: OnnxNode, inputs: readonly Known[], walk: Walk): void {
  if (domainOf(node.domain) !== "") return;
  if (node.opType === "Div" || node.opType === "Mod") checkDivisor(node, inputs);
  if (node.opType === "Dropout" && (walk.opsets.get("") ?? 0) >= 12 && node.inputs[2]) {
    const mode = inputs[2]?.constant?.();
    if (mode === undefined || [...mode].some((flag) => flag !== 0n)) {
      refuse("model-operator-refused", node, "it can drop values at random (training mode)");
    }
  }
}

function checkDivisor(node: OnnxNode, inputs: readonly Known[]): void {
  const [dividend, divisor] = inputs;
  if (isFloating(dividend?.type) || isFloating(divisor?.type)) return;
  const values = divisor?.constant?.();
  if (values === undefined) {
    const unknown = dividend?.type === undefined && divisor?.type === undefined;
    const hint = unknown ? "; its type cannot be told, declare it in value_info if it is floating" : "";
    refuse("model-divisor-refused", node, `the divisor is not a constant${hint}`);
  }
  for (const value of values) {
    if (value <= 0n) refuse("model-divisor-refused", node, `the divisor contains ${value}`);
  }
}

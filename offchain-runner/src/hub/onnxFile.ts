import { ModelError } from "./modelError.ts";
import type {
  OnnxAttribute,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxOpset,
  OnnxTensor,
} from "./onnxSchema.ts";
import { onnxModel } from "./onnxSchema.ts";
import { decode, WireFault } from "./protobufWire.ts";

export interface OnnxLimits {
  readonly maxFileBytes: number;
  /** Messages, names and list entries that are kept in memory. */
  readonly maxItems: number;
  /** Protobuf messages inside each other; one nested graph takes three. */
  readonly maxMessageDepth: number;
  readonly maxNameBytes: number;
}

export const ONNX_LIMITS: OnnxLimits = {
  maxFileBytes: 512 * 1024 * 1024,
  maxItems: 1_000_000,
  maxMessageDepth: 60,
  maxNameBytes: 4096,
};

/** Versions of operator sets by domain, `""` being ONNX itself. */
export type Opsets = ReadonlyMap<string, number>;

export interface OnnxFile {
  readonly graph: OnnxGraph;
  readonly opsets: Opsets;
  readonly functions: ReadonlyMap<string, OnnxFunction>;
  readonly hasTrainingInfo: boolean;
}

/** @throws ModelError `model-malformed`, `model-too-large`, `model-too-deep`; nothing else, whatever the bytes are. */
export function parseOnnx(bytes: Uint8Array, limits: OnnxLimits = ONNX_LIMITS): OnnxFile {
  if (bytes.length > limits.maxFileBytes) {
    throw new ModelError("model-too-large", {
      reason: `${bytes.length} bytes, at most ${limits.maxFileBytes}`,
    });
  }
  const model = decodeModel(bytes, limits);
  if (model.graph === undefined) throw new ModelError("model-malformed", { reason: "it holds no graph" });
  return {
    graph: model.graph,
    opsets: opsetVersions(model.opsets),
    functions: functionTable(model.functions),
    hasTrainingInfo: model.trainingInfo.length > 0,
  };
}

function decodeModel(bytes: Uint8Array, limits: OnnxLimits): OnnxModel {
  try {
    return decode(onnxModel, bytes, {
      maxItems: limits.maxItems,
      maxDepth: limits.maxMessageDepth,
      maxTextBytes: limits.maxNameBytes,
    });
  } catch (cause) {
    if (!(cause instanceof WireFault)) throw cause;
    const codes = {
      malformed: "model-malformed",
      "too-many-items": "model-too-large",
      "too-deep": "model-too-deep",
    } as const;
    throw new ModelError(codes[cause.reason], { reason: cause.message }, cause);
  }
}

export function domainOf(domain: string | undefined): string {
  return domain === undefined || domain === "ai.onnx" ? "" : domain;
}

export function opsetVersions(opsets: readonly OnnxOpset[]): Opsets {
  const versions = new Map<string, number>();
  for (const { domain, version } of opsets) {
    const key = domainOf(domain);
    if (versions.has(key))
      throw new ModelError("model-malformed", { reason: `operator set "${key}" is imported twice` });
    versions.set(key, Number(version ?? 0n));
  }
  return versions;
}

export function functionKey(
  domain: string | undefined,
  name: string | undefined,
  overload: string | undefined,
): string {
  return JSON.stringify([domainOf(domain), name ?? "", overload ?? ""]);
}

function functionTable(functions: readonly OnnxFunction[]): ReadonlyMap<string, OnnxFunction> {
  const table = new Map<string, OnnxFunction>();
  for (const local of functions) {
    const key = functionKey(local.domain, local.name, local.overload);
    if (table.has(key))
      throw new ModelError("model-malformed", { reason: `function ${key} is defined twice` });
    table.set(key, local);
  }
  return table;
}

export function attributeOf(node: OnnxNode, name: string): OnnxAttribute | undefined {
  return node.attributes.find((attribute) => attribute.name === name);
}

export function subgraphsOf(node: OnnxNode): OnnxGraph[] {
  return node.attributes.flatMap(graphsOf);
}

function graphsOf(attribute: OnnxAttribute): OnnxGraph[] {
  return attribute.graph === undefined ? attribute.graphs : [attribute.graph, ...attribute.graphs];
}

/** Every graph of the file, those inside nodes and functions included. */
export function* graphs(file: OnnxFile): Generator<OnnxGraph> {
  yield* withSubgraphs(file.graph);
  for (const local of file.functions.values()) {
    for (const node of local.nodes) for (const graph of subgraphsOf(node)) yield* withSubgraphs(graph);
    for (const attribute of local.attributeDefaults)
      for (const graph of graphsOf(attribute)) yield* withSubgraphs(graph);
  }
}

function* withSubgraphs(graph: OnnxGraph): Generator<OnnxGraph> {
  yield graph;
  for (const node of graph.nodes) for (const inner of subgraphsOf(node)) yield* withSubgraphs(inner);
}

/** Every node of the file with the operator sets that give it its meaning. */
export function* nodes(file: OnnxFile): Generator<{ node: OnnxNode; opsets: Opsets }> {
  for (const node of nodesWithin(file.graph.nodes)) yield { node, opsets: file.opsets };
  for (const local of file.functions.values()) {
    const opsets = opsetVersions(local.opsets);
    for (const node of nodesWithin(local.nodes)) yield { node, opsets };
    for (const graph of local.attributeDefaults.flatMap(graphsOf)) {
      for (const node of nodesWithin(graph.nodes)) yield { node, opsets };
    }
  }
}

function* nodesWithin(list: readonly OnnxNode[]): Generator<OnnxNode> {
  for (const node of list) {
    yield node;
    for (const graph of subgraphsOf(node)) yield* nodesWithin(graph.nodes);
  }
}

/** Every tensor of the file: initializers, attributes, and the parts of sparse ones. */
export function* tensors(file: OnnxFile): Generator<OnnxTensor> {
  for (const graph of graphs(file)) {
    yield* graph.initializers;
    for (const sparse of graph.sparseInitializers) yield* sparseParts(sparse);
  }
  for (const { node } of nodes(file)) for (const attribute of node.attributes) yield* tensorsOf(attribute);
  for (const local of file.functions.values())
    for (const attribute of local.attributeDefaults) yield* tensorsOf(attribute);
}

function* tensorsOf(attribute: OnnxAttribute): Generator<OnnxTensor> {
  if (attribute.tensor !== undefined) yield attribute.tensor;
  yield* attribute.tensors;
  if (attribute.sparseTensor !== undefined) yield* sparseParts(attribute.sparseTensor);
  for (const sparse of attribute.sparseTensors) yield* sparseParts(sparse);
}

function* sparseParts(sparse: { values?: OnnxTensor; indices?: OnnxTensor }): Generator<OnnxTensor> {
  if (sparse.values !== undefined) yield sparse.values;
  if (sparse.indices !== undefined) yield sparse.indices;
}

import type { OnnxFile } from "../../hub/onnxFile.ts";
import { attributeOf, domainOf, subgraphsOf } from "../../hub/onnxFile.ts";
import { inOrder } from "../../hub/onnxOrder.ts";
import type { OnnxGraph, OnnxNode } from "../../hub/onnxSchema.ts";
import { DATA } from "../../hub/onnxTensors.ts";
import { gridOf } from "./floatTensor.ts";
import type { Grid } from "./grid.ts";
import { QuantizeError, unsupported } from "./quantizeError.ts";

/** The float model as the conversion reads it: nodes that depend on data, in order, and everything else as constants. */
export interface FloatGraph {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, Grid>;
  /** Outputs of nodes that shapes and constants alone decide; the float run tells their values. */
  readonly folded: readonly string[];
  readonly opset: number;
}

const SHAPE_ONLY = new Set(["Shape", "Size", "Constant"]);

export function floatGraphOf(file: OnnxFile): FloatGraph {
  const { graph } = file;
  if (file.functions.size > 0) refuse("it defines functions of its own");
  if (graph.sparseInitializers.length > 0) refuse("it holds sparse tensors");
  const constants = new Map(graph.initializers.map((tensor) => [tensor.name ?? "", gridOf(tensor)]));
  const inputs = graph.inputs.flatMap(({ name = "" }) => (constants.has(name) ? [] : [name]));
  checkTypes(graph, inputs);
  const known = new Set(constants.keys());
  const folded: string[] = [];
  const nodes: OnnxNode[] = [];
  for (const node of inOrder(graph.nodes)) {
    if (domainOf(node.domain) !== "") throw unsupported(node, "it is no standard operator");
    if (subgraphsOf(node).length > 0) throw unsupported(node, "it holds a graph of its own");
    const isFixed =
      SHAPE_ONLY.has(node.opType ?? "") || node.inputs.every((name) => name === "" || known.has(name));
    if (!isFixed) {
      nodes.push(node);
      continue;
    }
    for (const name of node.outputs.filter((output) => output !== "")) {
      known.add(name);
      const tensor = node.opType === "Constant" ? attributeOf(node, "value")?.tensor : undefined;
      if (tensor === undefined) folded.push(name);
      else constants.set(name, gridOf(tensor));
    }
  }
  const outputs = graph.outputs.map(({ name = "" }) => name);
  return { inputs, outputs, nodes, constants, folded, opset: file.opsets.get("") ?? 0 };
}

function checkTypes(graph: OnnxGraph, inputs: readonly string[]): void {
  for (const { name = "", type } of graph.inputs) {
    if (inputs.includes(name) && type?.tensor?.dataType !== DATA.float)
      refuse(`input "${name}" is not float32`);
  }
}

function refuse(reason: string): never {
  throw new QuantizeError("quantize-model-unsupported", { reason });
}

import { ModelError } from "./modelError.ts";
import { subgraphsOf } from "./onnxFile.ts";
import { titleOf } from "./onnxOperators.ts";
import type { OnnxGraph, OnnxNode } from "./onnxSchema.ts";

/**
 * The nodes in an order in which each comes after what it uses, values captured by its subgraphs included.
 * @throws ModelError `model-cycle`, `model-duplicate-value`
 */
export function inOrder(nodes: readonly OnnxNode[]): OnnxNode[] {
  const producers = producersOf(nodes);
  const waiting = new Map<OnnxNode, number>();
  const users = new Map<OnnxNode, OnnxNode[]>();
  for (const node of nodes) {
    const sources = new Set<OnnxNode>();
    for (const name of namesUsed(node)) {
      const source = producers.get(name);
      if (source !== undefined) sources.add(source);
    }
    waiting.set(node, sources.size);
    for (const source of sources) {
      const list = users.get(source);
      if (list === undefined) users.set(source, [node]);
      else list.push(node);
    }
  }
  const order = nodes.filter((node) => waiting.get(node) === 0);
  for (const node of order) {
    for (const user of users.get(node) ?? []) {
      const left = (waiting.get(user) ?? 0) - 1;
      waiting.set(user, left);
      if (left === 0) order.push(user);
    }
  }
  if (order.length < nodes.length) {
    const stuck = nodes.find((node) => (waiting.get(node) ?? 0) > 0);
    const where = stuck === undefined ? {} : { node: titleOf(stuck) };
    throw new ModelError("model-cycle", { reason: "a node needs its own output", ...where });
  }
  return order;
}

function producersOf(nodes: readonly OnnxNode[]): Map<string, OnnxNode> {
  const producers = new Map<string, OnnxNode>();
  for (const node of nodes) {
    for (const output of node.outputs) {
      if (output === "") continue;
      if (producers.has(output)) throw duplicate(output);
      producers.set(output, node);
    }
  }
  return producers;
}

export function duplicate(value: string): ModelError {
  return new ModelError("model-duplicate-value", {
    reason: "two nodes, inputs or initializers give it",
    value,
  });
}

function namesUsed(node: OnnxNode): Set<string> {
  const names = new Set(node.inputs);
  for (const graph of subgraphsOf(node)) for (const name of captured(graph)) names.add(name);
  return names;
}

/** Names that a subgraph takes from the graphs around it. */
function captured(graph: OnnxGraph): Set<string> {
  const free = new Set<string>();
  for (const node of graph.nodes) for (const name of namesUsed(node)) free.add(name);
  for (const { name } of graph.outputs) if (name !== undefined) free.add(name);
  for (const { name } of [...graph.inputs, ...graph.initializers]) if (name !== undefined) free.delete(name);
  for (const { values } of graph.sparseInitializers) if (values?.name !== undefined) free.delete(values.name);
  for (const node of graph.nodes) for (const name of node.outputs) free.delete(name);
  return free;
}

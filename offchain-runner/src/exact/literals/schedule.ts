import type { ValueGraph } from "./valueGraph.ts";
import { operandsOf, type ValueNode } from "./valueNode.ts";

const WORD = 32;
/** How deep an expression may nest, so that it stays far from the sixteen places of the stack that can be reached. */
const MAX_DEPTH = 8;

/** Which values are kept in memory, in order, and where; all others are written out where they are used. */
export interface Schedule {
  readonly kept: readonly ValueNode[];
  readonly addressOf: ReadonlyMap<ValueNode, number>;
  /** First byte of memory that no value uses. */
  readonly end: number;
}

/** @param memory first byte that values may use */
export function scheduleOf({ nodes, outputs }: ValueGraph, memory: number): Schedule {
  const uses = usesOf(nodes, outputs.flat());
  const depths = new Map<ValueNode, number>();
  const isKept = (node: ValueNode) => !depths.has(node) && node.kind !== "constant";
  const kept: ValueNode[] = [];
  for (const node of nodes) {
    if (!uses.has(node) || node.kind === "constant") continue;
    const depth = 1 + Math.max(0, ...operandsOf(node).map((operand) => depths.get(operand) ?? 0));
    if (uses.get(node) === 1 && canInline(node) && depth < MAX_DEPTH) depths.set(node, depth);
    else kept.push(node);
  }
  return { kept, ...placed(kept, isKept, outputs.flat(), memory) };
}

function canInline(node: ValueNode): boolean {
  switch (node.kind) {
    case "element":
    case "lane":
      return true;
    case "zip":
      return node.zip === "add" || node.zip === "sub" || node.zip === "mul";
    case "requantised":
      return node.clipLow === undefined && node.clipHigh === undefined;
    default:
      return false;
  }
}

/** How often a value is used by one that is needed, or as an output. */
function usesOf(nodes: readonly ValueNode[], outputs: readonly ValueNode[]): Map<ValueNode, number> {
  const uses = new Map<ValueNode, number>();
  const use = (node: ValueNode) => uses.set(node, (uses.get(node) ?? 0) + 1);
  for (const node of outputs) use(node);
  for (const node of nodes.toReversed())
    if (uses.has(node)) for (const operand of operandsOf(node)) use(operand);
  return uses;
}

/** Addresses are used again once the value there is used for the last time. */
function placed(
  kept: readonly ValueNode[],
  isKept: (node: ValueNode) => boolean,
  outputs: readonly ValueNode[],
  memory: number,
): Pick<Schedule, "addressOf" | "end"> {
  const reads = kept.map((node) => keptOperands(node, isKept));
  const lastRead = new Map<ValueNode, number>();
  for (const [i, nodes] of reads.entries()) for (const node of nodes) lastRead.set(node, i);
  for (const output of outputs) {
    for (const node of isKept(output) ? [output] : keptOperands(output, isKept))
      lastRead.set(node, kept.length);
  }
  const addressOf = new Map<ValueNode, number>();
  const free: number[] = [];
  let end = memory;
  for (const [i, node] of kept.entries()) {
    // A statement reads all before it writes, so that the result may take the place of an operand.
    for (const read of reads[i] ?? []) if (lastRead.get(read) === i) free.push(addressOf.get(read) as number);
    const address = free.pop() ?? end;
    if (address === end) end += WORD;
    addressOf.set(node, address);
  }
  return { addressOf, end };
}

/** The kept values that a statement for this one reads, each once. */
function keptOperands(node: ValueNode, isKept: (node: ValueNode) => boolean): ValueNode[] {
  const found = new Set<ValueNode>();
  const visit = (operand: ValueNode) => {
    if (isKept(operand)) found.add(operand);
    else for (const next of operandsOf(operand)) visit(next);
  };
  for (const operand of operandsOf(node)) visit(operand);
  return [...found];
}

import type { StoredGraph } from "../blobs.ts";
import { ExactError } from "../exactError.ts";
import type { Op } from "../program.ts";
import { decodeProgram } from "../programCodec.ts";
import { encodingOf, inputCheck, inputWord, outputStatements, swapFunctions } from "./border.ts";
import { scheduleOf } from "./schedule.ts";
import { hex, type Places, statementOf } from "./statements.ts";
import { valueGraphOf } from "./valueGraph.ts";
import type { LiteralTable, ValueNode } from "./valueNode.ts";

/** What contract code may have in bytes (EIP-170). */
export const MAX_CODE_BYTES = 24_576;
/** Nothing of Solidity's own is in memory while the contract evaluates: it returns from the assembly. */
const MEMORY = 0x80;
const WORD = 32;
/** A product of a kept value and a literal of 32 bytes, and a value computed and kept: no statement takes less. */
const LEAST_TERM_BYTES = 36;
const LEAST_VALUE_BYTES = 8;

export interface LiteralContract {
  /** Name of the Solidity contract. */
  readonly name: string;
  readonly source: string;
}

/** How a contract is called that was made for a model: its name's words run together, and no word of Solidity. */
export function contractNameOf(model: string): string {
  const words = model.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const name = words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join("");
  return `${/^[A-Za-z]/.test(name) ? name : `Model${name}`}OnChain`;
}

/**
 * One contract that evaluates one graph, and reads nothing but its input: weights, tables and the order of work are in
 * its code. What is only moved costs nothing; sums of products of several columns share a word.
 * @param model name of the model, for the reader
 * @throws ExactError `exact-contract-unsupported`, `exact-contract-too-large`
 */
export function literalContract(
  graph: Pick<StoredGraph, "graphRoot" | "root" | "stream">,
  model: string,
): LiteralContract {
  const values = valueGraphOf(graph);
  const schedule = scheduleOf(values, MEMORY);
  requireSize(schedule.kept);
  const input = encodingOf(graph.root.inputs);
  const output = encodingOf(graph.root.outputs);
  const { tables, fill, end } = placeTables(schedule.kept, schedule.end);
  const places: Places = { schedule, tables };
  const ops = decodeProgram(graph.stream.subarray(0, graph.root.programBytes)).map(({ op }) => op);
  const body = [
    ...swapFunctions(new Set([...input.tensors, ...output.tensors].map(({ width }) => width))),
    ...inputCheck(input),
    `if wrong { mstore(0, INPUT_INVALID) mstore(4, GRAPH_ROOT) revert(0, 36) }`,
    ...fill,
    ...schedule.kept.flatMap((node, i) => {
      const title =
        node.step === schedule.kept[i - 1]?.step ? [] : [`// ${titleOf(ops[node.step], node.step)}`];
      if (node.kind !== "word") return [...title, ...statementOf(node, places)];
      const address = hex(schedule.addressOf.get(node) as number);
      return [...title, `mstore(${address}, ${inputWord(input, node.tensor, node.index)})`];
    }),
    "// output",
    ...outputStatements(output, values.outputs, places, end),
  ];
  const name = contractNameOf(model);
  return { name, source: sourceOf(name, model, graph, body) };
}

function titleOf(op: Op | undefined, step: number): string {
  if (op === undefined) return "input";
  const size =
    op.kind === "dense" ? `, ${op.rows} × ${op.k} → ${op.n}` : op.kind === "reduce" ? ` ${op.reduce}` : "";
  return `step ${step}: ${op.kind}${op.kind === "zip" ? ` ${op.zip}` : size}`;
}

/** Refuses what cannot fit before anybody compiles it. */
function requireSize(kept: readonly ValueNode[]): void {
  const bytes = kept.reduce(
    (sum, node) =>
      sum + LEAST_VALUE_BYTES + (node.kind === "lanes" ? node.terms.length * LEAST_TERM_BYTES : 0),
    0,
  );
  if (bytes > MAX_CODE_BYTES)
    throw new ExactError("exact-contract-too-large", {
      reason: `at least ${bytes} bytes of code, of ${MAX_CODE_BYTES}; the machine runs it`,
    });
}

function placeTables(kept: readonly ValueNode[], from: number) {
  const tables = new Map<LiteralTable, number>();
  const fill: string[] = [];
  let end = from;
  for (const node of kept) {
    if (node.kind !== "look-up" || tables.has(node.table)) continue;
    const { bytes } = node.table;
    tables.set(node.table, end);
    for (let at = 0; at < bytes.length; at += WORD) {
      const word = Buffer.alloc(WORD);
      word.set(bytes.subarray(at, at + WORD));
      fill.push(`mstore(${hex(end + at)}, 0x${word.toString("hex")})`);
    }
    end += WORD * Math.ceil(bytes.length / WORD);
  }
  // Reading the last element of a table reaches beyond it.
  return { tables, fill, end: end + (tables.size === 0 ? 0 : WORD) };
}

function sourceOf(
  name: string,
  model: string,
  { graphRoot, root }: Pick<StoredGraph, "graphRoot" | "root">,
  body: readonly string[],
): string {
  return `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ${name}
/// @notice The exact model ${comment(model)}, whole: weights, tables and the order of work are in this code, and it reads nothing but
/// its input. The same bits as the machine and ONNX Runtime give.
/// @dev Written from the lowered graph below (lowering version ${root.loweringVersion}), so not by hand: who has the model writes and
/// compiles it again, and compares. An implementation of IOnChainModel.
contract ${name} {
    bytes32 private constant GRAPH_ROOT = ${graphRoot};
    /// @dev Selector of InputInvalid(bytes32), in front.
    bytes32 private constant INPUT_INVALID = 0x${INPUT_INVALID_SELECTOR}${"00".repeat(28)};

    error InputInvalid(bytes32 graphRoot);

    function graphRoot() external pure returns (bytes32) {
        return GRAPH_ROOT;
    }

    function evaluate(bytes calldata input) external pure returns (bytes memory) {
        assembly {
${body.map((line) => `            ${line}`).join("\n")}
        }
    }
}
`;
}

/** Of a name that a manifest admits nothing can end the comment; this holds for any other. */
function comment(text: string): string {
  return text.replace(/[^\w./@ -]/g, "?");
}

const INPUT_INVALID_SELECTOR = "5267f9a1";

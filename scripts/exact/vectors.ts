// Writes the vectors that machine, interpreter and ONNX Runtime are all held to: `node scripts/exact/vectors.ts`, then
// `npm run fmt`.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hexlify } from "ethers";
import { ExactInterpreter } from "../../offchain-runner/src/exact/interpreter.ts";
import { casesOf, disagreement } from "../../test/fixtures/exact/agreement.ts";
import { QUICK } from "../../test/fixtures/exact/comparison.ts";
import type { ExactGraph } from "../../test/fixtures/exact/exactGraph.ts";
import { drawGraph, FOCI } from "../../test/fixtures/exact/exactGraph.ts";
import type { ExactVector } from "../../test/fixtures/exactVectors.ts";

const VECTORS_FILE: string = fileURLToPath(new URL("../../test/fixtures/exactVectors.json", import.meta.url));

/** One graph around each, small enough to read. */
const OPERATORS = [
  "MatMulInteger",
  "ConvInteger",
  "MaxPool",
  "Gather",
  "ArgMax",
  "ReduceSum",
  "Sub",
  "BitShift",
];
const MAX_BYTES = 900;
/** Of an input and its output together. */
const MAX_CASE_BYTES = 800;
const LEAST_STEPS = 2;
const MOST_STEPS = 6;
const TRIES = 500;

export async function exactVectors(): Promise<ExactVector[]> {
  const vectors: ExactVector[] = [];
  for (const operator of OPERATORS) vectors.push(await vectorOf(await smallGraph(operator), operator));
  return vectors;
}

async function smallGraph(operator: string): Promise<ExactGraph> {
  const foci = FOCI.filter((focus) => focus.operator === operator);
  for (let seed = 1; seed <= TRIES; seed++) {
    const focus = foci[seed % foci.length];
    const graph = focus && (await drawGraph(seed, focus));
    if (graph !== undefined && isSmall(graph) && graph.operators.includes(operator)) return graph;
  }
  throw new Error(`no small graph around ${operator}`);
}

function isSmall(graph: ExactGraph): boolean {
  const { bytes, lowered } = graph;
  const steps = new ExactInterpreter(lowered).stops.length - 1;
  const [first] = casesOf(graph, ["small"]);
  const caseBytes = (first?.input.length ?? 0) + (first?.expected.length ?? 0);
  return (
    caseBytes <= MAX_CASE_BYTES &&
    bytes.length <= MAX_BYTES &&
    lowered.rootBytes.length <= MAX_BYTES &&
    steps >= LEAST_STEPS &&
    steps <= MOST_STEPS
  );
}

async function vectorOf(graph: ExactGraph, name: string): Promise<ExactVector> {
  const { bytes, schema, lowered } = graph;
  const cases = casesOf(graph, ["extremes", "lowest", "random"]);
  const fault = await disagreement(graph, QUICK, cases);
  if (fault !== undefined) throw new Error(fault);
  const interpreter = new ExactInterpreter(lowered);
  return {
    name,
    operators: [...graph.operators],
    model: hexlify(bytes),
    schema,
    graphRoot: lowered.graphRoot,
    blobs: lowered.blobs.map((blob) => hexlify(blob)),
    cases: cases.map(({ kind, input, expected }) => ({
      kind,
      input: hexlify(input),
      output: hexlify(expected),
      checkpoints: interpreter.stops.slice(1, -1).map((pc) => ({
        pc,
        state: hexlify(interpreter.resume({ pc: 0, state: input }, pc).state),
      })),
    })),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(VECTORS_FILE, `${JSON.stringify({ vectors: await exactVectors() }, null, 2)}\n`);

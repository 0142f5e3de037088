import { parentPort } from "node:worker_threads";
import { ExactError } from "../exact/exactError.ts";
import { ExactInterpreter } from "../exact/interpreter.ts";
import { ProgramError } from "../exact/programError.ts";
import { decodeRoot } from "../exact/rootCodec.ts";
import type { GraphTask, RunEnd, ThreadWord } from "./graphRunner.ts";

// Thread that runs graphs, so that one made to be slow holds up nothing else.

/** Or why there is none. */
const interpreters = new Map<string, ExactInterpreter | string>();

function perform({ graphRoot, graph, forget, input, stop }: GraphTask): RunEnd {
  try {
    for (const each of forget) interpreters.delete(each);
    if (graph !== undefined) interpreters.set(graphRoot, load(graph));
    const interpreter = interpreters.get(graphRoot);
    if (interpreter === undefined) return { kind: "failed", reason: "the graph is not there" };
    if (typeof interpreter === "string") return { kind: "unmeasurable", reason: interpreter };
    const end = stop ?? interpreter.root.programBytes;
    return { kind: "state", state: interpreter.resume({ pc: 0, state: input }, end).state };
  } catch (error) {
    if (error instanceof ExactError && error.code === "exact-input-invalid") return { kind: "input-invalid" };
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

function load({ rootBytes, stream }: NonNullable<GraphTask["graph"]>): ExactInterpreter | string {
  try {
    return new ExactInterpreter({ root: decodeRoot(rootBytes), stream });
  } catch (error) {
    if (error instanceof ProgramError || error instanceof ExactError) return error.message;
    throw error;
  }
}

parentPort?.on("message", (task: GraphTask) => parentPort?.postMessage(perform(task)));
parentPort?.postMessage({ kind: "ready" } satisfies ThreadWord);

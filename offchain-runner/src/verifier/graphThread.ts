import { parentPort } from "node:worker_threads";
import { ExactError } from "../exact/exactError.ts";
import { ExactInterpreter } from "../exact/interpreter.ts";
import { decodeRoot } from "../exact/rootCodec.ts";
import type { GraphTask, RunEnd } from "./graphRunner.ts";

// Thread that runs graphs, so that one made to be slow holds up nothing else.

const interpreters = new Map<string, ExactInterpreter>();

function perform({ graphRoot, graph, forget, input, stop }: GraphTask): RunEnd {
  try {
    for (const each of forget) interpreters.delete(each);
    if (graph !== undefined) {
      const { rootBytes, stream } = graph;
      interpreters.set(graphRoot, new ExactInterpreter({ root: decodeRoot(rootBytes), stream }));
    }
    const interpreter = interpreters.get(graphRoot);
    if (interpreter === undefined) return { kind: "failed", reason: "the graph is not there" };
    const end = stop ?? interpreter.root.programBytes;
    return { kind: "state", state: interpreter.resume({ pc: 0, state: input }, end).state };
  } catch (error) {
    if (error instanceof ExactError && error.code === "exact-input-invalid") return { kind: "input-invalid" };
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on("message", (task: GraphTask) => parentPort?.postMessage(perform(task)));

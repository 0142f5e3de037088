import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredGraph } from "../exact/blobs.ts";
import { circuitSource } from "./circuit.ts";
import type { Prover } from "./prover.ts";
import type { R1cs } from "./r1cs.ts";
import { readR1cs } from "./r1cs.ts";
import type { Tally } from "./steps.ts";

/** A graph's circuit, compiled: files in a folder of its own. */
export interface CompiledCircuit {
  readonly graphRoot: string;
  readonly source: string;
  readonly tally: Readonly<Tally>;
  readonly constraints: number;
  /** sha256 of the constraints: the same for the same graph, so that a key can be checked against the model. */
  readonly r1csDigest: string;
  readonly files: {
    readonly source: string;
    readonly r1cs: string;
    readonly wasm: string;
    readonly symbols: string;
  };
}

/**
 * Writes and compiles the circuit of a graph.
 * @param folder where its files go; made if it is not there
 * @throws CircuitError
 */
export async function buildCircuit(
  graph: Pick<StoredGraph, "graphRoot" | "root" | "stream">,
  folder: string,
  prover: Prover,
  signal?: AbortSignal,
): Promise<CompiledCircuit> {
  const { source, tally } = circuitSource(graph);
  const file = (ending: string) => join(folder, `circuit.${ending}`);
  const files = { source: file("circom"), r1cs: file("r1cs"), wasm: file("wasm"), symbols: file("sym") };
  await mkdir(folder, { recursive: true });
  await writeFile(files.source, source);
  await prover.run({ kind: "compile", folder }, signal);
  const r1cs = await readFile(files.r1cs);
  const constraints = readR1cs(r1cs).constraints.length;
  return { graphRoot: graph.graphRoot, source, tally, constraints, r1csDigest: sha256(r1cs), files };
}

export async function constraintsOf({ files }: CompiledCircuit): Promise<R1cs> {
  return readR1cs(await readFile(files.r1cs));
}

/** The least power of two that holds the constraints, and one more for each public signal and the constant. */
export function powerOf({ constraints, publicOutputs, publicInputs }: R1cs): number {
  return Math.ceil(Math.log2(constraints.length + publicOutputs + publicInputs + 1));
}

export function sha256(bytes: Uint8Array): string {
  return `0x${createHash("sha256").update(bytes).digest("hex")}`;
}

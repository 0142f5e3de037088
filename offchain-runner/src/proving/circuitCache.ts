import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { StoredGraph } from "../exact/blobs.ts";
import { circuitSource } from "../zk/circuit.ts";
import type { CompiledCircuit } from "../zk/compiledCircuit.ts";
import { buildCircuit, sha256 } from "../zk/compiledCircuit.ts";
import type { Prover } from "../zk/prover.ts";

const recordSchema = z.strictObject({ r1cs: z.string(), wasm: z.string(), constraints: z.int() });
const RECORD = "digests.json";

type Graph = Pick<StoredGraph, "graphRoot" | "root" | "stream">;

/** Compiled circuits on disk, by the digest of their source; what was changed there is made again. */
export class CircuitCache {
  readonly #folder: string;
  /** One after the other, since releases of one graph have one circuit. */
  #kept: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The circuit if it is there and whole. */
  async get(graph: Graph): Promise<CompiledCircuit | undefined> {
    const { source, tally } = circuitSource(graph);
    const folder = this.#folderOf(source);
    try {
      const { constraints, ...digests } = recordSchema.parse(
        JSON.parse(await readFile(join(folder, RECORD), "utf8")),
      );
      const files = filesIn(folder);
      const [r1cs, wasm] = await Promise.all([readFile(files.r1cs), readFile(files.wasm)]);
      if (sha256(r1cs) !== digests.r1cs || sha256(wasm) !== digests.wasm) return undefined;
      return { graphRoot: graph.graphRoot, source, tally, constraints, r1csDigest: digests.r1cs, files };
    } catch {
      // Not there, or not as it was written: both are made anew.
      return undefined;
    }
  }

  /** Compiles it and keeps it. @throws CircuitError */
  async make(graph: Graph, prover: Prover, signal?: AbortSignal): Promise<CompiledCircuit> {
    await mkdir(this.#folder, { recursive: true });
    const draft = await mkdtemp(join(this.#folder, "draft-"));
    try {
      const circuit = await buildCircuit(graph, draft, prover, signal);
      const { r1csDigest, constraints } = circuit;
      await rm(circuit.files.symbols);
      const record = { r1cs: r1csDigest, wasm: sha256(await readFile(circuit.files.wasm)), constraints };
      await writeFile(join(draft, RECORD), JSON.stringify(record));
      const kept = this.#kept.then(() => this.#keep(graph, circuit, draft));
      this.#kept = kept.catch(() => undefined);
      return await kept;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  /** Leaves what is there and the same: others may be reading it. */
  async #keep(graph: Graph, circuit: CompiledCircuit, draft: string): Promise<CompiledCircuit> {
    const known = await this.get(graph);
    if (known?.r1csDigest === circuit.r1csDigest) return known;
    const folder = this.#folderOf(circuit.source);
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
    return { ...circuit, files: filesIn(folder) };
  }

  /** Drafts of a process that was ended in the middle. */
  async clean(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      if (name.startsWith("draft-")) await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  #folderOf(source: string): string {
    return join(this.#folder, sha256(Buffer.from(source)).slice(2));
  }
}

function filesIn(folder: string): CompiledCircuit["files"] {
  const file = (ending: string) => join(folder, `circuit.${ending}`);
  return { source: file("circom"), r1cs: file("r1cs"), wasm: file("wasm"), symbols: file("sym") };
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Signer } from "ethers";
import type { StoredGraph } from "../offchain-runner/src/exact/blobs.ts";
import { ExactInterpreter } from "../offchain-runner/src/exact/interpreter.ts";
import { lowerRelease } from "../offchain-runner/src/exact/lowering.ts";
import { parseManifest, type ReleaseContent, releaseContentOf } from "../sdk/src/manifest.ts";
import { encodeTensors } from "../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../sdk/src/tensorValues.ts";
import type { operatorNetwork } from "./operatorNetwork.ts";

type Network = Pick<Awaited<ReturnType<typeof operatorNetwork>>, "ethers" | "blobs" | "hub">;

/** A shipped exact model as it is published: its content, its lowered graph, and the inputs of its sample. */
export interface ExactModel {
  name: string;
  content: ReleaseContent;
  graph: StoredGraph;
  inputs: Uint8Array[];
  outputOf(input: Uint8Array): Uint8Array;
}

/** Folders under `models/` whose models are exact. */
export function exactModelNames(): string[] {
  const models = new URL("../models/", import.meta.url);
  return readdirSync(models)
    .filter((name) => {
      const file = new URL(`${name}/manifest.json`, models);
      return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).arithmetic === "exact";
    })
    .sort();
}

/** @param name folder under `models/` */
export function readExactModel(name: string): ExactModel {
  const read = (file: string) => readFileSync(new URL(`../models/${name}/${file}`, import.meta.url));
  const manifest = parseManifest(JSON.parse(read("manifest.json").toString()), name);
  const graph = lowerRelease(read("model.onnx"), manifest);
  const [spec] = manifest.inputs;
  if (spec === undefined) throw new Error(`${name} has no input`);
  const { cases } = JSON.parse(read("sample.json").toString()) as { cases: Record<string, unknown[]>[] };
  const values = cases.map((item) => (item[spec.name] ?? []).flat(Number.POSITIVE_INFINITY) as number[]);
  const interpreter = new ExactInterpreter(graph);
  return {
    name,
    content: exactContent(
      releaseContentOf(manifest, ({ path }) => `https://models.example.org/${path}`),
      graph,
    ),
    graph,
    inputs: values.map((list) => encodeTensors([tensorFromNumbers(spec.dtype, spec.shape, list)])),
    outputOf: (input) => interpreter.evaluate(input),
  };
}

export function exactContent(content: ReleaseContent, { graphRoot, root }: StoredGraph): ReleaseContent {
  return {
    ...content,
    arithmetic: 1,
    exact: { ...content.exact, graphRoot, loweringVersion: root.loweringVersion },
  };
}

/** Stores the graph and publishes the release, which is exact from then on. */
export async function publishExact(
  { ethers, blobs, hub }: Network,
  publisher: Signer,
  { name, content, graph }: Pick<ExactModel, "name" | "content" | "graph">,
  royalty = 0n,
): Promise<string> {
  for (const blob of graph.blobs) await (await blobs.put(blob)).wait();
  await (await hub.connect(publisher).createModel(name)).wait();
  const model = ethers.keccak256(
    ethers.AbiCoder.defaultAbiCoder().encode(["address", "string"], [await publisher.getAddress(), name]),
  );
  const publish = hub.connect(publisher).getFunction("publish");
  const terms = [model, false, content, royalty, 0n, 1, "", ethers.ZeroHash] as const;
  const release: string = await publish.staticCall(...terms);
  await (await publish(...terms)).wait();
  // What is measured must be valid beyond the block of the publication, and id and hash must be the sent one's.
  if (!(await hub.isExact(release))) throw new Error(`${name} does not count as exact`);
  return release;
}

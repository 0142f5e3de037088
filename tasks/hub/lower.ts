import path from "node:path";
import { readManifest } from "@opg-network/sdk/manifest";
import { decodeProgram } from "../../offchain-runner/src/exact/programCodec.ts";
import { CommandError } from "../commandError.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { checkModel } from "./checkModel.ts";
import { loweredModel, storeBlobs } from "./loweredModel.ts";

export interface LowerArguments {
  folder: string;
  store: boolean;
}

/** What an exact model is to the machine; its graph is put on chain where that is asked for. */
export async function lower(args: LowerArguments, session: Session): Promise<Report> {
  const manifest = await readManifest(path.join(args.folder, "manifest.json"));
  await checkModel(args.folder, manifest);
  const graph = await loweredModel(args.folder, manifest);
  if (graph === undefined) {
    throw new CommandError("arguments-conflict", {
      problem: `${manifest.name} is declared approximate; only exact models have a graph`,
    });
  }
  const { root, stream, blobs, graphRoot } = graph;
  const steps = decodeProgram(stream.subarray(0, root.programBytes)).length;
  const gas = args.store ? await storeBlobs(session, graph) : undefined;
  return {
    lines: [
      `${manifest.name} is exact, lowering version ${root.loweringVersion}`,
      ...fields([
        ["graph root", graphRoot],
        ["steps", String(steps)],
        ["blobs", `${blobs.length}, ${stream.length} bytes beside the root`],
        ["memory", `${root.arenaWords} words`],
        ["evaluation", `at most ${root.gasBound} gas`],
        ["gas", gas === undefined ? undefined : String(gas)],
      ]),
    ],
    value: {
      graphRoot,
      loweringVersion: root.loweringVersion,
      steps,
      blobs: blobs.length,
      streamBytes: stream.length,
      arenaWords: root.arenaWords,
      gasBound: Number(root.gasBound),
      gas: gas === undefined ? null : Number(gas),
    },
  };
}

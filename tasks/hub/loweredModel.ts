import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Manifest } from "@opg-network/sdk/manifest";
import type { StoredGraph } from "../../offchain-runner/src/exact/blobs.ts";
import { blobDigest } from "../../offchain-runner/src/exact/blobs.ts";
import { lowerRelease } from "../../offchain-runner/src/exact/lowering.ts";
import type { Session } from "../session.ts";
import { explained, send } from "../transaction.ts";

/** The graph that an exact release of this folder commits to; `undefined` of an approximate one. */
export async function loweredModel(folder: string, manifest: Manifest): Promise<StoredGraph | undefined> {
  if (manifest.arithmetic !== "exact") return undefined;
  return lowerRelease(await readFile(path.join(folder, manifest.entry)), manifest);
}

/** Puts on chain what of a graph is not there yet, the root last. Gas used. */
export async function storeBlobs(session: Session, { blobs }: StoredGraph): Promise<bigint> {
  const { blobs: store } = await session.contracts();
  let gas = 0n;
  for (const [i, blob] of blobs.entries()) {
    if (await explained(() => store.isStored(blobDigest(blob)))) continue;
    session.say(`Storing blob ${i + 1} of ${blobs.length}, ${blob.length} bytes`);
    gas += (await send(() => store.put(blob))).gasUsed;
  }
  return gas;
}

import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Readable } from "node:stream";
import { ArtifactError } from "./artifactError.ts";

/** Opens a regular file that really lies inside `folder`, symlinks followed before the question is asked. */
export async function openLocal(path: string, folder: string): Promise<Readable> {
  const [root, target] = [await real(folder), await real(join(folder, path))];
  if (!target.startsWith(root + sep)) {
    throw new ArtifactError("artifact-uri-refused", { path, reason: "it leads out of the model folder" });
  }
  // Not to wait for a writer where the name is a pipe.
  const handle = await open(target, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  if (!(await handle.stat()).isFile()) {
    await handle.close();
    throw new ArtifactError("artifact-uri-refused", { path, reason: "it is not a regular file" });
  }
  return handle.createReadStream();
}

async function real(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    throw new ArtifactError("artifact-not-found", { path }, cause);
  }
}

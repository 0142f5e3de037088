import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { Manifest, ManifestFile } from "@opg-network/sdk/manifest";
import { checkOnnxPolicy } from "../../offchain-runner/src/hub/onnxPolicy.ts";
import { isPlainPath } from "../../offchain-runner/src/hub/plainPath.ts";
import { CommandError } from "../commandError.ts";

/**
 * What every node will check before it serves the release: files of the declared size and digest, and a model that is a
 * function of its inputs alone, with the inputs and outputs that the manifest declares.
 */
export async function checkModel(folder: string, manifest: Manifest): Promise<void> {
  for (const file of manifest.files) {
    if (!isPlainPath(file.path)) {
      throw new CommandError("file-unreadable", {
        path: file.path,
        problem: "nodes accept plain paths only: letters, digits, . _ + -",
      });
    }
    await checkFile(path.join(folder, file.path), file);
  }
  checkOnnxPolicy({
    bytes: await readFile(path.join(folder, manifest.entry)),
    path: manifest.entry,
    files: new Map(manifest.files.map((file) => [file.path, file])),
    schema: manifest,
  });
}

async function checkFile(file: string, { path: name, size, sha256 }: ManifestFile): Promise<void> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new CommandError(
      "file-unreadable",
      { path: file, problem: "it is in the manifest, but not in the folder" },
      cause,
    );
  });
  if (!found.isFile()) throw new CommandError("file-unreadable", { path: file, problem: "it is not a file" });
  if (found.size !== size) {
    throw new CommandError("digest-mismatch", {
      path: name,
      what: "size",
      declared: String(size),
      actual: String(found.size),
    });
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  const actual = hash.digest("hex");
  if (actual !== sha256)
    throw new CommandError("digest-mismatch", { path: name, what: "sha256", declared: sha256, actual });
}

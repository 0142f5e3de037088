import { execFile } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../local/paths.ts";

const SDK = join(ROOT, "sdk");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

/**
 * Lays out `@opg-network/sdk` in `folder`, as JavaScript with declarations: Node runs no TypeScript that lies in
 * `node_modules`.
 */
export async function layOutSdk(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const options = ["--outDir", join(folder, "dist"), "--rootDir", join(SDK, "src")];
  await promisify(execFile)(process.execPath, [TSC, "-p", join(SDK, "tsconfig.build.json"), ...options]);
  const source = JSON.parse(await readFile(join(SDK, "package.json"), "utf8")) as Record<string, unknown>;
  const { private: _, ...manifest } = source;
  const exports = {
    ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
    "./*": { types: "./dist/*.d.ts", default: "./dist/*.js" },
  };
  await writeFile(join(folder, "package.json"), `${JSON.stringify({ ...manifest, exports }, null, 2)}\n`);
  await cp(join(SDK, "README.md"), join(folder, "README.md"));
  await cp(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
}

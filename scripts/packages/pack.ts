import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../local/paths.ts";
import { layOutContracts } from "./contractsPackage.ts";
import { layOutSdk } from "./sdkPackage.ts";

/** Makes the packages for integrators, as `npm install` takes them: one archive each in `dist/`. */
const OUT = join(ROOT, "dist");

await rm(OUT, { recursive: true, force: true });
for (const [name, layOut] of [
  ["contracts", layOutContracts],
  ["sdk", layOutSdk],
] as const) {
  const folder = join(OUT, name);
  await layOut(folder);
  const { stdout } = await promisify(execFile)("npm", ["pack", "--silent", "--pack-destination", OUT], {
    cwd: folder,
  });
  console.log(join(OUT, stdout.trim()));
}

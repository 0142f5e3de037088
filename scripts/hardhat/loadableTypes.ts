import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { definePlugin } from "hardhat/plugins";
import type { SolidityHooks } from "hardhat/types/hooks";

/** Makes the imports between generated files name the files that exist, so that Node can load them as they are. */
export function nameTypeScriptFiles(source: string): string {
  return source.replace(/(from\s+["']\.{1,2}\/[^"']+)\.js(["'])/g, "$1.ts$2");
}

const solidityHooks = async (): Promise<Partial<SolidityHooks>> => ({
  async processArtifactsAfterSuccessfulBuild(context) {
    const folder = join(context.config.paths.root, context.config.typechain.outDir ?? "types");
    const names = await readdir(folder, { recursive: true }).catch(() => []);
    await Promise.all(
      names.filter((name) => name.endsWith(".ts")).map((name) => rewrite(join(folder, name))),
    );
  },
});

async function rewrite(file: string): Promise<void> {
  const source = await readFile(file, "utf8");
  const loadable = nameTypeScriptFiles(source);
  if (loadable !== source) {
    await writeFile(file, loadable);
  }
}

/** List it after the plugin that generates the types. */
export const loadableTypes = definePlugin({
  id: "loadable-types",
  hookHandlers: { solidity: async () => ({ default: solidityHooks }) },
});

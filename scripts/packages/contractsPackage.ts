import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../local/paths.ts";

const CONTRACTS = join(ROOT, "contracts");
const MOCKS = join(CONTRACTS, "mocks");

/** Lays out `@opg-network/contracts` in `folder`: the sources, without what only our own tests deploy. */
export async function layOutContracts(folder: string): Promise<void> {
  await cp(CONTRACTS, folder, { recursive: true, filter: (source) => !source.startsWith(MOCKS) });
  const { version, license, devDependencies } = JSON.parse(
    await readFile(join(ROOT, "package.json"), "utf8"),
  ) as { version: string; license: string; devDependencies: Record<string, string> };
  const openzeppelin = "@openzeppelin/contracts";
  const manifest = {
    name: "@opg-network/contracts",
    version,
    description: "Solidity for contracts that call models: PipeConsumer, MockPipe, tensors, examples",
    license,
    dependencies: { [openzeppelin]: devDependencies[openzeppelin] },
  };
  await writeFile(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of ["LICENSE", "docs/integrate.md"]) {
    await cp(join(ROOT, name), join(folder, name === "LICENSE" ? name : "README.md"));
  }
}

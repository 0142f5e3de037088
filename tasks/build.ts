import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { withLock } from "../scripts/setup/lock.mjs";

/** Brings the contracts up to date. One command at a time: two builds write to the same temporary file of the cache. */
export async function build(hre: HardhatRuntimeEnvironment): Promise<void> {
  const { cache } = hre.config.paths;
  await mkdir(cache, { recursive: true });
  await withLock(
    path.join(cache, "commands.lock"),
    () => undefined,
    async () => await hre.tasks.getTask("build").run({ quiet: true, noTests: true }),
  );
}

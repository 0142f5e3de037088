import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Figures } from "./figures.ts";

/** The EIP-170 limit. */
export const MAX_RUNTIME_BYTES = 24_576;

const NOT_DEPLOYED = /^contracts\/(mocks|examples|interfaces)\//;

/** Runtime bytes of every contract that is deployed, by contract name. Needs a build. */
export async function measureSizes(hre: HardhatRuntimeEnvironment): Promise<Figures> {
  const sizes: Figures = {};
  for (const name of await hre.artifacts.getAllFullyQualifiedNames()) {
    if (!name.startsWith("contracts/") || NOT_DEPLOYED.test(name)) {
      continue;
    }
    const { abi, deployedBytecode, contractName } = await hre.artifacts.readArtifact(name);
    const bytes = (deployedBytecode.length - 2) / 2;
    // A library of internal functions leaves a stub without an interface.
    const isCallable = abi.some(({ type }: { type: string }) => type === "function" || type === "fallback");
    if (bytes > 0 && isCallable) {
      sizes[contractName] = bytes;
    }
  }
  return sizes;
}

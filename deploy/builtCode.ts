import type { ArtifactManager } from "hardhat/types/artifacts";

/** Whether `code` is the runtime code of a contract as it is built now, immutables aside. */
export async function isBuiltCode(
  artifacts: ArtifactManager,
  contract: string,
  code: string,
): Promise<boolean> {
  const { deployedBytecode, immutableReferences } = await artifacts.readArtifact(contract);
  if (code.length !== deployedBytecode.length) return false;
  const immutables = Object.values(immutableReferences ?? {}).flat();
  return withoutImmutables(code, immutables) === withoutImmutables(deployedBytecode, immutables);
}

function withoutImmutables(code: string, immutables: readonly { start: number; length: number }[]): string {
  const bytes = Buffer.from(code.slice(2), "hex");
  for (const { start, length } of immutables) bytes.fill(0, start, start + length);
  return bytes.toString("hex");
}

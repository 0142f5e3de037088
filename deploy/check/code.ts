import { readFile } from "node:fs/promises";
import { keccak256 } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import type { Finding } from "./finding.ts";
import type { Translation } from "./replica.ts";

type Reference = { start: number; length: number };

export interface CodeComparison {
  contract: string;
  /** What to call it, where there are several. */
  label?: string;
  /** On the chain that is checked, and on the replica. */
  here: string;
  there: string;
}

/** Runtime code against what is built: masked where immutables are, which are compared as values. */
export async function checkCode(
  artifacts: ArtifactManager,
  { contract, label = contract, here, there }: CodeComparison,
  translation: Translation,
): Promise<Finding[]> {
  if (here === "0x")
    return [{ kind: "code-missing", subject: label, expected: "a contract", actual: "no code" }];
  const artifact = await artifacts.readArtifact(contract);
  const references = Object.entries(artifact.immutableReferences ?? {});
  const masked = (code: string) =>
    keccak256(references.flatMap(([, places]) => places).reduce((bytes, place) => blank(bytes, place), code));
  if (here.length !== there.length || masked(here) !== masked(there)) {
    return [{ kind: "code-differs", subject: label, expected: masked(there), actual: masked(here) }];
  }
  const findings: Finding[] = [];
  for (const [id, places] of references) {
    const [expected] = places.map((place) => translation.of(slice(there, place)));
    const differing = places.map((place) => slice(here, place)).find((value) => value !== expected);
    if (differing === undefined || expected === undefined) continue;
    const subject = `${label}.${await immutableName(artifacts, contract, Number(id))}`;
    findings.push({ kind: "immutable-differs", subject, expected, actual: differing });
  }
  return findings;
}

function slice(code: string, { start, length }: Reference): string {
  return `0x${code.slice(2 + 2 * start, 2 + 2 * (start + length))}`;
}

function blank(code: string, { start, length }: Reference): string {
  return code.slice(0, 2 + 2 * start) + "0".repeat(2 * length) + code.slice(2 + 2 * (start + length));
}

/** What the source calls the variable that the compiler numbers so. */
async function immutableName(artifacts: ArtifactManager, contract: string, id: number): Promise<string> {
  const { buildInfoId } = await artifacts.readArtifact(contract);
  const file = buildInfoId === undefined ? undefined : await artifacts.getBuildInfoOutputPath(buildInfoId);
  if (file === undefined) return `immutable ${id}`;
  const { output } = JSON.parse(await readFile(file, "utf8")) as { output: { sources: object } };
  return nameOf(output.sources, id) ?? `immutable ${id}`;
}

function nameOf(node: unknown, id: number): string | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  const { nodeType, id: own, name } = node as Record<string, unknown>;
  if (nodeType === "VariableDeclaration" && own === id) return String(name);
  for (const child of Object.values(node)) {
    const found = nameOf(child, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

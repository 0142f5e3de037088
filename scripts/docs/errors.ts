import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CONTRACT_NAMES } from "@opg-network/sdk/deployment";
import { Interface } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import { z } from "zod";

export const ERRORS_FILE: string = fileURLToPath(new URL("../../docs/errors.md", import.meta.url));

/** What integrators inherit, beside what is deployed. */
const INHERITED = ["PipeConsumer"] as const;

interface DeclaredError {
  selector: string;
  signature: string;
  /** The contract, interface or library that declares it. */
  owner: string;
  meaning: string | undefined;
  isOurs: boolean;
}

const HEAD = `# Errors

What a call can be refused with, by the first four bytes of what it reverts with. Written by
\`node scripts/docs/errors.ts\` from the contracts' NatSpec; edit it there.
`;

/** The page, from what the compiler knows of the contracts as they are built. */
export async function errorsPage(artifacts: ArtifactManager): Promise<string> {
  const raisedBy = await selectorsOf(artifacts);
  const declared = [...(await declaredErrors(artifacts)).values()].filter(({ selector }) =>
    raisedBy.has(selector),
  );
  const silent = declared.filter(({ isOurs, meaning }) => isOurs && meaning === undefined);
  if (silent.length > 0) {
    const names = silent.map(({ owner, signature }) => `${owner}.${signature}`);
    throw new Error(`these errors have no NatSpec: ${names.join(", ")}`);
  }
  const owners = [...new Set(declared.map(({ owner }) => owner))].sort();
  // Ours first; then what comes with what they are built on.
  const ranked = [true, false].flatMap((ours) =>
    owners.filter((owner) => declared.some((error) => error.owner === owner && error.isOurs === ours)),
  );
  const sections = ranked.map((owner) => {
    const rows = declared
      .filter((error) => error.owner === owner)
      .sort((a, b) => (a.signature < b.signature ? -1 : 1))
      .map(
        ({ selector, signature, meaning }) =>
          `| \`${selector}\` | \`${signature}\` | ${meaning ?? ""} | ${(raisedBy.get(selector) ?? []).join(", ")} |`,
      );
    return `\n## ${owner}\n\n| selector | error | meaning | raised by |\n|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  return HEAD + sections.join("");
}

/** Contracts that can raise each error, by selector. */
async function selectorsOf(artifacts: ArtifactManager): Promise<Map<string, string[]>> {
  const raised = new Map<string, string[]>();
  for (const contract of [...CONTRACT_NAMES, ...INHERITED]) {
    new Interface((await artifacts.readArtifact(contract)).abi).forEachError(({ selector }) => {
      raised.set(selector, [...(raised.get(selector) ?? []), contract]);
    });
  }
  return raised;
}

/** As Solidity's abstract syntax tree has it. */
const definition = z.looseObject({
  nodeType: z.literal("ErrorDefinition"),
  name: z.string(),
  errorSelector: z.string(),
  documentation: z.looseObject({ text: z.string() }).nullish(),
  parameters: z.looseObject({
    parameters: z.array(
      z.looseObject({ name: z.string(), typeDescriptions: z.looseObject({ typeString: z.string() }) }),
    ),
  }),
});

async function declaredErrors(artifacts: ArtifactManager): Promise<Map<string, DeclaredError>> {
  const found = new Map<string, DeclaredError>();
  for (const [file, tree] of await syntaxTrees(artifacts)) {
    const visit = (node: unknown, owner: string): void => {
      if (typeof node !== "object" || node === null) return;
      const { nodeType, name } = node as Record<string, unknown>;
      const inside = nodeType === "ContractDefinition" ? String(name) : owner;
      const parsed = nodeType === "ErrorDefinition" ? definition.safeParse(node) : undefined;
      if (parsed?.success) {
        const error = declaredError(parsed.data, inside, file);
        found.set(`${inside} ${error.selector}`, error);
        return;
      }
      for (const child of Object.values(node)) visit(child, inside);
    };
    visit(tree, file);
  }
  return found;
}

function declaredError(
  { name, errorSelector, documentation, parameters }: z.output<typeof definition>,
  owner: string,
  file: string,
): DeclaredError {
  const types = parameters.parameters.map((parameter) =>
    // `struct SlashTerms`, `contract IERC20`: the kind is no news.
    `${parameter.typeDescriptions.typeString.replace(/^(struct|contract|enum) (\w+\.)?/, "")} ${parameter.name}`.trim(),
  );
  return {
    selector: `0x${errorSelector}`,
    signature: `${name}(${types.join(", ")})`,
    owner,
    meaning: meaningOf(documentation?.text),
    isOurs: file.startsWith("project/"),
  };
}

/** The sentences of a NatSpec comment, without its tags; parameters are left to the interface. */
function meaningOf(text: string | undefined): string | undefined {
  const sentences = (text ?? "")
    .split(/\n?\s*@(?=param|return|custom)/)[0]
    ?.replace(/@(notice|dev)\s+/g, "")
    .replace(/\s+/g, " ")
    .replaceAll("|", "\\|")
    .trim();
  return sentences === "" ? undefined : sentences;
}

/** Of every file that was built, by the compiler's name for it. */
async function syntaxTrees(artifacts: ArtifactManager): Promise<Map<string, unknown>> {
  // A build that compiled a part keeps what it read of the rest, as it was then.
  const buildOf = new Map<string, string>();
  for (const name of await artifacts.getAllFullyQualifiedNames()) {
    const { buildInfoId, inputSourceName } = await artifacts.readArtifact(name);
    if (buildInfoId !== undefined && inputSourceName !== undefined) buildOf.set(inputSourceName, buildInfoId);
  }
  const trees = new Map<string, unknown>();
  for (const id of new Set(buildOf.values())) {
    const file = await artifacts.getBuildInfoOutputPath(id);
    if (file === undefined) continue;
    const { output } = JSON.parse(await readFile(file, "utf8")) as {
      output: { sources: Record<string, { ast: unknown }> };
    };
    for (const [source, { ast }] of Object.entries(output.sources)) {
      const isShown = !/^project\/(contracts\/(mocks|examples)|test)\//.test(source);
      if (isShown && (buildOf.get(source) ?? id) === id) trees.set(source, ast);
    }
  }
  return trees;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { default: hre } = await import("hardhat");
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  await writeFile(ERRORS_FILE, await errorsPage(hre.artifacts));
}

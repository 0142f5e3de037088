import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Deployment } from "@opg-network/sdk/deployment";
import { NetworkError } from "@opg-network/sdk/errors";
import { AbiCoder, Interface, ZeroAddress } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import { z } from "zod";
import { readJournal } from "../journal.ts";

/** What is asked of the compiler: files by name, and how to compile them. */
export interface CompilerInput {
  language: string;
  sources: Record<string, { content: string }>;
  settings: Record<string, unknown>;
}

/** A contract, and what its constructor was given. */
export interface MadeContract {
  /** What to call its payload, where there are several. */
  label: string;
  contract: string;
  address: string;
  constructorArguments: string;
}

/** All that an explorer needs to compile a contract again and compare. */
export interface VerificationPayload {
  /** What to call it: the contract's name, and which one, where there are several. */
  contract: string;
  chainId: number;
  address: string;
  /** `file:Name`, as the compiler knows it. */
  identifier: string;
  /** With the commit: `0.8.37+commit.f401782d`. */
  compilerVersion: string;
  licence: "MIT";
  /** ABI-encoded, behind the creation code. */
  constructorArguments: string;
  input: CompilerInput;
}

/** What the compiler was given and gave is not where the build left it. */
export class BuildMissingError extends NetworkError {
  constructor(contract: string) {
    super(
      "build-missing",
      `the build of ${contract} keeps no compiler input; run \`npx hardhat build --force\``,
      {
        data: { contract },
      },
    );
  }
}

/** Nothing tells with which arguments the contract was constructed. */
export class ArgumentsUnknownError extends NetworkError {
  constructor(contract: string, source: string) {
    super(
      "arguments-unknown",
      `${source} does not tell of the deployment of ${contract}, so its constructor's arguments are not known`,
      { data: { contract, source } },
    );
  }
}

const buildInfo = z.looseObject({
  solcLongVersion: z.string(),
  input: z.looseObject({
    language: z.string(),
    sources: z.record(z.string(), z.object({ content: z.string() })),
    settings: z.looseObject({}),
  }),
});

const buildOutput = z.looseObject({
  output: z.looseObject({
    sources: z.record(
      z.string(),
      z.looseObject({
        ast: z.looseObject({
          nodes: z.array(z.looseObject({ nodeType: z.string(), absolutePath: z.string().optional() })),
        }),
      }),
    ),
  }),
});

interface Build {
  version: string;
  input: CompilerInput;
  /** Files that each file imports. */
  imports: ReadonlyMap<string, readonly string[]>;
}

/**
 * One payload for each contract that this deployment made.
 * @param made what constructors made besides, and the record does not name
 */
export async function verificationPayloads(
  artifacts: ArtifactManager,
  deployment: Deployment,
  folder: string,
  made: readonly MadeContract[],
): Promise<VerificationPayload[]> {
  const created = await creations(folder);
  const contracts: MadeContract[] = [...made];
  for (const [contract, { address }] of Object.entries(deployment.contracts)) {
    // One that was there before is not ours to verify.
    if (contract === "OPG" && deployment.contracts.TokenGenesis === undefined) continue;
    const constructorArguments = await argumentsOf(artifacts, deployment, created, contract);
    if (constructorArguments === undefined) throw new ArgumentsUnknownError(contract, folder);
    contracts.push({ label: contract, contract, address, constructorArguments });
  }
  const builds = new Map<string, Build>();
  const payloads: VerificationPayload[] = [];
  for (const { label, contract, address, constructorArguments } of contracts) {
    const { buildInfoId, inputSourceName } = await artifacts.readArtifact(contract);
    if (buildInfoId === undefined || inputSourceName === undefined) throw new BuildMissingError(contract);
    const build = builds.get(buildInfoId) ?? (await readBuild(artifacts, buildInfoId, contract));
    builds.set(buildInfoId, build);
    payloads.push({
      contract: label,
      chainId: deployment.chainId,
      address,
      identifier: `${inputSourceName}:${contract}`,
      compilerVersion: build.version,
      licence: "MIT",
      constructorArguments,
      input: minimalInput(build, inputSourceName, contract),
    });
  }
  return payloads;
}

/** From the transaction that created it, or from how another's constructor makes it. */
async function argumentsOf(
  artifacts: ArtifactManager,
  { contracts }: Deployment,
  created: ReadonlyMap<string, string>,
  contract: string,
): Promise<string | undefined> {
  const given = async (name: string): Promise<string | undefined> => {
    const data = created.get(name);
    return data === undefined
      ? undefined
      : `0x${data.slice((await artifacts.readArtifact(name)).bytecode.length)}`;
  };
  const coder = AbiCoder.defaultAbiCoder();
  if (contract === "PipeExecutor") return "0x";
  if (contract === "OPG") return coder.encode(["address"], [contracts.TokenGenesis?.address]);
  if (contract !== "TimelockController") return await given(contract);
  const ofGovernor = await given("ProtocolGovernor");
  if (ofGovernor === undefined) return undefined;
  const { deploy } = new Interface((await artifacts.readArtifact("ProtocolGovernor")).abi);
  const [, terms] = coder.decode(deploy.inputs, ofGovernor);
  return coder.encode(
    ["uint256", "address[]", "address[]", "address"],
    [terms.timelockDelay, [contracts.ProtocolGovernor?.address], [ZeroAddress], ZeroAddress],
  );
}

/** The data of the transaction that created each contract. */
async function creations(folder: string): Promise<Map<string, string>> {
  const created = new Map<string, string>();
  for (const { type, futureId, networkInteraction } of await readJournal(folder)) {
    if (type !== "NETWORK_INTERACTION_REQUEST" || networkInteraction === undefined || futureId === undefined)
      continue;
    if (networkInteraction.to !== undefined) continue;
    created.set(futureId.slice(futureId.indexOf("#") + 1), networkInteraction.data);
  }
  return created;
}

async function readBuild(artifacts: ArtifactManager, id: string, contract: string): Promise<Build> {
  const inputFile = await artifacts.getBuildInfoPath(id);
  const outputFile = await artifacts.getBuildInfoOutputPath(id);
  if (inputFile === undefined || outputFile === undefined) throw new BuildMissingError(contract);
  const { solcLongVersion, input } = buildInfo.parse(JSON.parse(await readFile(inputFile, "utf8")));
  const { output } = buildOutput.parse(JSON.parse(await readFile(outputFile, "utf8")));
  const imports = Object.entries(output.sources).map(
    ([name, { ast }]) =>
      [
        name,
        ast.nodes.flatMap(({ nodeType, absolutePath }) =>
          nodeType === "ImportDirective" && absolutePath !== undefined ? [absolutePath] : [],
        ),
      ] as const,
  );
  return { version: solcLongVersion, input, imports: new Map(imports) };
}

/**
 * The files that the contract stands on, with the settings of the whole build. The compiler numbers what it reads, and
 * keeps the order: that it gives the same code without the other files is tested for every contract.
 */
function minimalInput({ input, imports }: Build, file: string, contract: string): CompilerInput {
  const needed = new Set<string>();
  const todo = [file];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (needed.has(next)) continue;
    needed.add(next);
    todo.push(...(imports.get(next) ?? []));
  }
  const sources = Object.entries(input.sources).filter(([name]) => needed.has(name));
  return {
    language: input.language,
    sources: Object.fromEntries(sources.sort(([a], [b]) => (a < b ? -1 : 1))),
    settings: {
      ...input.settings,
      outputSelection: {
        [file]: {
          [contract]: ["abi", "metadata", "evm.bytecode", "evm.deployedBytecode"],
        },
      },
    },
  };
}

/** Where payloads are written: `<Contract>.json` with all, `<Contract>.input.json` as explorers' forms take it. */
export function verificationFolder(folder: string): string {
  return path.join(folder, "verification");
}

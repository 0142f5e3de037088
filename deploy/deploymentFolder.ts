import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { NetworkError } from "@opg-network/sdk/errors";
import { getAddress } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import type { NetworkConnection } from "hardhat/types/network";
import { z } from "zod";
import { withLock } from "../scripts/setup/lock.mjs";
import { isBuiltCode } from "./builtCode.ts";
import { completed, hasJournal, readJournal, replaceFile } from "./journal.ts";
import { blockNumber } from "./sentTransaction.ts";

export const LOCAL_CHAIN_ID = 31_337;

const originSchema = z.strictObject({
  chainId: z.int(),
  genesis: z.string(),
  block: z.int().nonnegative(),
  deployer: z.string(),
});

/** The chain that a deployment began on, at which block, and who deploys. */
export type DeploymentOrigin = z.output<typeof originSchema>;

/** The chain does not hold what the journal of an earlier deployment says. */
export class DeploymentLostError extends NetworkError {
  constructor(address: string, journal: string) {
    super(
      "deployment-lost",
      `${journal} says that there is a contract at ${address}, but there is none; is this the right chain?`,
      { data: { address, journal } },
    );
  }
}

/** The contracts have changed since they were deployed. */
export class DeploymentOutdatedError extends NetworkError {
  constructor(address: string, journal: string) {
    super(
      "deployment-outdated",
      `the contract at ${address} is not what is built here; to deploy another protocol beside it, move ${journal} away`,
      { data: { address, journal } },
    );
  }
}

/** The journal was begun on another chain of the same id, or by another account. */
export class DeploymentElsewhereError extends NetworkError {
  constructor(journal: string, what: string, began: string, now: string) {
    super(
      "deployment-elsewhere",
      `${journal} was begun with ${what} ${began}, but this is ${now}; finish it there, or move the folder away`,
      { data: { journal, what, began, now } },
    );
  }
}

export interface FolderOptions {
  artifacts: ArtifactManager;
  chainId: number;
  deployer: string;
  say: (line: string) => void;
}

/** Does `work` while no other process deploys with this journal. */
export async function inFolder<T>(
  folder: string,
  say: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(path.dirname(folder), { recursive: true });
  return await withLock(
    `${folder}.lock`,
    () => say("Another command deploys with this journal; waiting for it"),
    work,
  );
}

/**
 * What the journal tells of must be there, and be what is built now. A local chain that was started anew, or contracts
 * that have changed, begin a new deployment there; anywhere else that is for the deployer to decide.
 */
export async function openFolder(
  connection: NetworkConnection<string>,
  folder: string,
  options: FolderOptions,
): Promise<DeploymentOrigin> {
  const { chainId, deployer, say } = options;
  const genesis = await genesisOf(connection);
  const now = { chainId, genesis, block: await blockNumber(connection), deployer };
  if (hasJournal(folder)) {
    const origin = await readOrigin(folder);
    const reason = await whyAnew(connection, folder, origin, now, options);
    if (reason === undefined) return origin ?? (await begin(folder, { ...now, block: 0 }));
    say(reason);
    await rm(folder, { recursive: true });
  }
  return await begin(folder, now);
}

/** Why a deployment on a local chain has to start over. On any other chain the same is an error. */
async function whyAnew(
  connection: NetworkConnection<string>,
  folder: string,
  origin: DeploymentOrigin | undefined,
  now: DeploymentOrigin,
  { artifacts }: FolderOptions,
): Promise<string | undefined> {
  const isLocal = now.chainId === LOCAL_CHAIN_ID;
  if (origin !== undefined && (origin.chainId !== now.chainId || origin.genesis !== now.genesis)) {
    if (isLocal) return "The local chain is a new one: deploying anew";
    throw new DeploymentElsewhereError(
      folder,
      "a chain of genesis block",
      origin.genesis,
      `chain ${now.chainId} of genesis block ${now.genesis}`,
    );
  }
  const problem = await firstProblem(connection, artifacts, folder);
  if (problem?.kind === "lost") {
    if (isLocal) return "The local chain is a new one: deploying anew";
    throw new DeploymentLostError(problem.address, folder);
  }
  if (problem?.kind === "outdated") {
    if (isLocal) return "The contracts have changed: deploying anew";
    throw new DeploymentOutdatedError(problem.address, folder);
  }
  if (origin !== undefined && origin.deployer !== now.deployer) {
    if (isLocal) return "Another account deploys: deploying anew";
    throw new DeploymentElsewhereError(folder, "deployer", origin.deployer, now.deployer);
  }
  return undefined;
}

async function firstProblem(
  connection: NetworkConnection<string>,
  artifacts: ArtifactManager,
  folder: string,
): Promise<{ kind: "lost" | "outdated"; address: string } | undefined> {
  for (const [future, address] of completed(await readJournal(folder))) {
    if (address === undefined) continue;
    const code = String(
      await connection.provider.request({ method: "eth_getCode", params: [address, "latest"] }),
    );
    if (code === "0x") return { kind: "lost", address: getAddress(address) };
    const contract = future.slice(future.indexOf("#") + 1);
    if (!(await isBuiltCode(artifacts, contract, code)))
      return { kind: "outdated", address: getAddress(address) };
  }
  return undefined;
}

/** Where the deployment in `folder` began; undefined before it did. */
export async function readOrigin(folder: string): Promise<DeploymentOrigin | undefined> {
  const file = originFile(folder);
  if (!existsSync(file)) return undefined;
  return originSchema.parse(JSON.parse(await readFile(file, "utf8")));
}

async function begin(folder: string, origin: DeploymentOrigin): Promise<DeploymentOrigin> {
  await mkdir(folder, { recursive: true });
  await replaceFile(originFile(folder), `${JSON.stringify(origin, null, 2)}\n`);
  return origin;
}

const originFile = (folder: string) => path.join(folder, "origin.json");

async function genesisOf(connection: NetworkConnection<string>): Promise<string> {
  const block = await connection.provider.request({ method: "eth_getBlockByNumber", params: ["0x0", false] });
  return z.looseObject({ hash: z.string() }).parse(block).hash;
}

import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { type Deployment, readDeployment } from "@opg-network/sdk/deployment";
import { getAddress, isAddress } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";
import { CommandError } from "./commandError.ts";
import { type Contracts, contractsAt } from "./contracts.ts";

/** Options that every command has. */
export interface CommonArguments {
  from: string | undefined;
  deployment: string | undefined;
  json: boolean;
}

/** What a command works with: one network, one deployment of the protocol, one account. */
export interface Session {
  readonly hre: HardhatRuntimeEnvironment;
  readonly connection: NetworkConnection<string>;
  readonly chainId: number;
  /** Path of the deployment record. */
  readonly recordPath: string;
  /** Tells what is about to happen; aside of the result where that is JSON. */
  say(line: string): void;
  /** Goes on only when the user agrees. */
  confirm(question: string, agreed: boolean): Promise<void>;
  account(): Promise<HardhatEthersSigner>;
  deployment(): Promise<Deployment>;
  /** The protocol as `account()` calls it. */
  contracts(): Promise<Contracts>;
  /** The protocol as anybody reads it. */
  readOnly(): Promise<Contracts>;
}

export async function openSession(args: CommonArguments, hre: HardhatRuntimeEnvironment): Promise<Session> {
  const connection: NetworkConnection<string> = await hre.network.getOrCreate();
  const chainId = Number(await connection.provider.request({ method: "eth_chainId" }));
  const recordPath = path.resolve(
    args.deployment ?? path.join(hre.config.paths.ignition, "deployments", `${connection.networkName}.json`),
  );
  const say = (line: string) => void (args.json ? process.stderr : process.stdout).write(`${line}\n`);
  const account = () => chooseAccount(connection, args.from);
  const deployment = once(() => loadDeployment(connection, chainId, recordPath));
  return {
    hre,
    connection,
    chainId,
    recordPath,
    say,
    confirm: (question, agreed) => confirm(question, agreed, args.json),
    account,
    deployment,
    contracts: once(async () => contractsAt(await deployment(), await account())),
    readOnly: once(async () => contractsAt(await deployment(), connection.ethers.provider)),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function chooseAccount(
  connection: NetworkConnection<string>,
  from: string | undefined,
): Promise<HardhatEthersSigner> {
  const signers = await connection.ethers.getSigners();
  if (from === undefined) {
    const [first] = signers;
    if (first === undefined) throw new CommandError("account-missing", { network: connection.networkName });
    return first;
  }
  if (!isAddress(from))
    throw new CommandError("argument-invalid", { name: "--from", value: from, expected: "an address" });
  const account = getAddress(from);
  const chosen = signers.find(({ address }) => address === account);
  if (chosen === undefined) {
    throw new CommandError("account-unknown", { account, accounts: signers.map(({ address }) => address) });
  }
  return chosen;
}

async function loadDeployment(
  connection: NetworkConnection<string>,
  chainId: number,
  recordPath: string,
): Promise<Deployment> {
  if (!existsSync(recordPath)) {
    throw new CommandError("deployment-missing", { network: connection.networkName, path: recordPath });
  }
  const deployment = await readDeployment(recordPath);
  if (deployment.chainId !== chainId) {
    throw new CommandError("chain-mismatch", {
      path: recordPath,
      recorded: deployment.chainId,
      actual: chainId,
    });
  }
  const { address } = deployment.contracts.InferenceRequests;
  if ((await connection.ethers.provider.getCode(address)) === "0x") {
    throw new CommandError("deployment-stale", { path: recordPath, address });
  }
  return deployment;
}

async function confirm(question: string, agreed: boolean, json: boolean): Promise<void> {
  if (agreed) return;
  if (json || !process.stdin.isTTY) throw new CommandError("not-confirmed", { question });
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await prompt.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError("not-confirmed", { question });
  } finally {
    prompt.close();
  }
}

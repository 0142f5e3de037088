import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Deployment, readDeployment } from "@opg-network/sdk/deployment";
import { parseEther } from "ethers";
import { OPG__factory } from "../../types/factories/contracts/OPG__factory.ts";
import { localAccounts } from "./accounts.ts";
import { freePort } from "./freePort.ts";
import { commandLine, hardhatCommand } from "./hardhatCommand.ts";
import { type LocalChain, startLocalChain } from "./localChain.ts";
import { LocalNetworkError } from "./localNetworkError.ts";
import { type ManagedProcess, startProcess } from "./managedProcess.ts";
import { LOCAL, LOCAL_CHAIN_ID, MODELS, ROOT, RUNNER } from "./paths.ts";

const NODE_READY_TIMEOUT_MS = 60_000;
/** OPG that each of operator and requester begins with, and the stake of the operator. */
const ALLOWANCE = parseEther("100000");
const STAKE = "10000";
export const PRICE = "0.05";

/** What the local network tells about itself while it comes up. */
export interface Narrator {
  step(title: string): void;
  /** A command of the repo's own that is being run, as a user would type it. */
  command(line: string): void;
}

export interface PublishedRelease {
  release: string;
  name: string;
  version: string;
  gas: number;
  /** Where it is evaluated on chain, if it was delivered there. */
  onChainModel: string | null;
}

/** Chain, contracts, a published model, a staked operator and its node, each as a user would set it up. */
export interface LocalNetwork {
  readonly folder: string;
  readonly chain: LocalChain;
  readonly deployment: Deployment;
  readonly deploymentFile: string;
  readonly accounts: ReturnType<typeof localAccounts>;
  readonly release: PublishedRelease;
  /** The exact one, which is on chain as well; where one was asked for. */
  readonly onChain: PublishedRelease | undefined;
  readonly node: ManagedProcess;
  readonly nodeUrl: string;
  /** Resolves when a part of it ends by itself. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

export interface LocalNetworkOptions {
  /** Below `.local/`; emptied first. */
  name: string;
  model: string;
  /** An exact model to publish and serve beside it, and to put on chain as a contract. */
  onChainModel?: string;
  chainPort?: number;
  nodePort?: number;
  signal: AbortSignal;
  narrator: Narrator;
}

/** Starts it all; whatever was started is stopped again when a step fails. */
export async function startLocalNetwork(options: LocalNetworkOptions): Promise<LocalNetwork> {
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    return await start(options, started, stop);
  } catch (cause) {
    await stop();
    throw cause;
  }
}

async function start(
  { name, model, onChainModel, chainPort = 0, nodePort = 0, signal, narrator }: LocalNetworkOptions,
  started: { stop(): Promise<void> }[],
  stop: () => Promise<void>,
): Promise<LocalNetwork> {
  const folder = join(LOCAL, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });

  narrator.step("Starting a local OP-stack chain");
  const chain = await startLocalChain(await freePort(chainPort), join(folder, "chain.log"), signal);
  started.push({
    stop: async () => {
      chain.provider.destroy();
      await chain.process.stop();
    },
  });
  await chain.mineOnDemand();
  const accounts = localAccounts(chain.provider);
  const deploymentFile = join(folder, "deployment.json");
  const run = async <Result>(role: keyof typeof accounts, args: readonly string[]): Promise<Result> => {
    const shown = [...args, "--from", accounts[role].address];
    narrator.command(commandLine([...shown, "--network", "local"]));
    const hidden = ["--deployment", deploymentFile, "--network", "local"];
    return await hardhatCommand<Result>([...shown, ...hidden], { LOCAL_RPC_URL: chain.url }, signal);
  };

  narrator.step("Deploying the contracts");
  await run("deployer", ["protocol", "deploy"]);
  const deployment = await readDeployment(deploymentFile);
  const opg = OPG__factory.connect(deployment.contracts.OPG.address, accounts.deployer);
  for (const role of ["operator", "requester"] as const) {
    await (await opg.transfer(accounts[role].address, ALLOWANCE)).wait();
  }

  narrator.step("Publishing the model in the hub");
  const publish = async (folder: string, ...options: string[]) =>
    await run<PublishedRelease>("publisher", [
      "hub",
      "publish",
      relative(ROOT, join(MODELS, folder)),
      ...options,
    ]);
  const release = await publish(model);
  if (onChainModel !== undefined)
    narrator.step("Publishing an exact model too, and putting it on chain as a contract of its own");
  const onChain =
    onChainModel === undefined ? undefined : await publish(onChainModel, "--on-chain", "contract");

  narrator.step("Registering an operator, staking, and offering the model");
  const nodeUrl = `http://127.0.0.1:${await freePort(nodePort)}`;
  const terms = ["--stake", STAKE, "--price", PRICE, "--slots", "8", "--endpoint", nodeUrl];
  await run("operator", [
    "operator",
    "onboard",
    release.release,
    ...terms,
    "--signer",
    accounts.signer.address,
  ]);
  if (onChain !== undefined) await run("operator", ["operator", "serve", onChain.release, "--price", PRICE]);
  await run("operator", ["operator", "update", "--gateway", `${nodeUrl}/v1/gateway`]);

  narrator.step("Starting the operator's node, a process of its own");
  const configFile = await writeNodeConfig(
    folder,
    chain.url,
    deploymentFile,
    [release, ...(onChain === undefined ? [] : [onChain])],
    nodeUrl,
  );
  narrator.command(`npx opg-node start --config ${relative(ROOT, configFile)}`);
  const logFile = join(folder, "node.log");
  const node = startProcess([RUNNER, "start", "--config", configFile], logFile, {
    OPG_NODE_PRIVATE_KEY: accounts.signer.privateKey,
  });
  started.push(node);
  await waitUntilReady(nodeUrl, node, logFile, signal);

  const ended = Promise.race([
    chain.process.exited.then(() => "the chain"),
    node.exited.then(() => "the node"),
  ]);
  return {
    folder,
    chain,
    deployment,
    deploymentFile,
    accounts,
    release,
    onChain,
    node,
    nodeUrl,
    ended,
    stop,
  };
}

async function writeNodeConfig(
  folder: string,
  rpcUrl: string,
  deploymentFile: string,
  releases: readonly PublishedRelease[],
  nodeUrl: string,
): Promise<string> {
  const { hostname, port } = new URL(nodeUrl);
  const config = {
    chain: { rpcUrls: [rpcUrl], chainId: LOCAL_CHAIN_ID, deploymentFile, silentAfterMs: 0 },
    dataDir: join(folder, "node"),
    modelDir: MODELS,
    serve: releases.map(({ release }) => ({ release, minFee: PRICE })),
    http: { host: hostname, port: Number(port) },
  };
  const file = join(folder, "node.json");
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`);
  return file;
}

async function waitUntilReady(
  url: string,
  node: ManagedProcess,
  logFile: string,
  signal: AbortSignal,
): Promise<void> {
  let ended = false;
  void node.exited.then(() => {
    ended = true;
  });
  const giveUpAt = Date.now() + NODE_READY_TIMEOUT_MS;
  while (Date.now() < giveUpAt) {
    signal.throwIfAborted();
    if (ended) throw new LocalNetworkError("node-ended", "the node ended while it started", logFile);
    const isReady = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await sleep(100, undefined, { signal });
  }
  throw new LocalNetworkError("node-not-ready", "the node did not become ready in time", logFile);
}

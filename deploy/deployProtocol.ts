import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import type {
  DeploymentParameters,
  IgnitionModule,
  IgnitionModuleResult,
} from "@nomicfoundation/ignition-core";
import type { ContractName, Deployment } from "@opg-network/sdk/deployment";
import { NetworkError } from "@opg-network/sdk/errors";
import { getAddress } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import type { NetworkConnection } from "hardhat/types/network";
import { isBuiltCode } from "./builtCode.ts";
import { deploymentBlocks } from "./deploymentBlocks.ts";
import { AdminDelayModule, HandOverModule } from "./modules/Admin.ts";
import { TokenModule } from "./modules/Token.ts";
import {
  KEY_ORIGINS,
  type ProtocolParameters,
  requirePublicPowers,
  withDeployer,
} from "./protocolParameters.ts";

const LOCAL_CHAIN_ID = 31_337;

export interface DeployOptions {
  /** Ignition's folder (`hre.config.paths.ignition`): its journal is under `deployments/`; a chain in memory has none. */
  ignitionDir: string;
  /** Name of the journal; `chain-<id>` by default. */
  deploymentId?: string;
  artifacts: ArtifactManager;
  deployer: string;
  /** Told what is being done. */
  say: (line: string) => void;
}

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

/** The account at the address given as existing OPG holds no code. */
export class TokenMissingError extends NetworkError {
  constructor(address: string) {
    super("token-missing", `there is no contract at ${address}, which the parameters name as existing OPG`, {
      data: { address },
    });
  }
}

/**
 * Deploys the protocol and sets who may do what. What an earlier, interrupted run did is kept: a second run completes it
 * and a third changes nothing.
 */
export async function deployProtocol(
  connection: NetworkConnection<string>,
  parameters: ProtocolParameters,
  { ignitionDir, deploymentId: givenId, artifacts, deployer, say }: DeployOptions,
): Promise<Deployment> {
  const chainId = Number(await connection.provider.request({ method: "eth_chainId" }));
  const deploymentId = givenId ?? `chain-${chainId}`;
  const isKept = connection.networkConfig.type === "http";
  const journal = isKept ? path.join(ignitionDir, "deployments", deploymentId) : undefined;
  if (journal !== undefined) await checkJournal(connection, journal, chainId, { artifacts, say });

  if (chainId !== LOCAL_CHAIN_ID) requirePublicPowers(parameters);
  const { token, powers, operators, requests, disputes, proofs } = withDeployer(parameters, deployer);
  const run = <Results extends IgnitionModuleResult<string>>(
    module: IgnitionModule<string, string, Results>,
    values: DeploymentParameters,
  ) =>
    connection.ignition.deploy(module, {
      parameters: { $global: { deployer, admin: powers.admin, adminDelay: powers.adminDelay }, ...values },
      deploymentId,
      defaultSender: deployer,
      // One block is final on a chain of this machine.
      config: chainId === LOCAL_CHAIN_ID ? { requiredConfirmations: 1, blockPollingInterval: 100 } : {},
    });

  const opg = await tokenOf(connection, token, async () => {
    say("Deploying OPG");
    const contracts = await run(TokenModule, { Token: { holder: token.holder } });
    return await contracts.opg.getAddress();
  });
  const values = {
    Operators: { opg, ...operators },
    Disputes: { ...disputes },
    Groth16Verifier: { leastOrigin: KEY_ORIGINS[proofs.leastOrigin] },
    PlonkVerifier: { acceptedPowers: proofs.acceptedPowers },
    InferenceRequests: { opg, ...requests },
    // The same terms: what a requester pays must not depend on how it asks.
    Pipe: { opg, ...requests },
    Protocol: {
      governor: powers.governor,
      governorDelay: powers.governorDelay,
      guardian: powers.guardian,
      exitDelay: powers.exitDelay,
    },
  };
  say("Deploying the protocol and its roles");
  const contracts = await run(powers.admin === deployer ? AdminDelayModule : HandOverModule, values);

  const addresses: Record<ContractName, string> = {
    AccessManager: await contracts.authority.getAddress(),
    OPG: opg,
    BlobStore: await contracts.blobs.getAddress(),
    ExactMachine: await contracts.machine.getAddress(),
    OnChainModels: await contracts.models.getAddress(),
    ModelHub: await contracts.hub.getAddress(),
    Operators: await contracts.operators.getAddress(),
    ProofSettlement: await contracts.settlement.getAddress(),
    InferenceRequests: await contracts.requests.getAddress(),
    Disputes: await contracts.disputes.getAddress(),
    Coverage: await contracts.coverage.getAddress(),
    Gateways: await contracts.gateways.getAddress(),
    Groth16Verifier: await contracts.groth16.getAddress(),
    PlonkVerifier: await contracts.plonk.getAddress(),
    Pipe: await contracts.pipe.getAddress(),
    PipeExecutor: await contracts.executor.getAddress(),
    SolidML: await contracts.solidML.getAddress(),
    WorkflowScheduler: await contracts.scheduler.getAddress(),
  };
  const blocks = await deploymentBlocks(connection, addresses, journal);
  // Made by the constructor of `Pipe`, so that no journal knows it.
  const executorBlock = blocks.get(addresses.Pipe);
  if (executorBlock !== undefined) blocks.set(addresses.PipeExecutor, executorBlock);
  return {
    network: connection.networkName,
    chainId,
    contracts: Object.fromEntries(
      Object.entries(addresses).map(([name, address]) => [
        name,
        { address, block: blocks.get(address) ?? 0 },
      ]),
    ) as Deployment["contracts"],
  };
}

async function tokenOf(
  connection: NetworkConnection<string>,
  token: ProtocolParameters["token"],
  deploy: () => Promise<string>,
): Promise<string> {
  if (token.existing === null) return await deploy();
  if ((await codeAt(connection, token.existing)) === "0x") throw new TokenMissingError(token.existing);
  return token.existing;
}

/**
 * What the journal tells of must be there, and be what is built now. A local chain that was started anew, or contracts
 * that have changed, begin a new deployment there; anywhere else that is for the deployer to decide.
 */
async function checkJournal(
  connection: NetworkConnection<string>,
  journal: string,
  chainId: number,
  { artifacts, say }: Pick<DeployOptions, "artifacts" | "say">,
): Promise<void> {
  if (!existsSync(journal)) return;
  const file = path.join(journal, "deployed_addresses.json");
  const recorded = existsSync(file)
    ? (JSON.parse(await readFile(file, "utf8")) as Record<string, string>)
    : {};
  const problem = await firstProblem(connection, artifacts, recorded);
  if (chainId !== LOCAL_CHAIN_ID) {
    if (problem?.kind === "lost") throw new DeploymentLostError(problem.address, journal);
    if (problem?.kind === "outdated") throw new DeploymentOutdatedError(problem.address, journal);
  } else if (problem !== undefined || Object.keys(recorded).length === 0) {
    say(
      problem?.kind === "outdated"
        ? "The contracts have changed: deploying anew"
        : "The local chain is a new one: deploying anew",
    );
    await rm(journal, { recursive: true });
  }
}

async function firstProblem(
  connection: NetworkConnection<string>,
  artifacts: ArtifactManager,
  recorded: Readonly<Record<string, string>>,
): Promise<{ kind: "lost" | "outdated"; address: string } | undefined> {
  for (const [future, address] of Object.entries(recorded)) {
    const code = await codeAt(connection, address);
    if (code === "0x") return { kind: "lost", address: getAddress(address) };
    const contract = future.slice(future.indexOf("#") + 1);
    if (!(await isBuiltCode(artifacts, contract, code)))
      return { kind: "outdated", address: getAddress(address) };
  }
  return undefined;
}

async function codeAt(connection: NetworkConnection<string>, address: string): Promise<string> {
  return String(await connection.provider.request({ method: "eth_getCode", params: [address, "latest"] }));
}

import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { DeploymentParameters, IgnitionModule, IgnitionModuleResult } from "@nomicfoundation/ignition-core";
import type { NetworkConnection } from "hardhat/types/network";
import { NetworkError } from "@opg-network/sdk/errors";
import type { ContractName, Deployment } from "@opg-network/sdk/deployment";
import { getAddress } from "ethers";
import { deploymentBlocks } from "./deploymentBlocks.ts";
import { AdminDelayModule, HandOverModule } from "./modules/Admin.ts";
import { TokenModule } from "./modules/Token.ts";
import { type ProtocolParameters, withDeployer } from "./protocolParameters.ts";

const LOCAL_CHAIN_ID = 31_337;

export interface DeployOptions {
  /** Ignition's folder (`hre.config.paths.ignition`): its journal is under `deployments/`; a chain in memory has none. */
  ignitionDir: string;
  /** Name of the journal; `chain-<id>` by default. */
  deploymentId?: string;
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
  { ignitionDir, deploymentId: givenId, deployer, say }: DeployOptions,
): Promise<Deployment> {
  const chainId = Number(await connection.provider.request({ method: "eth_chainId" }));
  const deploymentId = givenId ?? `chain-${chainId}`;
  const isKept = connection.networkConfig.type === "http";
  const journal = isKept ? path.join(ignitionDir, "deployments", deploymentId) : undefined;
  if (journal !== undefined) await checkJournal(connection, journal, chainId, say);

  const { token, powers, operators, requests } = withDeployer(parameters, deployer);
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
    InferenceRequests: { opg, ...requests },
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
    ModelHub: await contracts.hub.getAddress(),
    Operators: await contracts.operators.getAddress(),
    ProofSettlement: await contracts.settlement.getAddress(),
    InferenceRequests: await contracts.requests.getAddress(),
    Disputes: await contracts.disputes.getAddress(),
    Coverage: await contracts.coverage.getAddress(),
  };
  const blocks = await deploymentBlocks(connection, addresses, journal);
  return {
    network: connection.networkName,
    chainId,
    contracts: Object.fromEntries(
      Object.entries(addresses).map(([name, address]) => [name, { address, block: blocks.get(address) ?? 0 }]),
    ) as Deployment["contracts"],
  };
}

async function tokenOf(
  connection: NetworkConnection<string>,
  token: ProtocolParameters["token"],
  deploy: () => Promise<string>,
): Promise<string> {
  if (token.existing === null) return await deploy();
  if (!(await hasCode(connection, token.existing))) throw new TokenMissingError(token.existing);
  return token.existing;
}

/** A local chain that was started anew has lost what the journal tells of; any other chain must still have it. */
async function checkJournal(
  connection: NetworkConnection<string>,
  journal: string,
  chainId: number,
  say: DeployOptions["say"],
): Promise<void> {
  if (!existsSync(journal)) return;
  const file = path.join(journal, "deployed_addresses.json");
  const recorded = existsSync(file) ? (JSON.parse(await readFile(file, "utf8")) as Record<string, string>) : {};
  const addresses = Object.values(recorded);
  const present = await Promise.all(addresses.map((address) => hasCode(connection, address)));
  const missing = addresses.find((_, i) => present[i] === false);
  if (chainId === LOCAL_CHAIN_ID) {
    if (addresses.length !== 0 && missing === undefined) return;
    say("The local chain is a new one: forgetting what was deployed on the last");
    await rm(journal, { recursive: true });
  } else if (missing !== undefined) {
    throw new DeploymentLostError(getAddress(missing), journal);
  }
}

async function hasCode(connection: NetworkConnection<string>, address: string): Promise<boolean> {
  return (await connection.provider.request({ method: "eth_getCode", params: [address, "latest"] })) !== "0x";
}

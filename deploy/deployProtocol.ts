import path from "node:path";
import { HardhatError } from "@nomicfoundation/hardhat-errors";
import type { IgnitionModule, IgnitionModuleResult } from "@nomicfoundation/ignition-core";
import type { ContractName, Deployment, OptionalContractName } from "@opg-network/sdk/deployment";
import { ZeroAddress } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import type { NetworkConnection } from "hardhat/types/network";
import { deployGovernance } from "./deployGovernance.ts";
import { deploymentBlocks } from "./deploymentBlocks.ts";
import { inFolder, LOCAL_CHAIN_ID, openFolder } from "./deploymentFolder.ts";
import { deployToken } from "./deployToken.ts";
import type { TokenTraits } from "./existingToken.ts";
import { completed, readJournal } from "./journal.ts";
import { mendJournal, waitForConfirmations } from "./mendJournal.ts";
import { AdminDelayModule, HandOverModule } from "./modules/Admin.ts";
import {
  KEY_ORIGINS,
  type ProtocolParameters,
  requirePublicPowers,
  withDeployer,
  withGovernance,
} from "./protocolParameters.ts";
import type { RunModule } from "./runModule.ts";

/** Of each transaction, before what stands on it is sent. Blocks of a chain of this machine are final. */
const CONFIRMATIONS = 5;
const LOCAL_CONFIRMATIONS = 1;
/** What Ignition stops at, and a second look at the chain settles. */
const SETTLES = [
  HardhatError.ERRORS.IGNITION.EXECUTION.DROPPED_TRANSACTION,
  HardhatError.ERRORS.IGNITION.EXECUTION.WAITING_FOR_CONFIRMATIONS,
  HardhatError.ERRORS.IGNITION.EXECUTION.WAITING_FOR_NONCE,
  HardhatError.ERRORS.IGNITION.EXECUTION.TRANSACTION_LOST,
  HardhatError.ERRORS.IGNITION.EXECUTION.NONCE_TOO_HIGH,
  HardhatError.ERRORS.IGNITION.EXECUTION.NONCE_TOO_LOW,
];
const ATTEMPTS = 3;

export interface DeployOptions {
  /** Ignition's folder (`hre.config.paths.ignition`): its journal is under `deployments/`; a chain in memory has none. */
  ignitionDir: string;
  /** Name of the journal; `chain-<id>` by default. */
  deploymentId?: string;
  artifacts: ArtifactManager;
  deployer: string;
  /** Of an OPG that exists, where they are known already. */
  traits?: TokenTraits | undefined;
  /** Told what is being done. */
  say: (line: string) => void;
}

/**
 * Deploys the protocol and sets who may do what. What an earlier, interrupted run did is kept: a second run completes it
 * and a third changes nothing.
 */
export async function deployProtocol(
  connection: NetworkConnection<string>,
  parameters: ProtocolParameters,
  options: DeployOptions,
): Promise<Deployment> {
  const { ignitionDir, artifacts, traits, deployer, say } = options;
  const chainId = Number(await connection.provider.request({ method: "eth_chainId" }));
  if (chainId !== LOCAL_CHAIN_ID) requirePublicPowers(parameters);
  const deploymentId = options.deploymentId ?? `chain-${chainId}`;
  // A chain in memory may have the id of another, which it rehearses for.
  const isLocal = chainId === LOCAL_CHAIN_ID || connection.networkConfig.type !== "http";
  const confirmations = isLocal ? LOCAL_CONFIRMATIONS : CONFIRMATIONS;
  const target = { chainId, deploymentId, confirmations, artifacts, traits, deployer, say };
  if (connection.networkConfig.type !== "http") return await deployAll(connection, parameters, target);
  const folder = deploymentFolder(ignitionDir, deploymentId);
  return await inFolder(folder, say, async () => {
    const { block } = await openFolder(connection, folder, { artifacts, chainId, deployer, say });
    const settle = async () => {
      await mendJournal(connection, folder, { from: block, confirmations, say });
      await waitForConfirmations(connection, folder, deployer, confirmations);
    };
    return await deployAll(connection, parameters, { ...target, folder, settle });
  });
}

/** Where Ignition keeps its journal. */
export function deploymentFolder(ignitionDir: string, deploymentId: string): string {
  return path.join(ignitionDir, "deployments", deploymentId);
}

interface Target extends Pick<DeployOptions, "artifacts" | "deployer" | "say" | "traits"> {
  chainId: number;
  deploymentId: string;
  confirmations: number;
  /** Of the journal, where there is one. */
  folder?: string;
  /** Brings the journal up to what the chain knows. */
  settle?: () => Promise<void>;
}

async function deployAll(
  connection: NetworkConnection<string>,
  parameters: ProtocolParameters,
  { chainId, deploymentId, confirmations, artifacts, traits, deployer, say, folder, settle }: Target,
): Promise<Deployment> {
  const { token, governance } = withDeployer(parameters, deployer);
  const run: RunModule = async (module, values) => {
    for (let attempt = 1; ; ++attempt) {
      await settle?.();
      // Ignition takes what a later module has begun for a failure of this one.
      const done = folder === undefined ? undefined : await addressesIn(folder, module);
      if (done !== undefined) return done;
      try {
        const contracts = await connection.ignition.deploy(module, {
          parameters: values,
          deploymentId,
          defaultSender: deployer,
          config: {
            requiredConfirmations: confirmations,
            ...(confirmations === LOCAL_CONFIRMATIONS ? { blockPollingInterval: 100 } : {}),
          },
        });
        const entries = Object.entries(contracts).map(
          async ([name, contract]) => [name, await contract.getAddress()] as const,
        );
        return Object.fromEntries(await Promise.all(entries)) as never;
      } catch (cause) {
        const settles = SETTLES.some((descriptor) => HardhatError.isHardhatError(cause, descriptor));
        if (!settles || settle === undefined || attempt === ATTEMPTS) throw cause;
        say("The chain is not where the journal left it; looking again");
      }
    }
  };

  const { opg, genesis, votes } = await deployToken(connection, token, { artifacts, traits, run, say });
  const governed =
    governance === null ? undefined : await deployGovernance(governance, { opg, votes, run, say });
  const { powers, operators, requests, disputes, proofs } = withGovernance(
    withDeployer(parameters, deployer),
    governed?.timelock ?? ZeroAddress,
  );
  const values = {
    $global: { deployer, admin: powers.admin, adminDelay: powers.adminDelay },
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

  const addresses: Record<ContractName, string> & Partial<Record<OptionalContractName, string>> = {
    AccessManager: contracts.authority,
    OPG: opg,
    BlobStore: contracts.blobs,
    ExactMachine: contracts.machine,
    OnChainModels: contracts.models,
    ModelHub: contracts.hub,
    Operators: contracts.operators,
    ProofSettlement: contracts.settlement,
    InferenceRequests: contracts.requests,
    Disputes: contracts.disputes,
    Coverage: contracts.coverage,
    Gateways: contracts.gateways,
    Groth16Verifier: contracts.groth16,
    PlonkVerifier: contracts.plonk,
    Pipe: contracts.pipe,
    PipeExecutor: contracts.executor,
    SolidML: contracts.solidML,
    WorkflowScheduler: contracts.scheduler,
    ...(genesis === undefined ? {} : { TokenGenesis: genesis }),
    ...governed?.contracts,
  };
  const blocks = await deploymentBlocks(connection, addresses, folder);
  // Made by the constructors of others, so that no journal knows them.
  for (const [made, maker] of [
    [addresses.PipeExecutor, addresses.Pipe],
    [genesis === undefined ? undefined : opg, genesis],
    [addresses.TimelockController, addresses.ProtocolGovernor],
  ]) {
    const block = maker === undefined ? undefined : blocks.get(maker);
    if (made !== undefined && block !== undefined) blocks.set(made, block);
  }
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

/** Of a module that is done and after which another was begun; undefined where Ignition has to run it. */
async function addressesIn<Results extends IgnitionModuleResult<string>>(
  folder: string,
  module: IgnitionModule<string, string, Results>,
): Promise<Record<keyof Results, string> | undefined> {
  const lines = await readJournal(folder);
  const done = completed(lines);
  const futures = futuresOf(module);
  const isLast = lines.every(({ futureId }) => futureId === undefined || futures.has(futureId));
  if (isLast || [...futures].some((id) => !done.has(id))) return undefined;
  return Object.fromEntries(
    Object.entries(module.results).map(([name, { id }]) => [name, done.get(id)]),
  ) as Record<keyof Results, string>;
}

function futuresOf(module: IgnitionModule): Set<string> {
  return new Set([
    ...[...module.futures].map(({ id }) => id),
    ...[...module.submodules].flatMap((submodule) => [...futuresOf(submodule)]),
  ]);
}

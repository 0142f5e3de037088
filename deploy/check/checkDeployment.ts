import {
  CONTRACT_NAMES,
  type Deployment,
  firstBlockOf,
  OPTIONAL_CONTRACT_NAMES,
} from "@opg-network/sdk/deployment";
import { Interface, ZeroAddress } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";
import { tryToken } from "../existingToken.ts";
import { type ProtocolParameters, withDeployer } from "../protocolParameters.ts";
import { checkAcceptedPowers } from "./acceptedPowers.ts";
import { checkFirstLog, checkLogs } from "./answers.ts";
import { type AuthorityState, foldAuthority } from "./authority.ts";
import { checkCode } from "./code.ts";
import { type EventLog, eventLogs } from "./eventLogs.ts";
import type { Finding } from "./finding.ts";
import { checkGenesis, type VestingPair } from "./genesis.ts";
import { checkPowers, rolesOf } from "./powers.ts";
import { addressOf, type Replica, replicate, Translation } from "./replica.ts";
import { checkTimelock } from "./timelock.ts";
import { checkExistingToken, checkMintedToken, NOBODY, whereabouts } from "./token.ts";
import { checkViews } from "./views.ts";

/** What was looked at, and every difference. */
export interface DeploymentCheck {
  deployer: string;
  /** Roles that the deployer holds. */
  deployerRoles: string[];
  /** Wei of OPG in each contract, in what still vests, and anywhere else. */
  supply: Record<string, bigint>;
  findings: Finding[];
}

interface Checked {
  hre: HardhatRuntimeEnvironment;
  connection: NetworkConnection<string>;
  deployment: Deployment;
  deployer: string;
  parameters: ProtocolParameters;
  replica: Replica;
  translation: Translation;
  abis: ReadonlyMap<string, Interface>;
}

/**
 * Compares what the chain holds with what the parameters file gives when it is deployed anew, on a chain in memory, by
 * the same modules: so that a contract, a role or a parameter that is added there is checked here.
 */
export async function checkDeployment(
  hre: HardhatRuntimeEnvironment,
  connection: NetworkConnection<string>,
  deployment: Deployment,
  parameters: ProtocolParameters,
): Promise<DeploymentCheck> {
  const abis = new Map<string, Interface>();
  for (const name of [...CONTRACT_NAMES, ...OPTIONAL_CONTRACT_NAMES, "VestingWallet"])
    abis.set(name, new Interface((await hre.artifacts.readArtifact(name)).abi));
  const authority = await authorityOf(connection, deployment, abis);
  const deployer = String(authority.first?.args.account ?? ZeroAddress);
  const { TokenGenesis, OPGVotes } = deployment.contracts;
  const replica = await replicate(hre, parameters, {
    chainId: deployment.chainId,
    deployer,
    // What was found when it was tried: a wrapper votes where the token itself does not.
    traits: { burns: true, permits: true, votesInSeconds: OPGVotes === undefined },
    mintedAt:
      TokenGenesis === undefined
        ? undefined
        : (await connection.ethers.provider.getBlock(TokenGenesis.block))?.timestamp,
  });
  try {
    const translation = await Translation.between(replica, deployment, deployer, async (name) =>
      abiOf(abis, name),
    );
    const abi = abiOf(abis, "TokenGenesis");
    const genesis = await checkGenesis(connection, deployment, replica, abi, translation);
    const checked = { hre, connection, deployment, deployer, parameters, replica, translation, abis };
    return {
      deployer,
      deployerRoles: rolesOf(deployer, authority.state),
      supply: await supplyOf(checked, genesis.wallets),
      findings: [
        ...(await contractFindings(checked, genesis.wallets)),
        ...(await verifierFindings(checked)),
        ...checkFirstLog(authority.first, firstBlockOf(deployment)),
        ...(await powerFindings(checked, authority.state)),
        ...(await timelockFindings(checked)),
        ...(await pauseFindings(checked)),
        ...(await tokenFindings(checked)),
        ...genesis.findings,
      ],
    };
  } finally {
    await replica.connection.close();
  }
}

/** Where OPG is. */
async function supplyOf(
  { connection, deployment, abis }: Checked,
  wallets: readonly VestingPair[],
): Promise<Record<string, bigint>> {
  const { OPG, Operators, InferenceRequests, Pipe, Disputes } = deployment.contracts;
  const token = { provider: connection.ethers.provider, address: OPG.address, abi: abiOf(abis, "OPG") };
  const holders = new Map([
    ...Object.entries({ Operators, InferenceRequests, Pipe, Disputes }).map(
      ([name, { address }]) => [name, address] as const,
    ),
    ...wallets.map(({ label, here }) => [label, here] as const),
  ]);
  return await whereabouts(token, holders);
}

function abiOf(abis: ReadonlyMap<string, Interface>, name: string): Interface {
  const abi = abis.get(name);
  if (abi === undefined) throw new Error(`${name} is no contract of the protocol`);
  return abi;
}

async function authorityOf(
  connection: NetworkConnection<string>,
  deployment: Deployment,
  abis: ReadonlyMap<string, Interface>,
): Promise<{ state: AuthorityState; first: EventLog | undefined }> {
  const { address } = deployment.contracts.AccessManager;
  const abi = abiOf(abis, "AccessManager");
  const logs = await eventLogs(connection, { address, abi }, firstBlockOf(deployment));
  // The constructor makes its deployer the first admin.
  return { state: foldAuthority(logs), first: logs[0] };
}

async function contractFindings(checked: Checked, wallets: readonly VestingPair[]): Promise<Finding[]> {
  const { deployment, parameters, replica } = checked;
  const findings: Finding[] = [];
  for (const [contract, { address: there }] of Object.entries(replica.deployment.contracts)) {
    if (contract === "OPG" && parameters.token.existing !== null) continue;
    const here = addressOf(deployment, contract);
    if (here === undefined)
      findings.push({
        kind: "code-missing",
        subject: contract,
        expected: "a contract",
        actual: "not recorded",
      });
    else findings.push(...(await oneContract(checked, { contract, label: contract, here, there })));
  }
  for (const { label, here, there } of wallets)
    findings.push(...(await oneContract(checked, { contract: "VestingWallet", label, here, there })));
  return findings;
}

async function oneContract(
  { hre, connection, replica, translation, abis }: Checked,
  { contract, label, here, there }: Record<"contract" | "label" | "here" | "there", string>,
): Promise<Finding[]> {
  const [live, rehearsed] = [
    { provider: connection.ethers.provider, address: here },
    { provider: replica.connection.ethers.provider, address: there },
  ];
  const code = await live.provider.getCode(here);
  const codes = { contract, label, here: code, there: await rehearsed.provider.getCode(there) };
  const findings = await checkCode(hre.artifacts, codes, translation);
  if (code === "0x") return findings;
  const views = { contract, label, abi: abiOf(abis, contract), here: live, there: rehearsed };
  return [...findings, ...(await checkViews(views, translation))];
}

async function verifierFindings({ connection, deployment, replica, abis }: Checked): Promise<Finding[]> {
  const abi = abiOf(abis, "PlonkVerifier");
  return await checkAcceptedPowers(
    { connection, abi, ...deployment.contracts.PlonkVerifier },
    { connection: replica.connection, abi, ...replica.deployment.contracts.PlonkVerifier },
  );
}

async function timelockFindings(checked: Checked): Promise<Finding[]> {
  const { connection, deployment, replica, translation, abis } = checked;
  const [here, there] = [
    deployment.contracts.TimelockController,
    replica.deployment.contracts.TimelockController,
  ];
  if (here === undefined || there === undefined) return [];
  const abi = abiOf(abis, "TimelockController");
  const logs = {
    here: await eventLogs(connection, { address: here.address, abi }, here.block),
    there: await eventLogs(replica.connection, { address: there.address, abi }, 0),
  };
  const timelock = { provider: connection.ethers.provider, address: here.address, abi };
  return await checkTimelock(logs, namesIn(deployment), translation, timelock);
}

/** Contracts by their names, other accounts by their addresses. */
function namesIn(deployment: Deployment): (account: string) => string {
  const names = new Map(
    Object.entries(deployment.contracts).map(([name, { address }]) => [address, name] as const),
  );
  return (account) => names.get(account) ?? account;
}

async function powerFindings(checked: Checked, state: AuthorityState): Promise<Finding[]> {
  const { connection, deployment, deployer, replica, translation, abis } = checked;
  const nameOf = namesIn(deployment);
  const comparison = {
    here: state,
    there: (await authorityOf(replica.connection, replica.deployment, abis)).state,
    deployer,
    nameOf,
    functionOf: (target: string, selector: string) =>
      abis.get(nameOf(target))?.getFunction(selector)?.name ?? selector,
    now: BigInt((await connection.ethers.provider.getBlock("latest"))?.timestamp ?? 0),
  };
  return [
    ...checkPowers(comparison, translation),
    ...(await checkLogs(comparison, translation, {
      provider: connection.ethers.provider,
      address: deployment.contracts.AccessManager.address,
      abi: abiOf(abis, "AccessManager"),
    })),
  ];
}

async function pauseFindings({ connection, deployment, abis }: Checked): Promise<Finding[]> {
  const now = (await connection.ethers.provider.getBlock("latest"))?.timestamp ?? 0;
  const findings: Finding[] = [];
  for (const contract of CONTRACT_NAMES) {
    const abi = abiOf(abis, contract);
    if (!abi.hasFunction("pausedUntil")) continue;
    const data = abi.encodeFunctionData("pausedUntil");
    const answer = await connection.ethers.provider.call({
      to: deployment.contracts[contract].address,
      data,
    });
    // No code, no pause: that there is none is told elsewhere.
    if (answer === "0x") continue;
    const until = Number(abi.decodeFunctionResult("pausedUntil", answer)[0]);
    if (until > now) {
      const actual = `stopped until ${new Date(until * 1_000).toISOString()}`;
      findings.push({
        kind: "new-work-paused",
        subject: `new work of ${contract}`,
        expected: "admitted",
        actual,
      });
    }
  }
  return findings;
}

async function tokenFindings(checked: Checked): Promise<Finding[]> {
  const { hre, connection, deployment, deployer, parameters, replica, translation, abis } = checked;
  const abi = abiOf(abis, "OPG");
  const { address, block } = deployment.contracts.OPG;
  const token = { provider: connection.ethers.provider, address, abi };
  if (parameters.token.existing !== null) {
    const { Operators, InferenceRequests, Pipe } = deployment.contracts;
    const { holder } = withDeployer(parameters, deployer).token;
    const holders = [holder, Operators.address, InferenceRequests.address, Pipe.address];
    return await checkExistingToken(token, holders, (of) => tryToken(connection, address, of, hre.artifacts));
  }
  const transfer = abi.getEvent("Transfer")?.topicHash ?? null;
  const read = async (
    chain: NetworkConnection<string>,
    of: string,
    from: number,
    parties: (string | null)[],
  ) =>
    (await eventLogs(chain, { address: of, abi }, from, [transfer, ...parties])).map(({ args }) => ({
      to: String(args.to),
      amount: BigInt(args.value),
    }));
  const there = await read(replica.connection, replica.deployment.contracts.OPG.address, 0, [NOBODY]);
  return await checkMintedToken(token, {
    minted: await read(connection, address, block, [NOBODY]),
    burned: await read(connection, address, block, [null, NOBODY]),
    expected: there.map(({ to, amount }) => ({ to: translation.of(to), amount })),
  });
}

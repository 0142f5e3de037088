import { CONTRACT_NAMES, type Deployment, firstBlockOf } from "@opg-network/sdk/deployment";
import { Interface } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";
import { type ProtocolParameters, withDeployer } from "../protocolParameters.ts";
import { type AuthorityState, foldAuthority } from "./authority.ts";
import { checkCode } from "./code.ts";
import { eventLogs } from "./eventLogs.ts";
import type { Finding } from "./finding.ts";
import { checkLogs, checkPowers, rolesOf } from "./powers.ts";
import { type Replica, replicate, Translation } from "./replica.ts";
import { checkExistingToken, checkMintedToken, NOBODY, whereabouts } from "./token.ts";
import { checkViews } from "./views.ts";

/** What was looked at, and every difference. */
export interface DeploymentCheck {
  deployer: string;
  /** Roles that the deployer holds. */
  deployerRoles: string[];
  /** Wei of OPG in each contract, with the holder, and anywhere else. */
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
  for (const name of CONTRACT_NAMES)
    abis.set(name, new Interface((await hre.artifacts.readArtifact(name)).abi));
  const authority = await authorityOf(connection, deployment, abis);
  const deployer = authority.first;
  const replica = await replicate(hre, parameters, {
    chainId: deployment.chainId,
    deployer,
    tokenCode: await connection.ethers.provider.getCode(deployment.contracts.OPG.address),
  });
  try {
    const translation = await Translation.between(replica, deployment, deployer, async (name) =>
      abiOf(abis, name),
    );
    const checked = { hre, connection, deployment, deployer, parameters, replica, translation, abis };
    const { contracts } = deployment;
    const holders = new Map(
      ["Operators", "InferenceRequests", "Pipe", "Disputes"].map((name) => [
        name,
        contracts[name as keyof typeof contracts].address,
      ]),
    );
    return {
      deployer,
      deployerRoles: rolesOf(deployer, authority.state),
      supply: await whereabouts(
        { provider: connection.ethers.provider, address: contracts.OPG.address, abi: abiOf(abis, "OPG") },
        new Map([...holders, ["holder", withDeployer(parameters, deployer).token.holder]]),
      ),
      findings: [
        ...(await contractFindings(checked)),
        ...(await powerFindings(checked, authority.state)),
        ...(await pauseFindings(checked)),
        ...(await tokenFindings(checked)),
      ],
    };
  } finally {
    await replica.connection.close();
  }
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
): Promise<{ state: AuthorityState; first: string }> {
  const { address } = deployment.contracts.AccessManager;
  const abi = abiOf(abis, "AccessManager");
  const logs = await eventLogs(connection, { address, abi }, firstBlockOf(deployment));
  // The constructor makes its deployer the first admin.
  const first = logs.find(({ name }) => name === "RoleGranted")?.args.account;
  return { state: foldAuthority(logs), first: String(first) };
}

async function contractFindings(checked: Checked): Promise<Finding[]> {
  const { hre, connection, deployment, parameters, replica, translation, abis } = checked;
  const findings: Finding[] = [];
  for (const contract of CONTRACT_NAMES) {
    if (contract === "OPG" && parameters.token.existing !== null) continue;
    const [here, there] = [
      { provider: connection.ethers.provider, address: deployment.contracts[contract].address },
      {
        provider: replica.connection.ethers.provider,
        address: replica.deployment.contracts[contract].address,
      },
    ];
    const codes = {
      contract,
      here: await here.provider.getCode(here.address),
      there: await there.provider.getCode(there.address),
    };
    const differing = await checkCode(hre.artifacts, codes, translation);
    findings.push(...differing);
    if (codes.here === "0x") continue;
    const abi = abiOf(abis, contract);
    const views = await checkViews({ contract, abi, here, there, stated: new Map() }, translation);
    findings.push(...views);
  }
  return findings;
}

async function powerFindings(checked: Checked, state: AuthorityState): Promise<Finding[]> {
  const { connection, deployment, deployer, replica, translation, abis } = checked;
  const names = new Map(
    Object.entries(deployment.contracts).map(([name, { address }]) => [address, name] as const),
  );
  const comparison = {
    here: state,
    there: (await authorityOf(replica.connection, replica.deployment, abis)).state,
    deployer,
    nameOf: (account: string) => names.get(account) ?? account,
    functionOf: (target: string, selector: string) =>
      abis.get(names.get(target) ?? "")?.getFunction(selector)?.name ?? selector,
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
  const { connection, deployment, parameters, replica, translation, abis } = checked;
  const abi = abiOf(abis, "OPG");
  const { address, block } = deployment.contracts.OPG;
  const token = { provider: connection.ethers.provider, address, abi };
  if (parameters.token.existing !== null) return await checkExistingToken(token);
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

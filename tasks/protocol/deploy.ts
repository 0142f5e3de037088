import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { type Deployment, readDeployment } from "@opg-network/sdk/deployment";
import { formatOpg } from "@opg-network/sdk/opg";
import { formatEther, formatUnits } from "ethers";
import { checkDeployment } from "../../deploy/check/checkDeployment.ts";
import { replicate } from "../../deploy/check/replica.ts";
import { LOCAL_CHAIN_ID } from "../../deploy/deploymentFolder.ts";
import { deploymentFolder, deployProtocol } from "../../deploy/deployProtocol.ts";
import { tryToken } from "../../deploy/existingToken.ts";
import { remainingCost } from "../../deploy/funds.ts";
import { hasJournal, replaceFile } from "../../deploy/journal.ts";
import { type ProtocolParameters, withDeployer } from "../../deploy/protocolParameters.ts";
import { build } from "../build.ts";
import { CommandError } from "../commandError.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { checkReport, checkValue } from "./check.ts";
import { parametersOf } from "./parametersFile.ts";

export interface DeployArguments {
  parameters: string | undefined;
  deployment: string | undefined;
  yes: boolean;
}

export async function deploy(args: DeployArguments, session: Session): Promise<Report> {
  const { hre, connection, chainId, say } = session;
  await build(hre);
  const { file, parameters } = await parametersOf(session, args.parameters);
  const deployer = (await session.account()).address;
  say(
    `Deploying to ${connection.networkName} (chain ${chainId}) from ${deployer} with ${path.relative(".", file)}`,
  );
  for (const line of plan(withDeployer(parameters, deployer))) say(`  ${line}`);
  await session.confirm("Go ahead?", args.yes || chainId === LOCAL_CHAIN_ID);

  await requireFunds(session, parameters, deployer);
  const isKept = connection.networkConfig.type === "http" || args.deployment !== undefined;
  const folder = deploymentFolder(hre.config.paths.ignition, `chain-${chainId}`);
  // A local chain's record is of whatever was deployed there last.
  const isGuarded = isKept && chainId !== LOCAL_CHAIN_ID && existsSync(session.recordPath);
  if (isGuarded && !hasJournal(folder))
    throw new CommandError("record-exists", { path: session.recordPath, journal: folder });
  const before = await connection.ethers.provider.getTransactionCount(deployer);
  const deployment = await deployProtocol(connection, parameters, {
    ignitionDir: hre.config.paths.ignition,
    artifacts: hre.artifacts,
    deployer,
    say,
  });
  const sent = (await connection.ethers.provider.getTransactionCount(deployer)) - before;
  if (isGuarded) await requireSame(session.recordPath, deployment);
  if (isKept) await record(session.recordPath, deployment);
  say("Comparing what is deployed with the parameters");
  const result = await checkDeployment(hre, connection, deployment, parameters);
  const { lines, ...outcome } = checkReport(result);
  return {
    lines: [
      ...fields(
        Object.entries(deployment.contracts).map(([name, { address, block }]) => [
          name,
          `${address}  block ${block}`,
        ]),
      ),
      sent === 0 ? "Nothing was left to do: no transaction was sent" : `${sent} transactions sent`,
      isKept
        ? `Recorded in ${path.relative(".", session.recordPath)}`
        : "Not recorded: this chain ends with the command",
      ...lines,
    ],
    value: {
      ...deployment,
      record: isKept ? session.recordPath : null,
      transactions: sent,
      check: checkValue(result),
    },
    ...outcome,
  };
}

/** Rehearses on a chain in memory, where refusals cost nothing, and asks for the coin that what is left will take. */
async function requireFunds(
  session: Session,
  parameters: ProtocolParameters,
  deployer: string,
): Promise<void> {
  const { hre, connection, chainId } = session;
  const { provider } = connection.ethers;
  const { existing } = parameters.token;
  const traits =
    existing === null
      ? undefined
      : await tryToken(connection, existing, withDeployer(parameters, deployer).token.holder, hre.artifacts);
  const replica = await replicate(hre, parameters, { chainId, deployer, traits });
  try {
    const isKept = connection.networkConfig.type === "http";
    const folder = isKept ? deploymentFolder(hre.config.paths.ignition, `chain-${chainId}`) : undefined;
    const cost = await remainingCost(connection, hre.artifacts, replica, folder);
    const balance = await provider.getBalance(deployer);
    if (balance >= cost.total) return;
    throw new CommandError("funds-low", {
      account: deployer,
      balance: formatEther(balance),
      required: formatEther(cost.total),
      gas: cost.gas.toLocaleString("en-US"),
      price: formatUnits(cost.gasPrice, "gwei"),
    });
  } finally {
    await replica.connection.close();
  }
}

function plan({ token, governance, powers, operators, requests, proofs }: ProtocolParameters): string[] {
  return fields([
    ["OPG", token.existing ?? "a new one, by its published schedule"],
    ...Object.entries(token.existing === null ? token.beneficiaries : {}).map(
      ([bucket, who]) => [`OPG of ${bucket}`, who] as const,
    ),
    [
      "governance",
      governance === null
        ? "none"
        : `${governance.votingDelay} s, ${governance.votingPeriod} s to vote, ${governance.timelockDelay} s in the timelock`,
    ],
    ["admin", `${powers.admin}, delay ${powers.adminDelay} s`],
    ["governor", `${powers.governor}, delay ${powers.governorDelay} s`],
    ["guardian", powers.guardian],
    ["treasury", `${requests.treasury}, ${requests.protocolFeeBps / 100} % of every fee`],
    ["minimum stake", `${formatOpg(operators.minimumStake)} OPG`],
    ["least origin of keys", proofs.leastOrigin],
    ["accepted powers", proofs.acceptedPowers.join(", ") || "none"],
  ]);
}

/** What was recorded by hand since, as after a migration, is not for the journal to take back. */
async function requireSame(file: string, { contracts }: Deployment): Promise<void> {
  const recorded: Partial<Record<string, { address: string }>> = (await readDeployment(file)).contracts;
  const others = Object.entries(contracts)
    .filter(([name, { address }]) => recorded[name]?.address !== address)
    .map(([name]) => name);
  if (others.length > 0) throw new CommandError("record-differs", { path: file, contracts: others });
}

async function record(file: string, deployment: Deployment): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await replaceFile(file, `${JSON.stringify(deployment, null, 2)}\n`);
}

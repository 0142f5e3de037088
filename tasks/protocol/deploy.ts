import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Deployment } from "@opg-network/sdk/deployment";
import { formatOpg } from "@opg-network/sdk/opg";
import { deployProtocol } from "../../deploy/deployProtocol.ts";
import {
  type ProtocolParameters,
  readProtocolParameters,
  withDeployer,
} from "../../deploy/protocolParameters.ts";
import { CommandError } from "../commandError.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";

const LOCAL_CHAIN_ID = 31_337;

export interface DeployArguments {
  parameters: string | undefined;
  deployment: string | undefined;
  yes: boolean;
}

export async function deploy(args: DeployArguments, session: Session): Promise<Report> {
  const { hre, connection, chainId, say } = session;
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  const file = path.resolve(
    args.parameters ??
      path.join(
        hre.config.paths.ignition,
        "parameters",
        `${chainId === LOCAL_CHAIN_ID ? "local" : connection.networkName}.json5`,
      ),
  );
  if (!existsSync(file))
    throw new CommandError("file-unreadable", { path: file, problem: "there is no such file" });
  const parameters = await readProtocolParameters(file);
  const deployer = (await session.account()).address;
  say(
    `Deploying to ${connection.networkName} (chain ${chainId}) from ${deployer} with ${path.relative(".", file)}`,
  );
  for (const line of plan(withDeployer(parameters, deployer))) say(`  ${line}`);
  await session.confirm("Go ahead?", args.yes || chainId === LOCAL_CHAIN_ID);

  const deployment = await deployProtocol(connection, parameters, {
    ignitionDir: hre.config.paths.ignition,
    artifacts: hre.artifacts,
    deployer,
    say,
  });
  const isKept = connection.networkConfig.type === "http" || args.deployment !== undefined;
  if (isKept) await record(session.recordPath, deployment);
  return {
    lines: [
      ...fields(
        Object.entries(deployment.contracts).map(([name, { address, block }]) => [
          name,
          `${address}  block ${block}`,
        ]),
      ),
      isKept
        ? `Recorded in ${path.relative(".", session.recordPath)}`
        : "Not recorded: this chain ends with the command",
    ],
    value: { ...deployment, record: isKept ? session.recordPath : null },
  };
}

function plan({ token, powers, operators, requests }: ProtocolParameters): string[] {
  return fields([
    ["OPG", token.existing ?? "a new one, by its published schedule"],
    ["admin", `${powers.admin}, delay ${powers.adminDelay} s`],
    ["governor", `${powers.governor}, delay ${powers.governorDelay} s`],
    ["guardian", powers.guardian],
    ["treasury", `${requests.treasury}, ${requests.protocolFeeBps / 100} % of every fee`],
    ["minimum stake", `${formatOpg(operators.minimumStake)} OPG`],
  ]);
}

async function record(file: string, deployment: Deployment): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(deployment, null, 2)}\n`);
}

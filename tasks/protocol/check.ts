import { formatOpg } from "@opg-network/sdk/opg";
import { checkDeployment, type DeploymentCheck } from "../../deploy/check/checkDeployment.ts";
import { describeFinding } from "../../deploy/check/finding.ts";
import { build } from "../build.ts";
import { CommandError } from "../commandError.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { parametersOf } from "./parametersFile.ts";

export interface CheckArguments {
  parameters: string | undefined;
}

export async function check(args: CheckArguments, session: Session): Promise<Report> {
  const { hre, connection } = session;
  await build(hre);
  const { file, parameters } = await parametersOf(session, args.parameters);
  const deployment = await session.deployment();
  const result = await checkDeployment(hre, connection, deployment, parameters);
  return {
    ...checkReport(result),
    value: {
      network: deployment.network,
      chainId: deployment.chainId,
      parameters: file,
      ...checkValue(result),
    },
  };
}

/** What a check found, for people. */
export function checkReport({
  deployer,
  deployerRoles,
  supply,
  findings,
}: DeploymentCheck): Omit<Report, "value"> {
  const lines = [
    ...fields([
      ["deployer", `${deployer}, ${deployerRoles.length === 0 ? "no role" : deployerRoles.join(", ")}`],
      ...Object.entries(supply).map(([name, wei]) => [`OPG in ${name}`, formatOpg(wei)] as const),
    ]),
    ...findings.map(describeFinding),
    findings.length === 0
      ? "The deployment is what its parameters say"
      : `The deployment differs from its parameters in ${findings.length} point(s)`,
  ];
  if (findings.length === 0) return { lines };
  return { lines, failure: new CommandError("deployment-differs", { findings: findings.length }) };
}

export function checkValue({ deployer, deployerRoles, supply, findings }: DeploymentCheck) {
  return {
    deployer: { address: deployer, roles: deployerRoles },
    supplyOpg: Object.fromEntries(Object.entries(supply).map(([name, wei]) => [name, formatOpg(wei)])),
    findings: findings.map((finding) => ({ ...finding, message: describeFinding(finding) })),
  };
}

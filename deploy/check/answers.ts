import { type Interface, type JsonRpcApiProvider, type Result, ZeroAddress } from "ethers";
import { ROLES } from "../roles.ts";
import type { AuthorityState } from "./authority.ts";
import type { EventLog } from "./eventLogs.ts";
import type { Finding } from "./finding.ts";
import { type PowersComparison, translated } from "./powers.ts";
import type { Translation } from "./replica.ts";

export interface Asked {
  provider: Pick<JsonRpcApiProvider, "call">;
  address: string;
  abi: Interface;
}

type Ask = (name: string, args: readonly unknown[]) => Promise<Result>;
type Differs = (subject: string, logged: unknown, answered: unknown) => void;

/** What the AccessManager answers itself, where an endpoint may have kept logs back. */
export async function checkLogs(
  comparison: PowersComparison,
  translation: Translation,
  manager: Asked,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const asking = { ask: askedOf(manager), differs: differingIn(findings) };
  const expected = translated(comparison.there, translation);
  await askMembers(comparison, expected, asking);
  await askRoles(comparison, expected, asking);
  await askTargets(comparison, expected, asking);
  return findings;
}

interface Asking {
  ask: Ask;
  differs: Differs;
}

async function askMembers(
  { here, deployer, nameOf }: PowersComparison,
  expected: AuthorityState,
  { ask, differs }: Asking,
): Promise<void> {
  const ofDeployer = Object.values(ROLES).map((role) => `${role} ${deployer}`);
  for (const key of new Set([...here.members.keys(), ...expected.members.keys(), ...ofDeployer])) {
    const [role, account] = key.split(" ") as [string, string];
    const member = here.members.get(key);
    // Since when is zero for who is no member, and for who was one from the start.
    const [since, delay, nextDelay, changesAt] = await ask("getAccess", [role, account]);
    const subject = `${nameOf(account)} in role ${role}`;
    differs(subject, member?.since ?? 0n, since);
    differs(`delay of ${subject}`, member?.delay ?? 0n, changesAt === 0n ? delay : nextDelay);
  }
}

async function askRoles(
  { here, now }: PowersComparison,
  expected: AuthorityState,
  { ask, differs }: Asking,
): Promise<void> {
  const roles = new Set([
    ...Object.values(ROLES).map(String),
    ...[here, expected].flatMap(({ roleAdmins, roleGuardians, grantDelays }) => [
      ...[...roleAdmins.keys(), ...roleGuardians.keys(), ...grantDelays.keys()],
    ]),
  ]);
  for (const role of roles) {
    differs(
      `admin of role ${role}`,
      here.roleAdmins.get(role) ?? "0",
      (await ask("getRoleAdmin", [role]))[0],
    );
    const [guardian] = await ask("getRoleGuardian", [role]);
    differs(`guardian of role ${role}`, here.roleGuardians.get(role) ?? "0", guardian);
    // A delay that is not in force yet is answered by the one before it.
    if ((here.inForce.get(`grant ${role}`) ?? 0n) > now) continue;
    const [delay] = await ask("getRoleGrantDelay", [role]);
    differs(`grant delay of role ${role}`, here.grantDelays.get(role) ?? "0", delay);
  }
}

async function askTargets(
  { here, nameOf, functionOf, now }: PowersComparison,
  expected: AuthorityState,
  { ask, differs }: Asking,
): Promise<void> {
  for (const key of new Set([...here.functionRoles.keys(), ...expected.functionRoles.keys()])) {
    const [target, selector] = key.split(" ") as [string, string];
    const [role] = await ask("getTargetFunctionRole", [target, selector]);
    const subject = `role for ${nameOf(target)}.${functionOf(target, selector)}`;
    differs(subject, here.functionRoles.get(key) ?? "0", role);
  }
  for (const target of new Set([
    ...expected.adminDelays.keys(),
    ...here.adminDelays.keys(),
    ...here.closed,
  ])) {
    if (target === ZeroAddress) continue;
    const [closed] = await ask("isTargetClosed", [target]);
    differs(`whether ${nameOf(target)} is closed`, here.closed.has(target), closed);
    if ((here.inForce.get(target) ?? 0n) > now) continue;
    const [delay] = await ask("getTargetAdminDelay", [target]);
    differs(`admin delay of ${nameOf(target)}`, here.adminDelays.get(target) ?? "0", delay);
  }
}

/**
 * The log from which the deployer is known: its constructor's, in the block in which the AccessManager was made. Were it
 * kept back, another account would pass for the deployer, and what the deployer holds for nobody's.
 */
export function checkFirstLog(first: EventLog | undefined, block: number): Finding[] {
  if (first?.name === "RoleGranted" && first.args.roleId === ROLES.ADMIN && first.blockNumber === block)
    return [];
  return [
    {
      kind: "logs-incomplete",
      subject: "who deployed the AccessManager",
      expected: `told by its first log, in block ${block}`,
      actual:
        first === undefined
          ? "untold"
          : `untold: the first log is ${first.name} in block ${first.blockNumber}`,
    },
  ];
}

/** What the timelock answers itself about everybody that its logs, or the replica's, ever named. */
export async function checkTimelockLogs(
  logged: ReadonlySet<string>,
  named: ReadonlySet<string>,
  subject: (key: string) => string,
  timelock: Asked,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const [ask, differs] = [askedOf(timelock), differingIn(findings)];
  for (const key of named) {
    const [isMember] = await ask("hasRole", key.split(" "));
    differs(subject(key), logged.has(key), isMember);
  }
  return findings;
}

function askedOf({ provider, address, abi }: Asked): Ask {
  return async (name, args) =>
    abi.decodeFunctionResult(
      name,
      await provider.call({ to: address, data: abi.encodeFunctionData(name, args) }),
    );
}

function differingIn(findings: Finding[]): Differs {
  return (subject, logged, answered) => {
    if (String(logged) === String(answered)) return;
    const expected = `${String(logged)}, as the logs say`;
    findings.push({ kind: "logs-incomplete", subject, expected, actual: String(answered) });
  };
}

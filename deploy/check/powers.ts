import type { AuthorityState, ScheduledOperation } from "./authority.ts";
import type { Finding, FindingKind } from "./finding.ts";
import type { Translation } from "./replica.ts";

/** Operations that nobody executed are void after as long. */
const OPERATION_LIFE_SEC = 7n * 86_400n;
const PUBLIC_ROLE = "18446744073709551615";

export interface PowersComparison {
  here: AuthorityState;
  there: AuthorityState;
  deployer: string;
  /** What to call an account: a contract's name, or its address. */
  nameOf: (account: string) => string;
  /** What to call a function of a target. */
  functionOf: (target: string, selector: string) => string;
  /** Timestamp of the newest block. */
  now: bigint;
}

/** Who may do what, after how long, and what is about to be done. */
export function checkPowers(comparison: PowersComparison, translation: Translation): Finding[] {
  const { here, nameOf, functionOf } = comparison;
  const expected = translated(comparison.there, translation);
  const roleOf = (id: string) => expected.labels.get(id) ?? here.labels.get(id) ?? standardRole(id);
  const pair = (key: string) => key.split(" ") as [string, string];
  return [
    ...members(comparison, expected, roleOf),
    ...differences("role-admin-differs", here.roleAdmins, expected.roleAdmins, "0", {
      subject: (role) => `admin of role ${roleOf(role)}`,
      value: roleOf,
    }),
    ...differences("role-guardian-differs", here.roleGuardians, expected.roleGuardians, "0", {
      subject: (role) => `guardian of role ${roleOf(role)}`,
      value: roleOf,
    }),
    ...differences("grant-delay-differs", here.grantDelays, expected.grantDelays, "0", {
      subject: (role) => `grant delay of role ${roleOf(role)}`,
      value: (delay) => `${delay} s`,
    }),
    ...differences("function-role-differs", here.functionRoles, expected.functionRoles, "0", {
      subject: (key) => `role for ${nameOf(pair(key)[0])}.${functionOf(...pair(key))}`,
      value: roleOf,
    }),
    ...differences("admin-delay-differs", here.adminDelays, expected.adminDelays, "0", {
      subject: (target) => `admin delay of ${nameOf(target)}`,
      value: (delay) => `${delay} s`,
    }),
    ...[...here.closed].map((target) => ({
      kind: "target-closed" as const,
      subject: nameOf(target),
      expected: "open",
      actual: "closed",
    })),
    ...pending(comparison),
  ];
}

function members(
  { here, deployer, nameOf }: PowersComparison,
  expected: AuthorityState,
  roleOf: (id: string) => string,
): Finding[] {
  const findings: Finding[] = [];
  for (const [key, { delay }] of here.members) {
    const [role, account] = key.split(" ") as [string, string];
    const wanted = expected.members.get(key);
    if (wanted === undefined) {
      findings.push({
        kind: account === deployer ? "deployer-power" : "member-unexpected",
        subject: `${nameOf(account)} in role ${roleOf(role)}`,
        expected: "no member",
        actual: "a member",
      });
    } else if (wanted.delay !== delay) {
      findings.push({
        kind: "member-delay-differs",
        subject: `delay of ${nameOf(account)} in role ${roleOf(role)}`,
        expected: `${wanted.delay} s`,
        actual: `${delay} s`,
      });
    }
  }
  for (const key of expected.members.keys()) {
    if (here.members.has(key)) continue;
    const [role, account] = key.split(" ") as [string, string];
    findings.push({
      kind: "member-missing",
      subject: `${nameOf(account)} in role ${roleOf(role)}`,
      expected: "a member",
      actual: "no member",
    });
  }
  return findings;
}

function differences(
  kind: FindingKind,
  here: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string>,
  byDefault: string,
  words: { subject: (key: string) => string; value: (value: string) => string },
): Finding[] {
  return [...new Set([...here.keys(), ...expected.keys()])].flatMap((key) => {
    const [actual, wanted] = [here.get(key) ?? byDefault, expected.get(key) ?? byDefault];
    if (actual === wanted) return [];
    return [
      { kind, subject: words.subject(key), expected: words.value(wanted), actual: words.value(actual) },
    ];
  });
}

function pending({ here, nameOf, functionOf, now }: PowersComparison): Finding[] {
  return pendingOperations(here, now).map(({ caller, target, data, schedule }) => ({
    kind: "operation-pending" as const,
    subject: `${nameOf(target)}.${functionOf(target, data.slice(0, 10))}`,
    expected: "unscheduled",
    actual: `scheduled by ${nameOf(caller)} for ${new Date(Number(schedule) * 1_000).toISOString()}`,
  }));
}

export function pendingOperations({ scheduled }: AuthorityState, now: bigint): ScheduledOperation[] {
  return [...scheduled.values()].filter(({ schedule }) => schedule + OPERATION_LIFE_SEC > now);
}

function standardRole(id: string): string {
  if (id === "0") return "ADMIN";
  return id === PUBLIC_ROLE ? "PUBLIC" : id;
}

/** The replica's state in the words of the deployment. */
export function translated(state: AuthorityState, translation: Translation): AuthorityState {
  const key = (text: string) =>
    text
      .split(" ")
      .map((part) => translation.of(part))
      .join(" ");
  const map = <Value>(entries: ReadonlyMap<string, Value>) =>
    new Map([...entries].map(([name, value]) => [key(name), value]));
  return {
    ...state,
    members: map(state.members),
    functionRoles: map(state.functionRoles),
    adminDelays: map(state.adminDelays),
    closed: new Set([...state.closed].map(key)),
  };
}

/** Roles of one account. */
export function rolesOf(account: string, state: AuthorityState): string[] {
  return [...state.members.keys()]
    .map((key) => key.split(" ") as [string, string])
    .filter(([, member]) => member === account)
    .map(([role]) => state.labels.get(role) ?? standardRole(role));
}

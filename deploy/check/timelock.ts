import { id } from "ethers";
import { type Asked, checkTimelockLogs } from "./answers.ts";
import type { EventLog } from "./eventLogs.ts";
import type { Finding } from "./finding.ts";
import type { Translation } from "./replica.ts";

const ROLE_NAMES: ReadonlyMap<string, string> = new Map([
  [`0x${"00".repeat(32)}`, "DEFAULT_ADMIN"],
  ...["PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE"].map((name) => [id(name), name] as const),
]);

/** What an OpenZeppelin `TimelockController` says of itself in its logs. */
export interface TimelockLogs {
  here: readonly EventLog[];
  there: readonly EventLog[];
}

/** Who may propose, cancel and execute, and what waits. The delay is one of the views. */
export async function checkTimelock(
  { here, there }: TimelockLogs,
  nameOf: (account: string) => string,
  translation: Translation,
  timelock: Asked,
): Promise<Finding[]> {
  const [actual, expected] = [
    membersIn(here, (part) => part),
    membersIn(there, (part) => translation.of(part)),
  ];
  const subject = (key: string) => {
    const [role = "", account = ""] = key.split(" ");
    return `${nameOf(account)} in the timelock's role ${ROLE_NAMES.get(role) ?? role}`;
  };
  return [
    ...[...actual]
      .filter((key) => !expected.has(key))
      .map((key) => ({
        kind: "member-unexpected" as const,
        subject: subject(key),
        expected: "no member",
        actual: "a member",
      })),
    ...[...expected]
      .filter((key) => !actual.has(key))
      .map((key) => ({
        kind: "member-missing" as const,
        subject: subject(key),
        expected: "a member",
        actual: "no member",
      })),
    ...(await checkTimelockLogs(actual, new Set([...everNamed(here), ...expected]), subject, timelock)),
    ...pending(here, nameOf),
  ];
}

function membersIn(logs: readonly EventLog[], translate: (part: string) => string): Set<string> {
  const members = new Set<string>();
  for (const { name, args } of logs) {
    const key = `${args.role} ${translate(String(args.account))}`;
    if (name === "RoleGranted") members.add(key);
    if (name === "RoleRevoked") members.delete(key);
  }
  return members;
}

/** Whoever was a member once. */
function everNamed(logs: readonly EventLog[]): string[] {
  return logs
    .filter(({ name }) => name === "RoleGranted" || name === "RoleRevoked")
    .map(({ args }) => `${args.role} ${args.account}`);
}

function pending(logs: readonly EventLog[], nameOf: (account: string) => string): Finding[] {
  const waiting = new Map<string, Finding>();
  for (const { name, args } of logs) {
    const operation = String(args.id);
    if (name === "CallScheduled") {
      waiting.set(operation, {
        kind: "operation-pending",
        subject: `operation ${operation} of the timelock`,
        expected: "unscheduled",
        actual: `scheduled, for ${nameOf(String(args.target))}`,
      });
    }
    if (name === "CallExecuted" || name === "Cancelled") waiting.delete(operation);
  }
  return [...waiting.values()];
}

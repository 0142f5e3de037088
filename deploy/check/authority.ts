import type { EventLog } from "./eventLogs.ts";

/** What one log says about a member of a role. */
export interface Member {
  delay: bigint;
  /** Timestamp from which the account has the role. */
  since: bigint;
}

/** Everything that an AccessManager's logs say, folded. */
export interface AuthorityState {
  /** By `role account`. */
  members: Map<string, Member>;
  roleAdmins: Map<string, string>;
  roleGuardians: Map<string, string>;
  grantDelays: Map<string, string>;
  /** By `target selector`. */
  functionRoles: Map<string, string>;
  closed: Set<string>;
  adminDelays: Map<string, string>;
  /** Timestamp from which the last delay of a `grant role` or a `target` is in force. */
  inForce: Map<string, bigint>;
  scheduled: Map<string, ScheduledOperation>;
  labels: Map<string, string>;
}

export interface ScheduledOperation {
  id: string;
  /** When it can be executed first. */
  schedule: bigint;
  caller: string;
  target: string;
  data: string;
}

/** The state that the events lead to, oldest first. */
export function foldAuthority(logs: readonly EventLog[]): AuthorityState {
  const state: AuthorityState = {
    members: new Map(),
    roleAdmins: new Map(),
    roleGuardians: new Map(),
    grantDelays: new Map(),
    functionRoles: new Map(),
    closed: new Set(),
    adminDelays: new Map(),
    inForce: new Map(),
    scheduled: new Map(),
    labels: new Map(),
  };
  for (const log of logs) apply(state, log);
  return state;
}

function apply(state: AuthorityState, { name, args }: EventLog): void {
  const role = String(args.roleId);
  switch (name) {
    case "RoleLabel":
      return void state.labels.set(role, String(args.label));
    case "RoleGranted":
      grant(state, role, String(args.account), args.delay, args.since, args.newMember);
      return;
    case "RoleRevoked":
      return void state.members.delete(`${role} ${args.account}`);
    case "RoleAdminChanged":
      return void state.roleAdmins.set(role, String(args.admin));
    case "RoleGuardianChanged":
      return void state.roleGuardians.set(role, String(args.guardian));
    case "RoleGrantDelayChanged":
      state.inForce.set(`grant ${role}`, BigInt(args.since));
      return void state.grantDelays.set(role, String(args.delay));
    case "TargetFunctionRoleUpdated":
      return void state.functionRoles.set(`${args.target} ${args.selector}`, role);
    case "TargetAdminDelayUpdated":
      state.inForce.set(String(args.target), BigInt(args.since));
      return void state.adminDelays.set(String(args.target), String(args.delay));
    case "TargetClosed":
      return void (args.closed ? state.closed.add(args.target) : state.closed.delete(args.target));
    case "OperationScheduled": {
      const { operationId, schedule, caller, target, data } = args;
      return void state.scheduled.set(operationId, { id: operationId, schedule, caller, target, data });
    }
    case "OperationExecuted":
    case "OperationCanceled":
      return void state.scheduled.delete(args.operationId);
  }
}

/** A grant to a member changes its delay and not since when it is one. */
function grant(
  { members }: AuthorityState,
  role: string,
  account: string,
  delay: bigint,
  since: bigint,
  isNew: boolean,
): void {
  const key = `${role} ${account}`;
  members.set(key, { delay, since: isNew ? since : (members.get(key)?.since ?? since) });
}

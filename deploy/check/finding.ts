/** What can differ between a deployment and its parameters file. */
export type FindingKind =
  | "code-missing"
  | "code-differs"
  | "immutable-differs"
  | "value-differs"
  | "member-unexpected"
  | "member-missing"
  | "member-delay-differs"
  | "deployer-power"
  | "role-admin-differs"
  | "role-guardian-differs"
  | "grant-delay-differs"
  | "function-role-differs"
  | "target-closed"
  | "admin-delay-differs"
  | "logs-incomplete"
  | "operation-pending"
  | "new-work-paused"
  | "token-unsuitable"
  | "mint-differs"
  | "supply-differs";

/** One difference: `subject` is what differs, such as `Pipe.treasury` or `role SLASHER`. */
export interface Finding {
  kind: FindingKind;
  subject: string;
  expected: string;
  actual: string;
}

/** One clear line. */
export function describeFinding({ kind, subject, expected, actual }: Finding): string {
  return `${kind}: ${subject} is ${actual}, must be ${expected}`;
}

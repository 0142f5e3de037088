/**
 * Roles in the AccessManager. 0 is its own admin role. `docs/threat-model.md` says what each can do.
 */
export const ROLES = { ADMIN: 0n, GUARDIAN: 1n, GOVERNOR: 2n, SLASHER: 3n, COVERER: 4n } as const;

export type Role = keyof typeof ROLES;

/**
 * Which role each restricted function needs; what is not listed here nobody but the admin can call. `insureResult` asks
 * for the role when an operator sets stake aside for the coverer, and not with each result.
 */
export const RESTRICTED = {
  Operators: {
    slash: "SLASHER",
    slashOperator: "SLASHER",
    claimCover: "SLASHER",
    insureResult: "COVERER",
    setSlashTerms: "GOVERNOR",
  },
  ProofSettlement: { setVerifier: "GOVERNOR" },
  InferenceRequests: { pause: "GUARDIAN", resume: "GUARDIAN", setTreasury: "GOVERNOR" },
  Pipe: { pause: "GUARDIAN", resume: "GUARDIAN", setTreasury: "GOVERNOR" },
} as const satisfies Record<string, Record<string, Role>>;

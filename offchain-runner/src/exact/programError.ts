import { NetworkError } from "@opg-network/sdk/errors";

const PROBLEMS = {
  "program-truncated": "The bytes end before what they announce",
  "program-malformed": "The lowered program breaks a rule of its format",
  "program-limit": "The lowered program is beyond a limit of the machine",
  "program-version-unknown": "The lowered program is of a version that this node does not know",
  "program-out-of-bounds": "A step of the lowered program leaves the arena or the stream",
  "blob-too-large": "A blob is larger than contract code may be",
} as const;

export type ProgramErrorCode = keyof typeof PROBLEMS;

/** Bytes or values that are no lowered program. The same bytes will never be one. */
export class ProgramError extends NetworkError {
  override readonly name = "ProgramError";
  declare readonly code: ProgramErrorCode;

  constructor(code: ProgramErrorCode, reason: string, data: Readonly<Record<string, unknown>> = {}) {
    super(code, `${PROBLEMS[code]}: ${reason}`, { data: { ...data, reason } });
  }
}

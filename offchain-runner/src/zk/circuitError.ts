import { NetworkError } from "@opg-network/sdk/errors";

const PROBLEMS = {
  "circuit-range": "A value of the program is not proved to stay where a circuit needs it",
  "circuit-step-undefined": "A step does what the format gives no meaning to",
  "circuit-too-large": "The circuit is beyond a limit",
  "circuit-compiler-failed": "The circuit compiler failed",
  "proof-statement-invalid": "The input or the output is not the encoding of what the circuit is about",
  "proving-failed": "The prover failed",
  "proving-stopped": "The prover ended before its job did",
  "proving-memory-exceeded": "The prover took more memory than it may",
  "proving-timeout": "The prover took longer than it may",
  "powers-of-tau-mismatch": "The powers of tau are not the ones that were asked for",
  "powers-of-tau-too-few": "The powers of tau do not hold the circuit",
  "key-mismatch": "The proving key is not one of this circuit",
  "ceremony-too-small": "Too few contributed to the proving key to call it a ceremony's",
} as const;

export type CircuitErrorCode = keyof typeof PROBLEMS;

/** What happened to a process, and need not happen to the next. */
const RETRYABLE: ReadonlySet<CircuitErrorCode> = new Set([
  "proving-stopped",
  "proving-memory-exceeded",
  "proving-timeout",
]);

/** What keeps a program from becoming a circuit, or a run of it from becoming a proof. */
export class CircuitError extends NetworkError {
  override readonly name = "CircuitError";
  declare readonly code: CircuitErrorCode;

  constructor(
    code: CircuitErrorCode,
    data: Readonly<Record<string, unknown>> & { reason: string },
    cause?: unknown,
  ) {
    super(code, `${PROBLEMS[code]}: ${data.reason}`, { data, cause, retryable: RETRYABLE.has(code) });
  }
}

import type { NetworkErrorInit } from "@opg-network/sdk/errors";
import { NetworkError } from "@opg-network/sdk/errors";

export type VerifierErrorCode =
  | "graph-unreadable"
  | "graph-too-large"
  /** Neither the machine nor the interpreter runs it to its end. */
  | "graph-unmeasurable"
  | "check-failed"
  | "check-too-slow"
  /** The thread ended: of too little memory, as a rule. */
  | "check-too-large";

/** What keeps the verifier from computing a result again. It never means that the result is wrong. */
export class VerifierError extends NetworkError {
  override readonly name: string = "VerifierError";
  declare readonly code: VerifierErrorCode;

  constructor(code: VerifierErrorCode, message: string, init: NetworkErrorInit = {}) {
    super(code, message, init);
  }
}

import type { NetworkErrorInit } from "@opg-network/sdk/errors";
import { NetworkError } from "@opg-network/sdk/errors";
import type { NodeFailureCode } from "@opg-network/sdk/nodeApi";

const PROBLEMS: Readonly<Record<NodeFailureCode, { text: string; retryable: boolean }>> = {
  "invalid-request": { text: "The request is not what this service takes", retryable: false },
  unauthorized: { text: "The call does not say who makes it", retryable: false },
  "fee-above-maximum": { text: "The answer costs more than may be paid", retryable: false },
  "payer-cannot-pay": { text: "The payer's OPG for this does not cover the fee", retryable: false },
  "release-not-served": { text: "This node does not answer that", retryable: false },
  "too-large": { text: "More bytes than this node takes", retryable: false },
  "call-reverts": { text: "The call reverts", retryable: false },
  "too-many-rounds": { text: "The call infers more often than this node goes along with", retryable: false },
  "cover-refused": { text: "This node does not insure that", retryable: false },
  "no-capacity": { text: "All inference slots are taken", retryable: true },
  "unpaid-quota": { text: "Too many results were served that nobody has paid yet", retryable: true },
  "rate-limit": { text: "Too many calls", retryable: true },
  "internal-error": { text: "The node has a defect", retryable: false },
  unavailable: { text: "The node cannot serve calls now", retryable: true },
  deadline: { text: "Not done by the deadline", retryable: true },
};

/** Why a call was not served, in the words of `sdk/nodeApi.ts`. */
export class PipeError extends NetworkError {
  override readonly name = "PipeError";
  declare readonly code: NodeFailureCode;

  /**
   * @param problem what exactly, where the code alone does not say it
   * @param retryable where it is not as the code usually is
   */
  constructor(
    code: NodeFailureCode,
    data: Readonly<Record<string, unknown>> = {},
    { problem, cause, retryable }: { problem?: string; cause?: unknown; retryable?: boolean } = {},
  ) {
    const { text, retryable: isUsually } = PROBLEMS[code];
    const init: NetworkErrorInit = {
      retryable: retryable ?? isUsually,
      data,
      ...(cause !== undefined && { cause }),
    };
    super(code, problem === undefined ? text : `${text}: ${problem}`, init);
  }
}

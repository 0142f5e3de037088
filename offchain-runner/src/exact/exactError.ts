import { NetworkError } from "@opg-network/sdk/errors";

const PROBLEMS = {
  "exact-operator-unsupported": "The exact profile has no such operator",
  "exact-opset-unsupported": "The exact profile does not cover the model's operator set",
  "exact-type-unsupported": "The operator is not exact for this element type",
  "exact-attribute-unsupported": "The exact profile does not cover this attribute or form of the operator",
  "exact-shape-dynamic": "The exact profile needs every shape to be fixed",
  "exact-shape-invalid": "The shapes do not fit the operator",
  "exact-constant-needed": "The exact profile needs a constant here",
  "exact-divisor-refused": "The exact profile divides by positive constants only",
  "exact-range-overflow": "A value can leave the range of its type",
  "exact-operand-refused": "The product is not the same on every CPU",
  "exact-too-large": "The model does not fit the machine",
  "exact-graph-root-mismatch": "The release commits to another lowered graph than its file gives",
  "exact-lowering-unknown": "The release names a lowering version that this software does not have",
  "exact-input-invalid": "The input is not the encoding of what the graph takes",
  "exact-state-invalid": "The state is not a checkpoint of the graph",
  "exact-contract-unsupported": "The graph cannot be written as a contract of literals",
  "exact-contract-too-large": "A contract of literals would be larger than contract code may be",
  "exact-runtime-disagrees": "The runtime and the reference interpreter give different outputs",
} as const;

export type ExactErrorCode = keyof typeof PROBLEMS;
export const exactErrorCodes = Object.keys(PROBLEMS) as [ExactErrorCode, ...ExactErrorCode[]];

export interface ExactErrorData {
  readonly reason: string;
  readonly node?: string | undefined;
  readonly operator?: string | undefined;
}

/** What keeps a model, an input or a release from being exact. Nothing here gets better by trying again. */
export class ExactError extends NetworkError {
  override readonly name = "ExactError";
  declare readonly code: ExactErrorCode;
  declare readonly data: Readonly<Record<string, string>> & ExactErrorData;

  constructor(code: ExactErrorCode, data: ExactErrorData, cause?: unknown) {
    const { node, operator, reason } = data;
    const where = node === undefined ? "" : ` (${operator === undefined ? node : `${operator} ${node}`})`;
    super(code, `${PROBLEMS[code]}: ${reason}${where}`, { data: { ...data }, cause });
  }
}

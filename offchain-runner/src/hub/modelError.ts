import { NetworkError } from "@opg-network/sdk/errors";

const PROBLEMS = {
  "model-malformed": "The file is not a well-formed ONNX model",
  "model-too-large": "The model is larger than this node accepts",
  "model-too-deep": "The model's graphs are nested too deeply",
  "model-cycle": "The model's graph contains a cycle",
  "model-duplicate-value": "The model defines one value twice",
  "model-domain-refused": "The model uses an operator set that the runtime does not have",
  "model-operator-refused": "The model uses an operator whose output is not a function of its inputs",
  "model-divisor-refused": "The model divides integers by something other than positive constants",
  "model-shape-refused": "The model declares a tensor that its data do not fill or that cannot exist",
  "model-external-data-refused": "The model reads data outside the files of its release",
  "model-schema-mismatch": "The model's inputs or outputs differ from what its release declares",
  "release-files-invalid": "The release's list of files cannot be used",
} as const;

export type ModelErrorCode = keyof typeof PROBLEMS;
export const modelErrorCodes = Object.keys(PROBLEMS) as [ModelErrorCode, ...ModelErrorCode[]];

export interface ModelErrorData {
  readonly reason: string;
  readonly node?: string | undefined;
  readonly operator?: string | undefined;
  readonly value?: string | undefined;
}

/** A release that this node will never serve as it is: nothing here gets better by trying again. */
export class ModelError extends NetworkError {
  override readonly name = "ModelError";
  declare readonly code: ModelErrorCode;
  declare readonly data: Readonly<Record<string, string>> & ModelErrorData;

  constructor(code: ModelErrorCode, data: ModelErrorData, cause?: unknown) {
    const where = data.node ?? data.value;
    const message = `${PROBLEMS[code]}: ${data.reason}${where === undefined ? "" : ` (${where})`}`;
    super(code, message, { data: { ...data }, cause });
  }
}

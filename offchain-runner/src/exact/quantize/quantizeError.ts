import { NetworkError } from "@opg-network/sdk/errors";
import { operatorOf, titleOf } from "../../hub/onnxOperators.ts";
import type { OnnxNode } from "../../hub/onnxSchema.ts";

const PROBLEMS = {
  "quantize-operator-unsupported": "This operator cannot be made exact",
  "quantize-model-unsupported": "This model cannot be made exact",
  "quantize-range-too-wide": "A value of the exact model could leave the integers that are exact everywhere",
  "quantize-calibration-invalid": "The calibration data do not fit the model",
} as const;

export type QuantizeErrorCode = keyof typeof PROBLEMS;

export interface QuantizeErrorData {
  readonly reason: string;
  readonly node?: string;
  readonly operator?: string;
  readonly value?: string;
}

/** A float model that has no exact form here, or calibration data that do not belong to it. */
export class QuantizeError extends NetworkError {
  override readonly name = "QuantizeError";
  declare readonly code: QuantizeErrorCode;
  declare readonly data: Readonly<Record<string, string>> & QuantizeErrorData;

  constructor(code: QuantizeErrorCode, data: QuantizeErrorData, cause?: unknown) {
    const operator = data.operator === undefined ? "" : ` (${data.operator})`;
    const where =
      data.node === undefined
        ? data.value === undefined
          ? ""
          : `${data.value}: `
        : `${data.node}${operator}: `;
    super(code, `${PROBLEMS[code]}: ${where}${data.reason}`, { data: { ...data }, cause });
  }
}

export function unsupported(node: OnnxNode, reason: string): QuantizeError {
  return new QuantizeError("quantize-operator-unsupported", {
    reason,
    node: titleOf(node),
    operator: operatorOf(node),
  });
}

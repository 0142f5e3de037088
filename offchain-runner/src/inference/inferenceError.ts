import { NetworkError } from "@opg-network/sdk/errors";

const PROBLEMS = {
  "no-capacity": { retryable: true, text: "All inference slots and the queue are full" },
  "inference-stopped": { retryable: true, text: "The node is stopping" },
  "runtime-unavailable": { retryable: true, text: "The inference process does not start" },
  "worker-lost": { retryable: true, text: "The inference process was ended from outside" },
  "model-load-failed": { retryable: false, text: "The runtime refuses the model" },
  "model-crashed": { retryable: false, text: "The model crashed the runtime" },
  "model-quarantined": { retryable: true, text: "The model crashed the runtime too often and rests" },
  "inference-timeout": { retryable: false, text: "The model took longer than it may" },
  "memory-exceeded": { retryable: false, text: "The model took more memory than it may" },
  "inference-failed": { retryable: false, text: "The runtime could not run the model on this input" },
  "output-mismatch": { retryable: false, text: "The model's output is not what its release declares" },
  "output-too-large": { retryable: false, text: "The model's output is larger than this node returns" },
} as const;

export type InferenceErrorCode = keyof typeof PROBLEMS;

/** Why an inference gave no result. `retryable` says whether this node may answer the same input later. */
export class InferenceError extends NetworkError {
  override readonly name = "InferenceError";
  declare readonly code: InferenceErrorCode;

  constructor(code: InferenceErrorCode, data: Record<string, unknown> = {}, cause?: unknown) {
    const { retryable, text } = PROBLEMS[code];
    const facts = Object.entries(data).map(([name, value]) => `${name} ${String(value)}`);
    super(code, facts.length === 0 ? text : `${text}: ${facts.join(", ")}`, { retryable, data, cause });
  }
}

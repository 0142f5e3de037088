import { checkAgainstSchema } from "@opg-network/sdk/schema";
import { ExactError } from "../exact/exactError.ts";
import { InferenceError } from "./inferenceError.ts";
import type { InferenceAnswer, ServedModel } from "./servedModel.ts";
import type { WorkerOutcome } from "./workerProcess.ts";
import type { WorkerReply } from "./workerProtocol.ts";

type Success = Extract<WorkerReply, { kind: "ran" | "loaded" }>;
type Failure = Exclude<WorkerOutcome, Success>;

/** @throws InferenceError `output-mismatch` */
export function answerOf(outcome: Success, model: ServedModel): InferenceAnswer {
  if (outcome.kind === "loaded") return { outputs: [], runMs: 0 };
  const { outputs, runMs } = outcome;
  try {
    checkAgainstSchema(outputs, model.schema.outputs);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : "";
    throw new InferenceError("output-mismatch", { release: model.release, detail }, cause);
  }
  return { outputs, runMs };
}

export function failureOf(
  outcome: Failure,
  phase: "load" | "run",
  release: string,
): InferenceError | ExactError {
  switch (outcome.kind) {
    case "time":
      return new InferenceError("inference-timeout", { release, phase, limitMs: outcome.limitMs });
    case "memory": {
      const { limitBytes, residentBytes } = outcome;
      return new InferenceError("memory-exceeded", { release, phase, limitBytes, residentBytes });
    }
    case "crashed": {
      const { signal, exitCode } = outcome;
      return new InferenceError("model-crashed", { release, phase, signal, exitCode });
    }
    case "killed":
      return new InferenceError("worker-lost", { release, phase, signal: outcome.signal });
    case "interrupted":
    case "ended":
      return new InferenceError("inference-stopped", { release });
    case "failed":
      return refusalOf(outcome, release);
  }
}

function refusalOf(
  { failure, detail }: Extract<WorkerReply, { kind: "failed" }>,
  release: string,
): InferenceError | ExactError {
  switch (failure) {
    case "disagreed":
      return new ExactError("exact-runtime-disagrees", { reason: `release ${release}` });
    case "load-failed":
      return new InferenceError("model-load-failed", { release, detail });
    case "run-failed":
      return new InferenceError("inference-failed", { release, detail });
    case "output-too-large":
      return new InferenceError("output-too-large", { release, bytes: Number(detail) });
    case "output-unsupported":
      return new InferenceError("output-mismatch", {
        release,
        detail: `"${detail}" is not a tensor of numbers`,
      });
    case "rows-refused":
    case "cancelled":
    case "not-loaded":
      return new InferenceError("worker-lost", { release });
  }
}

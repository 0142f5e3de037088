import { Worker } from "node:worker_threads";
import { z } from "zod";
import { ModelError, modelErrorCodes } from "./modelError.ts";
import type { OnnxLimits } from "./onnxFile.ts";
import type { PolicySubject } from "./onnxPolicy.ts";

export interface PolicyTask {
  readonly modelPath: string;
  readonly subject: Omit<PolicySubject, "bytes">;
  readonly limits: OnnxLimits;
}

const verdict = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("accepted") }),
  z.object({
    kind: z.literal("refused"),
    code: z.enum(modelErrorCodes),
    data: z.object({ reason: z.string() }).catchall(z.string()),
  }),
  z.object({ kind: z.literal("unreadable"), reason: z.string() }),
]);

export type PolicyVerdict = z.infer<typeof verdict>;

const ENTRY = new URL("./policyThread.ts", import.meta.url);
const LIMIT_MS = 30_000;
const MEMORY_MB = 1_024;

/**
 * Checks a model in a thread of its own, so that one made to be slow or large to read holds up nothing else.
 * @throws ModelError, or the signal's reason
 */
export async function checkInThread(task: PolicyTask, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const thread = new Worker(ENTRY, {
    workerData: task,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  try {
    judge(await answerOf(thread, signal));
  } finally {
    await thread.terminate();
  }
}

function answerOf(thread: Worker, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const tooSlow = setTimeout(() => reject(tooLarge(`reading it took over ${LIMIT_MS} ms`)), LIMIT_MS);
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    thread.once("message", resolve);
    // Nothing that a file holds makes the check throw; running out of memory ends the thread from outside.
    thread.once("error", (cause: unknown) => {
      const isMemory = cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY";
      reject(isMemory ? tooLarge(`reading it took over ${MEMORY_MB} MB`, cause) : cause);
    });
    thread.once("exit", () => {
      clearTimeout(tooSlow);
      signal.removeEventListener("abort", abort);
    });
  });
}

function judge(message: unknown): void {
  const answer = verdict.parse(message);
  if (answer.kind === "refused") throw new ModelError(answer.code, answer.data);
  if (answer.kind === "unreadable") throw new Error(answer.reason);
}

function tooLarge(reason: string, cause?: unknown): ModelError {
  return new ModelError("model-too-large", { reason }, cause);
}

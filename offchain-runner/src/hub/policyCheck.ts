import { Worker } from "node:worker_threads";
import { z } from "zod";
import type { LoweredGraph } from "../exact/blobs.ts";
import { ExactError, exactErrorCodes } from "../exact/exactError.ts";
import { decodeRoot } from "../exact/rootCodec.ts";
import { ModelError, modelErrorCodes } from "./modelError.ts";
import type { OnnxLimits } from "./onnxFile.ts";
import type { PolicySubject } from "./onnxPolicy.ts";
import type { Release } from "./release.ts";

export interface PolicyTask {
  readonly modelPath: string;
  readonly subject: Omit<PolicySubject, "bytes">;
  readonly limits: OnnxLimits;
  /** What the release commits to, if it is exact. */
  readonly graph: Release["graph"];
}

/** A model that passed. */
export interface CheckedModel {
  /** Of an exact release. */
  readonly graph: LoweredGraph | undefined;
  readonly hasFreeBatch: boolean;
}

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** The graph that the thread has lowered, as its bytes. */
const loweredBytes = z.object({
  graphRoot: z.string(),
  rootBytes: bytes,
  stream: bytes,
});

const verdict = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("accepted"), hasFreeBatch: z.boolean(), graph: loweredBytes.optional() }),
  z.object({
    kind: z.literal("refused"),
    code: z.enum(modelErrorCodes),
    data: z.object({ reason: z.string() }).catchall(z.string()),
  }),
  z.object({
    kind: z.literal("inexact"),
    code: z.enum(exactErrorCodes),
    data: z.object({ reason: z.string() }).catchall(z.string()),
  }),
  z.object({ kind: z.literal("unreadable"), reason: z.string() }),
]);

export type PolicyVerdict = z.infer<typeof verdict>;

const ENTRY = new URL("./policyThread.ts", import.meta.url);
const LIMIT_MS = 30_000;
const MEMORY_MB = 1_024;

/**
 * Checks a model in a thread of its own, so that one made to be slow or large to read holds up nothing else. Of an exact
 * release it gives the lowered graph.
 * @throws ModelError, ExactError, or the signal's reason
 */
export async function checkInThread(task: PolicyTask, signal: AbortSignal): Promise<CheckedModel> {
  signal.throwIfAborted();
  const thread = new Worker(ENTRY, {
    workerData: task,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  try {
    return judge(await answerOf(thread, signal));
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

function judge(message: unknown): CheckedModel {
  const answer = verdict.parse(message);
  switch (answer.kind) {
    case "refused":
      throw new ModelError(answer.code, answer.data);
    case "inexact":
      throw new ExactError(answer.code, answer.data);
    case "unreadable":
      throw new Error(answer.reason);
    case "accepted": {
      const { graph, hasFreeBatch } = answer;
      const lowered =
        graph === undefined ? undefined : { root: decodeRoot(graph.rootBytes), stream: graph.stream };
      return { graph: lowered, hasFreeBatch };
    }
  }
}

function tooLarge(reason: string, cause?: unknown): ModelError {
  return new ModelError("model-too-large", { reason }, cause);
}

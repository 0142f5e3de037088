import { writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { InferenceSession } from "onnxruntime-node";
import type { AgreementCheck } from "./agreementCheck.ts";
import { splitRows } from "./rows.ts";
import { fromRuntime, toRuntime } from "./runtimeTensor.ts";
import type {
  LoadRequest,
  RunRequest,
  WireTensor,
  WorkerFailure,
  WorkerReply,
  WorkerRequest,
} from "./workerProtocol.ts";
import { workerRequest } from "./workerProtocol.ts";

// Entry of an inference process. One thing at a time, in the order asked: a run holds the thread until it is over, so
// limits are enforced from outside by ending the process.

const FATAL_ONLY = 4;
const MEMORY_REPORT_MS = 250;
const sessions = new Map<string, InferenceSession>();
const checks = new Map<string, AgreementCheck>();
const cancelled = new Set<number>();
let work: Promise<void> = Promise.resolve();
let memoryReportedAtMs = 0;

function listen(): void {
  // Ctrl-C and a service manager's stop reach the whole process group; the node decides when this process ends.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => undefined);
  process.on("disconnect", () => process.exit(0));
  // A node killed outright leaves nobody to close the channel while a run holds this thread.
  new Worker(new URL("./orphanWatch.ts", import.meta.url), { workerData: Number(process.argv[2]) }).unref();
  preferAsVictim();
  process.on("message", (message) => accept(workerRequest.parse(message)));
  process.send?.({ kind: "ready" } satisfies WorkerReply);
}

/** When the machine runs out of memory, the kernel should take this process and not the node. */
function preferAsVictim(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Only Linux has it.
  }
}

function accept(request: WorkerRequest): void {
  if (request.kind === "cancel") cancelled.add(request.id);
  else work = work.then(() => perform(request));
}

async function perform(request: Exclude<WorkerRequest, { kind: "cancel" }>): Promise<void> {
  if (request.kind === "unload") {
    await sessions.get(request.model)?.release();
    sessions.delete(request.model);
    checks.delete(request.model);
    return;
  }
  await reply(request.kind === "load" ? await load(request) : await run(request));
}

/** Waits until the reply has left: the next run would hold back what is still in the buffer. */
function reply(message: WorkerReply): Promise<void> {
  return new Promise((sent) => process.send?.(message, undefined, undefined, () => sent()));
}

async function load(request: LoadRequest): Promise<WorkerReply> {
  const { id, model, path, threads, optimization, graph } = request;
  const before = process.memoryUsage.rss();
  try {
    const session = await InferenceSession.create(path, {
      executionProviders: ["cpu"],
      executionMode: "sequential",
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: optimization,
      logSeverityLevel: FATAL_ONLY,
    });
    // Only here: a process that serves no exact release does without.
    if (graph !== undefined)
      checks.set(model, new (await import("./agreementCheck.ts")).AgreementCheck(graph));
    sessions.set(model, session);
  } catch (error) {
    return failed(id, "load-failed", textOf(error));
  }
  const rssBytes = process.memoryUsage.rss();
  return { kind: "loaded", id, rssBytes, grownBytes: Math.max(0, rssBytes - before) };
}

async function run(request: RunRequest): Promise<WorkerReply> {
  // Lets a cancellation in that arrived while the run before held the thread.
  await new Promise((resume) => setImmediate(resume));
  const { id, model, inputs, outputs: names, rows, maxOutputBytes } = request;
  if (cancelled.delete(id)) return failed(id, "cancelled", "");
  // What is cancelled too late leaves nothing behind.
  for (const earlier of cancelled) if (earlier < id) cancelled.delete(earlier);
  const session = sessions.get(model);
  if (session === undefined) return failed(id, "not-loaded", "");
  const startedAt = performance.now();
  let results: InferenceSession.OnnxValueMapType;
  try {
    const feeds = Object.fromEntries(inputs.map((tensor) => [tensor.name, toRuntime(tensor)]));
    results = await session.run(feeds, names);
  } catch (error) {
    return failed(id, "run-failed", textOf(error));
  }
  const outputs: WireTensor[] = [];
  let bytes = 0;
  for (const name of names) {
    const value = results[name];
    const tensor = value === undefined ? undefined : fromRuntime(value);
    if (tensor === undefined) return failed(id, "output-unsupported", name.slice(0, 200));
    bytes += tensor.data.byteLength;
    if (bytes > maxOutputBytes * rows) return failed(id, "output-too-large", String(bytes));
    outputs.push(tensor);
  }
  const check = checks.get(model);
  if (rows > 1 && !(check !== undefined && rowsHold(check, request, outputs)))
    return failed(id, "rows-refused", "");
  if (rows === 1 && check?.holds(inputs, outputs) === false) return failed(id, "disagreed", "");
  const runMs = performance.now() - startedAt;
  return { kind: "ran", id, ...memoryReport(), runMs, outputs };
}

function rowsHold(check: AgreementCheck, { inputs, rows }: RunRequest, outputs: WireTensor[]): boolean {
  const given = splitRows(inputs, rows) ?? [];
  return splitRows(outputs, rows)?.every((row, index) => check.holds(given[index] ?? [], row)) ?? false;
}

function failed(id: number, failure: WorkerFailure, detail: string): WorkerReply {
  return { kind: "failed", id, ...memoryReport(), failure, detail };
}

function memoryReport(): { rssBytes?: number } {
  const nowMs = performance.now();
  if (nowMs - memoryReportedAtMs < MEMORY_REPORT_MS) return {};
  memoryReportedAtMs = nowMs;
  return { rssBytes: process.memoryUsage.rss() };
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 1_000);
}

listen();

import { Worker } from "node:worker_threads";
import { z } from "zod";
import type { ChainGraph } from "./chainGraph.ts";
import { VerifierError, type VerifierErrorCode } from "./verifierError.ts";

/** What a thread is told. */
export interface GraphTask {
  readonly graphRoot: string;
  /** Where the thread does not have it. */
  readonly graph: Pick<ChainGraph, "rootBytes" | "stream"> | undefined;
  /** Graphs that it need not keep. */
  readonly forget: readonly string[];
  readonly input: Uint8Array;
  /** Program counter of the checkpoint that is wanted; the end by default. */
  readonly stop: number | undefined;
}

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const end = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("state"), state: bytes }),
  z.object({ kind: z.literal("input-invalid") }),
  z.object({ kind: z.literal("failed"), reason: z.string() }),
]);

/** What a run came to; `input-invalid`: no output is right. */
export type RunEnd = z.infer<typeof end>;
export type ComputedEnd = Exclude<RunEnd, { kind: "failed" }>;

export interface GraphRunnerOptions {
  threads: number;
  threadMemoryMb: number;
  runTimeoutMs: number;
  graphBytes: number;
}

const ENTRY = new URL("./graphThread.ts", import.meta.url);

/** Runs graphs by the reference interpreter in threads, each bounded in time and memory. */
export class GraphRunner {
  readonly #options: GraphRunnerOptions;
  readonly #threads: GraphThread[];

  constructor(options: GraphRunnerOptions) {
    this.#options = options;
    this.#threads = Array.from({ length: options.threads }, () => new GraphThread(options));
  }

  /**
   * The output for an input, or the checkpoint at `stop`.
   * @throws VerifierError, or the signal's reason
   */
  async run(graph: ChainGraph, input: Uint8Array, signal: AbortSignal, stop?: number): Promise<ComputedEnd> {
    const thread = this.#threads.reduce((best, each) => (each.waiting < best.waiting ? each : best));
    return thread.run(graph, input, stop, signal);
  }

  /** The same in a thread that has computed nothing before. */
  async runFresh(graph: ChainGraph, input: Uint8Array, signal: AbortSignal): Promise<ComputedEnd> {
    const thread = new GraphThread(this.#options);
    try {
      return await thread.run(graph, input, undefined, signal);
    } finally {
      await thread.stop();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}

interface Job {
  readonly graph: ChainGraph;
  readonly input: Uint8Array;
  readonly stop: number | undefined;
  readonly settle: (end: ComputedEnd) => void;
  readonly fail: (error: unknown) => void;
}

/** Tasks that the thread is given ahead, so that it does not wait for the next one. */
const PIPELINE = 16;

/** One thread, which is started anew when a task was too much for it. */
class GraphThread {
  readonly #options: GraphRunnerOptions;
  /** Bytes of what the thread holds; the one used last comes last. */
  readonly #held = new Map<string, number>();
  readonly #queue: Job[] = [];
  /** In the order in which they are answered. */
  readonly #posted: Job[] = [];
  #worker: Worker | undefined;
  #tooSlow: NodeJS.Timeout | undefined;

  constructor(options: GraphRunnerOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#queue.length + this.#posted.length;
  }

  async run(
    graph: ChainGraph,
    input: Uint8Array,
    stop: number | undefined,
    signal: AbortSignal,
  ): Promise<ComputedEnd> {
    signal.throwIfAborted();
    let abort = (): void => undefined;
    const run = new Promise<ComputedEnd>((settle, fail) => {
      // What is computed for nobody is computed all the same, and soon over.
      abort = () => fail(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      this.#queue.push({ graph, input, stop, settle, fail });
    });
    this.#pump();
    return run.finally(() => signal.removeEventListener("abort", abort));
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#held.clear();
    clearTimeout(this.#tooSlow);
    worker?.removeAllListeners("message").removeAllListeners("exit");
    await worker?.terminate();
  }

  #pump(): void {
    while (this.#posted.length < PIPELINE) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      this.#posted.push(job);
      this.#post(job);
      if (this.#posted.length === 1) this.#watch();
    }
  }

  #post({ graph: { graphRoot, rootBytes, stream }, input, stop }: Job): void {
    const isHeld = this.#held.delete(graphRoot);
    this.#held.set(graphRoot, stream.length);
    const forget = this.#tooMany();
    const graph = isHeld ? undefined : { rootBytes, stream };
    const task: GraphTask = { graphRoot, graph, forget, input, stop };
    this.#worker ??= newThread(this.#options.threadMemoryMb)
      .on("message", (message: unknown) => this.#answered(end.parse(message)))
      .on("exit", () => this.#broke("check-failed", "the thread ended"));
    this.#worker.postMessage(task);
  }

  #answered(answer: RunEnd): void {
    const job = this.#posted.shift();
    this.#watch();
    if (answer.kind !== "failed") job?.settle(answer);
    else {
      const data = { ...answer, graphRoot: job?.graph.graphRoot };
      job?.fail(new VerifierError("check-failed", "the graph cannot be computed", { data }));
    }
    this.#pump();
  }

  /** The task that runs has its own time from here on. */
  #watch(): void {
    clearTimeout(this.#tooSlow);
    if (this.#posted.length === 0) return;
    const late = (): void => this.#broke("check-too-slow", "the graph takes too long");
    this.#tooSlow = setTimeout(late, this.#options.runTimeoutMs);
  }

  /** Only the task that ran has failed; the others begin anew. */
  #broke(code: VerifierErrorCode, message: string): void {
    const [job, ...others] = this.#posted.splice(0);
    this.#queue.unshift(...others);
    void this.stop();
    job?.fail(new VerifierError(code, message, { data: { graphRoot: job.graph.graphRoot } }));
    this.#pump();
  }

  #tooMany(): string[] {
    let bytes = 0;
    const forgotten: string[] = [];
    for (const [graphRoot, size] of [...this.#held].reverse()) {
      bytes += size;
      if (bytes > this.#options.graphBytes && bytes > size) forgotten.push(graphRoot);
    }
    for (const graphRoot of forgotten) this.#held.delete(graphRoot);
    return forgotten;
  }
}

function newThread(memoryMb: number): Worker {
  const thread = new Worker(ENTRY, {
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  // What it throws after it was given up is nobody's, and must not end the node.
  return thread.on("error", () => undefined);
}

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

/** One thread, which runs one task at a time and is started anew when one was too much for it. */
class GraphThread {
  waiting = 0;
  readonly #options: GraphRunnerOptions;
  /** Bytes of what the thread holds; the one used last comes last. */
  readonly #held = new Map<string, number>();
  #worker: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: GraphRunnerOptions) {
    this.#options = options;
  }

  async run(
    graph: ChainGraph,
    input: Uint8Array,
    stop: number | undefined,
    signal: AbortSignal,
  ): Promise<ComputedEnd> {
    this.waiting += 1;
    const run = this.#last.then(() => this.#perform(graph, input, stop, signal));
    this.#last = run.catch(() => undefined);
    try {
      return await run;
    } finally {
      this.waiting -= 1;
    }
  }

  async stop(): Promise<void> {
    this.#held.clear();
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #perform(
    { graphRoot, rootBytes, stream }: ChainGraph,
    input: Uint8Array,
    stop: number | undefined,
    signal: AbortSignal,
  ): Promise<ComputedEnd> {
    signal.throwIfAborted();
    const isHeld = this.#held.delete(graphRoot);
    this.#held.set(graphRoot, stream.length);
    const forget = this.#tooMany();
    const graph = isHeld ? undefined : { rootBytes, stream };
    try {
      const answer = await this.#ask({ graphRoot, graph, forget, input, stop }, signal);
      if (answer.kind !== "failed") return answer;
      throw new VerifierError("check-failed", "the graph cannot be computed", {
        data: { ...answer, graphRoot },
      });
    } catch (error) {
      await this.stop();
      throw error;
    }
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

  #ask(task: GraphTask, signal: AbortSignal): Promise<RunEnd> {
    const { runTimeoutMs, threadMemoryMb } = this.#options;
    this.#worker ??= newThread(threadMemoryMb);
    const worker = this.#worker;
    const { graphRoot } = task;
    const listening = new AbortController();
    const answer = new Promise<RunEnd>((resolve, reject) => {
      const fail = (code: VerifierErrorCode, message: string, cause?: unknown): void =>
        reject(new VerifierError(code, message, { data: { graphRoot, runTimeoutMs }, cause }));
      const tooSlow = setTimeout(() => fail("check-too-slow", "the graph takes too long"), runTimeoutMs);
      const onMessage = (message: unknown): void => resolve(end.parse(message));
      const onError = (cause: unknown): void => fail("check-failed", "the thread ended", cause);
      const onExit = (): void => fail("check-failed", "the thread ended");
      const onAbort = (): void => reject(signal.reason);
      worker.on("message", onMessage).on("error", onError).on("exit", onExit);
      signal.addEventListener("abort", onAbort, { once: true });
      listening.signal.addEventListener("abort", () => {
        clearTimeout(tooSlow);
        worker.off("message", onMessage).off("error", onError).off("exit", onExit);
        signal.removeEventListener("abort", onAbort);
      });
    });
    worker.postMessage(task);
    return answer.finally(() => listening.abort());
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

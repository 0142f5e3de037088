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
  z.object({ kind: z.literal("unmeasurable"), reason: z.string() }),
  z.object({ kind: z.literal("failed"), reason: z.string() }),
]);

const said = z.union([z.object({ kind: z.literal("ready") }), end]);

/** What a run came to; `input-invalid`: no output is right. */
export type RunEnd = z.infer<typeof end>;
/** What a thread says: once that it is there, then how each task ended. */
export type ThreadWord = z.infer<typeof said>;
export type ComputedEnd = Exclude<RunEnd, { kind: "failed" | "unmeasurable" }>;

export interface GraphRunnerOptions {
  threads: number;
  threadMemoryMb: number;
  runTimeoutMs: number;
  graphBytes: number;
  /** What a run may take where others wait for it; a graph that takes longer waits for its like from then on. */
  quickMs?: number;
}

const QUICK_MS = 3_000;
const MAX_SLOW = 4_096;
const ENTRY = new URL("./graphThread.ts", import.meta.url);

/**
 * Runs graphs by the reference interpreter in threads, each bounded in time and memory. A graph that was too much for a
 * thread is remembered, and runs in a thread for such graphs alone from then on.
 */
export class GraphRunner {
  readonly #options: GraphRunnerOptions;
  readonly #threads: GraphThread[];
  readonly #slowThread: GraphThread;
  readonly #quickMs: number;
  readonly #slow = new Set<string>();

  constructor(options: GraphRunnerOptions) {
    this.#options = options;
    this.#quickMs = Math.min(options.quickMs ?? QUICK_MS, options.runTimeoutMs);
    this.#threads = Array.from({ length: options.threads }, () => new GraphThread(options, this.#quickMs));
    this.#slowThread = new GraphThread(options, options.runTimeoutMs);
  }

  /** Whether a graph was too much for a thread that others wait for. */
  isSlow(graphRoot: string): boolean {
    return this.#slow.has(graphRoot);
  }

  /**
   * The output for an input, or the checkpoint at `stop`.
   * @throws VerifierError, retryable where the graph is now known to be slow; or the signal's reason
   */
  async run(graph: ChainGraph, input: Uint8Array, signal: AbortSignal, stop?: number): Promise<ComputedEnd> {
    const isSlow = this.isSlow(graph.graphRoot);
    const thread = isSlow
      ? this.#slowThread
      : this.#threads.reduce((best, each) => (each.waiting < best.waiting ? each : best));
    return this.#run(thread, isSlow, graph, input, signal, stop);
  }

  /** The same in a thread that has computed nothing before. */
  async runFresh(graph: ChainGraph, input: Uint8Array, signal: AbortSignal): Promise<ComputedEnd> {
    const isSlow = this.isSlow(graph.graphRoot);
    const thread = new GraphThread(this.#options, isSlow ? this.#options.runTimeoutMs : this.#quickMs);
    try {
      return await this.#run(thread, isSlow, graph, input, signal, undefined);
    } finally {
      await thread.stop();
    }
  }

  async #run(
    thread: GraphThread,
    isSlow: boolean,
    graph: ChainGraph,
    input: Uint8Array,
    signal: AbortSignal,
    stop: number | undefined,
  ): Promise<ComputedEnd> {
    const { graphRoot } = graph;
    const from = performance.now();
    try {
      const end = await thread.run(graph, input, stop, signal);
      // It was this computer that was slow.
      if (isSlow && performance.now() - from < this.#quickMs / 4) this.#slow.delete(graphRoot);
      return end;
    } catch (error) {
      if (!isTooMuch(error)) throw error;
      const [oldest] = this.#slow;
      if (this.#slow.size >= MAX_SLOW && oldest !== undefined) this.#slow.delete(oldest);
      this.#slow.add(graphRoot);
      // In the thread for such graphs it has all the time that there is.
      const { code, message, data } = error;
      throw new VerifierError(code, message, { retryable: !isSlow, data });
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#threads, this.#slowThread].map((thread) => thread.stop()));
  }
}

/** Whether it was the graph that no thread could bear. */
export function isTooMuch(error: unknown): error is VerifierError {
  return error instanceof VerifierError && TOO_MUCH.has(error.code);
}

const TOO_MUCH: ReadonlySet<VerifierErrorCode> = new Set<VerifierErrorCode>([
  "check-too-slow",
  "check-too-large",
]);

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
  readonly #limitMs: number;
  /** Bytes of what the thread holds; the one used last comes last. */
  readonly #held = new Map<string, number>();
  /** By graph; the one served last comes last. */
  readonly #queue = new Map<string, Job[]>();
  /** In the order in which they are answered. */
  readonly #posted: Job[] = [];
  #worker: Worker | undefined;
  #isReady = false;
  #tooSlow: NodeJS.Timeout | undefined;

  constructor(options: GraphRunnerOptions, limitMs: number) {
    this.#options = options;
    this.#limitMs = limitMs;
  }

  get waiting(): number {
    return this.#posted.length + [...this.#queue.values()].reduce((sum, jobs) => sum + jobs.length, 0);
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
      this.#enqueue({ graph, input, stop, settle, fail });
    });
    this.#pump();
    return run.finally(() => signal.removeEventListener("abort", abort));
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#isReady = false;
    this.#held.clear();
    clearTimeout(this.#tooSlow);
    worker?.removeAllListeners("message").removeAllListeners("exit");
    await worker?.terminate();
  }

  #enqueue(job: Job): void {
    const { graphRoot } = job.graph;
    const jobs = this.#queue.get(graphRoot);
    if (jobs === undefined) this.#queue.set(graphRoot, [job]);
    else jobs.push(job);
  }

  /** Graphs take turns, so that many questions about one delay another by one run each. */
  #next(): Job | undefined {
    const [turn] = this.#queue;
    if (turn === undefined) return undefined;
    const [graphRoot, jobs] = turn;
    const job = jobs.shift();
    this.#queue.delete(graphRoot);
    if (jobs.length > 0) this.#queue.set(graphRoot, jobs);
    return job;
  }

  #pump(): void {
    while (this.#posted.length < PIPELINE) {
      const job = this.#next();
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
      .on("message", (message: unknown) => this.#hear(said.parse(message)))
      .on("exit", () => this.#broke("check-too-large", "the graph ended its thread"));
    this.#worker.postMessage(task);
  }

  #hear(word: ThreadWord): void {
    if (word.kind === "ready") {
      this.#isReady = true;
      this.#watch();
    } else this.#answered(word);
  }

  #answered(answer: RunEnd): void {
    const job = this.#posted.shift();
    this.#watch();
    const { graphRoot } = job?.graph ?? {};
    const data = { graphRoot, ...("reason" in answer && { reason: answer.reason }) };
    if (answer.kind === "failed")
      job?.fail(new VerifierError("check-failed", "the graph cannot be computed", { data }));
    else if (answer.kind === "unmeasurable")
      job?.fail(new VerifierError("graph-unmeasurable", answer.reason, { data }));
    else job?.settle(answer);
    this.#pump();
  }

  /** The task that runs has its own time from here on; that a thread takes to begin is no task's. */
  #watch(): void {
    clearTimeout(this.#tooSlow);
    if (this.#posted.length === 0) return;
    const late = (): void => this.#broke("check-too-slow", "the graph takes too long");
    const { runTimeoutMs } = this.#options;
    this.#tooSlow = setTimeout(late, this.#isReady ? this.#limitMs : runTimeoutMs);
  }

  /** All that asks for the graph that ran has failed; the others begin anew. */
  #broke(code: VerifierErrorCode, message: string): void {
    const posted = this.#posted.splice(0);
    const graphRoot = posted[0]?.graph.graphRoot ?? "";
    const failed = posted.filter(({ graph }) => graph.graphRoot === graphRoot);
    failed.push(...(this.#queue.get(graphRoot) ?? []));
    const waiting = [...this.#queue.values()].flat();
    this.#queue.clear();
    for (const job of [...posted, ...waiting]) if (job.graph.graphRoot !== graphRoot) this.#enqueue(job);
    void this.stop();
    for (const job of failed) job.fail(new VerifierError(code, message, { data: { graphRoot } }));
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

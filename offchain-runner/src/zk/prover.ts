import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { residentBytes } from "../inference/residentMemory.ts";
import { CircuitError } from "./circuitError.ts";
import type { ProverJob, ProverReply, ProverResults } from "./proverProtocol.ts";

const PROCESS = fileURLToPath(new URL("proverProcess.ts", import.meta.url));
const MEMORY_CHECK_MS = 100;

export interface ProverLimits {
  /** Resident memory of the process beyond which it is ended; only Linux says how much there is. */
  readonly memoryBytes: number;
}

export const DEFAULT_LIMITS: ProverLimits = { memoryBytes: 4 * 1024 ** 3 };

interface Waiting {
  readonly id: number;
  readonly kind: ProverJob["kind"];
  readonly child: ChildProcess;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** One child process that compiles, sets up and proves, a job at a time; one that dies costs its own job alone. */
export class Prover {
  readonly #limits: ProverLimits;
  #child: ChildProcess | undefined;
  #waiting: Waiting | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #ids = 0;
  #peakBytes = 0;
  #overLimit = false;
  #isStopped = false;

  constructor(limits: ProverLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  /** Most memory that the process was seen to take. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /**
   * @param signal ends the job, if it is under way with its process
   * @throws CircuitError `proving-failed` for what will fail again; `proving-stopped` or `proving-memory-exceeded` (retryable)
   */
  run<Job extends ProverJob>(job: Job, signal?: AbortSignal): Promise<ProverResults[Job["kind"]]> {
    const result = this.#last.then(() => this.#send(job, signal));
    this.#last = result.catch(() => undefined);
    return result as Promise<ProverResults[Job["kind"]]>;
  }

  /** Ends the process, and with it the job under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
    });
    child.kill("SIGKILL");
    await ended;
  }

  #send(job: ProverJob, signal: AbortSignal | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isStopped || signal?.aborted === true) {
        const reason = this.#isStopped ? "the prover was stopped" : "the job was given up";
        reject(new CircuitError("proving-stopped", { reason, kind: job.kind }));
        return;
      }
      this.#ids += 1;
      const id = this.#ids;
      this.#child ??= this.#start();
      const child = this.#child;
      const abort = () => {
        child.kill("SIGKILL");
        this.#child = undefined;
      };
      signal?.addEventListener("abort", abort, { once: true });
      const watch = setInterval(() => this.#checkMemory(), MEMORY_CHECK_MS);
      const settle =
        <T>(end: (value: T) => void) =>
        (value: T) => {
          clearInterval(watch);
          signal?.removeEventListener("abort", abort);
          this.#waiting = undefined;
          this.#checkMemory();
          end(value);
        };
      this.#waiting = { id, kind: job.kind, child, resolve: settle(resolve), reject: settle(reject) };
      child.send({ id, job });
    });
  }

  #start(): ChildProcess {
    this.#overLimit = false;
    const child = fork(PROCESS, [String(process.pid)], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      serialization: "advanced",
    });
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2_000);
    });
    child.on("message", (reply: ProverReply) => {
      const waiting = this.#waiting;
      if (waiting?.id !== reply.id) return;
      if (reply.kind === "done") waiting.resolve(reply.result);
      else {
        const code = waiting.kind === "compile" ? "circuit-compiler-failed" : "proving-failed";
        waiting.reject(new CircuitError(code, { reason: reply.detail, kind: waiting.kind, said }));
      }
    });
    // A process that cannot be written to ends, too.
    child.on("error", () => child.kill("SIGKILL"));
    child.on("exit", (code, signal) => {
      if (this.#child === child) this.#child = undefined;
      if (this.#waiting?.child !== child) return;
      const { memoryBytes } = this.#limits;
      const error = this.#overLimit
        ? new CircuitError("proving-memory-exceeded", { reason: `more than ${memoryBytes} bytes`, said })
        : new CircuitError("proving-stopped", { reason: `its process ended with ${signal ?? code}`, said });
      this.#waiting.reject(error);
    });
    return child;
  }

  #checkMemory(): void {
    const child = this.#child;
    if (child?.pid === undefined) return;
    const resident = residentBytes(child.pid) ?? 0;
    this.#peakBytes = Math.max(this.#peakBytes, resident);
    if (resident <= this.#limits.memoryBytes) return;
    this.#overLimit = true;
    child.kill("SIGKILL");
  }
}

import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Clock } from "../clock.ts";
import { residentBytes } from "./residentMemory.ts";
import type { LoadRequest, RunRequest, WorkerReply, WorkerRequest } from "./workerProtocol.ts";
import { workerReply } from "./workerProtocol.ts";

export type Operation = Omit<LoadRequest, "id"> | Omit<RunRequest, "id">;
type Answer = Exclude<WorkerReply, { kind: "ready" }>;

/** Why an operation got no answer. `interrupted`: it had not begun, another process can do it. */
export type WorkerEnd =
  | { readonly kind: "time"; readonly limitMs: number }
  | { readonly kind: "memory"; readonly limitBytes: number; readonly residentBytes: number }
  | { readonly kind: "crashed"; readonly signal: string | undefined; readonly exitCode: number | undefined }
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "ended" }
  | { readonly kind: "interrupted" };

export type WorkerOutcome = Answer | WorkerEnd;

export interface WorkerLimits {
  readonly memoryBytes: number;
  readonly startMs: number;
}

interface Sent {
  readonly id: number;
  readonly limitMs: number;
  readonly settle: (outcome: WorkerOutcome) => void;
}

const ENTRY = fileURLToPath(new URL("./worker.ts", import.meta.url));
/** Of time and memory; how exactly they are kept. */
const CHECK_MS = 25;
const STDERR_BYTES = 4_096;
const OUTSIDE_SIGNALS = new Set(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"]);

/**
 * One inference process. Operations are done in the order given; the oldest is the one that runs, so a death is its
 * doing and the others only lose their place.
 */
export class WorkerProcess {
  /** Fulfils once the process takes operations, with `false` if it never does. */
  readonly ready: Promise<boolean>;
  readonly closed: Promise<WorkerEnd>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #limits: WorkerLimits;
  readonly #sent: Sent[] = [];
  #nextId = 1;
  #ending: WorkerEnd | undefined;
  #stderr = "";
  #watch: NodeJS.Timeout | undefined;
  #headEnd: { readonly atMs: number; readonly reason: WorkerEnd } | undefined;

  constructor(limits: WorkerLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    // Nothing of the node's environment or flags: the keystore's password is none of a model's business.
    this.#child = fork(ENTRY, [String(process.pid)], {
      env: {},
      execArgv: [],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.stderr?.setEncoding("latin1").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_BYTES);
    });
    this.closed = new Promise((closed) => {
      // Not `exit`: replies that are still in the channel come first.
      this.#child.on("close", (exitCode, signal) => closed(this.#close(exitCode, signal)));
    });
    this.ready = this.#untilReady();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get pending(): number {
    return this.#sent.length;
  }

  /** The last of what the process wrote about itself. */
  get lastWords(): string {
    return this.#stderr;
  }

  get isEnding(): boolean {
    return this.#ending !== undefined;
  }

  /** Resolves, never rejects. `limitMs` counts from when the operation's turn comes. */
  perform(operation: Operation, limitMs: number): { id: number; outcome: Promise<WorkerOutcome> } {
    const id = this.#nextId++;
    const outcome = new Promise<WorkerOutcome>((settle) => {
      if (this.#ending !== undefined) return settle({ kind: "interrupted" });
      this.#sent.push({ id, limitMs, settle });
      this.#send({ ...operation, id });
      if (this.#sent.length === 1) this.#watchHead();
    });
    return { id, outcome };
  }

  unload(model: string): void {
    this.#send({ kind: "unload", model });
  }

  /** Spares the process an operation whose answer nobody wants; one that runs gets `graceMs` to end by itself. */
  abandon(id: number, graceMs: number): void {
    if (this.#sent[0]?.id === id) this.#endAfter(graceMs, { kind: "ended" });
    else this.#send({ kind: "cancel", id });
  }

  end(reason: WorkerEnd = { kind: "ended" }): void {
    this.#ending ??= reason;
    this.#child.kill("SIGKILL");
  }

  async #untilReady(): Promise<boolean> {
    const waiting = new AbortController();
    const answered = new Promise<boolean>((ready) => {
      this.#child.on("message", (message) => {
        if (this.#accept(message)) ready(true);
      });
      this.#child.on("error", () => ready(false));
      void this.closed.then(() => ready(false));
    });
    const late = this.#clock.sleep(this.#limits.startMs, waiting.signal).then(
      () => this.end({ kind: "time", limitMs: this.#limits.startMs }),
      () => undefined,
    );
    const isReady = await answered;
    waiting.abort();
    await late;
    return isReady;
  }

  /** Whether the message says that the process is ready. */
  #accept(message: unknown): boolean {
    const parsed = workerReply.safeParse(message);
    const reply = parsed.data;
    if (reply?.kind === "ready") return true;
    const head = this.#sent[0];
    if (reply === undefined || reply.id !== head?.id) {
      this.end({ kind: "crashed", signal: undefined, exitCode: undefined });
      return false;
    }
    this.#sent.shift();
    this.#watchHead();
    head.settle(reply);
    return false;
  }

  #send(request: WorkerRequest): void {
    // A broken channel shows as the process closing.
    if (this.#child.connected) this.#child.send(request, () => undefined);
  }

  #watchHead(): void {
    const head = this.#sent[0];
    if (head === undefined) {
      clearInterval(this.#watch);
      this.#watch = undefined;
      return;
    }
    this.#endAfter(head.limitMs, { kind: "time", limitMs: head.limitMs });
    this.#watch ??= setInterval(() => this.#check(), CHECK_MS);
  }

  #endAfter(ms: number, reason: WorkerEnd): void {
    this.#headEnd = { atMs: performance.now() + ms, reason };
  }

  #check(): void {
    if (this.#headEnd !== undefined && performance.now() >= this.#headEnd.atMs) {
      this.end(this.#headEnd.reason);
      return;
    }
    const resident = this.pid === undefined ? undefined : residentBytes(this.pid);
    const limitBytes = this.#limits.memoryBytes;
    if (resident !== undefined && resident > limitBytes)
      this.end({ kind: "memory", limitBytes, residentBytes: resident });
  }

  #close(exitCode: number | null, signal: string | null): WorkerEnd {
    clearInterval(this.#watch);
    const died = signal !== null && OUTSIDE_SIGNALS.has(signal);
    this.#ending ??= died
      ? { kind: "killed", signal }
      : { kind: "crashed", signal: signal ?? undefined, exitCode: exitCode ?? undefined };
    const [head, ...others] = this.#sent.splice(0);
    head?.settle(this.#ending);
    for (const other of others) other.settle({ kind: "interrupted" });
    return this.#ending;
  }
}

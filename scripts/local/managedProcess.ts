import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";

/** How a child ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child process that is ended with its parent. */
export interface ManagedProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Lines of its standard output, as they come. */
  onLine(listener: (line: string) => void): void;
  /** SIGTERM, then SIGKILL after a while. Does nothing when it has ended. */
  stop(): Promise<void>;
}

const KILL_AFTER_MS = 10_000;

/** Starts `node <args>`; what it prints goes to `logFile` too. */
export function startProcess(
  args: readonly string[],
  logFile: string,
  env: NodeJS.ProcessEnv = {},
): ManagedProcess {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C reaches this process alone, which then ends its children in order.
    detached: process.platform !== "win32",
  });
  const log = createWriteStream(logFile);
  const listeners: ((line: string) => void)[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    log.write(chunk);
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) for (const listener of listeners) listener(line);
  });
  child.stderr.on("data", (chunk: Buffer) => log.write(chunk));
  const exited = new Promise<Exit>((resolve) => {
    child.once("error", () => resolve({ code: 1, signal: null }));
    child.once("close", (code, signal) => resolve({ code, signal }));
  }).finally(() => log.end());
  return {
    pid: child.pid ?? -1,
    exited,
    onLine: (listener) => void listeners.push(listener),
    stop: () => stop(child, exited),
  };
}

async function stop(child: ChildProcess, exited: Promise<Exit>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    signal(child, "SIGTERM");
    const timer = setTimeout(() => signal(child, "SIGKILL"), KILL_AFTER_MS);
    await exited;
    clearTimeout(timer);
  }
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, name);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
}

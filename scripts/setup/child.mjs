import { spawn } from "node:child_process";
import { constants } from "node:os";

const PARENT_POLL_MS = 500;
const FORWARDED = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
const isWindows = process.platform === "win32";

/**
 * Runs a command to its end and resolves to its exit code (128 + n for signal n).
 * Signals that reach this process reach the command, once: a terminal and npm both send Ctrl-C, so the command gets a
 * process group of its own, and what is left in that group is ended with it. It also ends when npm has died above us.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onOutput?: (chunk: string) => void, quiet?: boolean, graceMs?: number, limitMs?: number, onStart?: (pid: number) => void }} [options]
 *   `onOutput` also sees what the command prints; `quiet` keeps it from being shown; after `graceMs` a command that
 *   was sent a signal is killed; after `limitMs` it is sent SIGTERM.
 * @returns {Promise<number>}
 */
export function runChild(command, args, options = {}) {
  const { cwd, env, onOutput, quiet = false, graceMs, limitMs, onStart } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: onOutput === undefined ? "inherit" : ["inherit", "pipe", "pipe"],
      detached: !isWindows,
      shell: isWindows && !command.endsWith(".exe"),
    });
    if (child.pid !== undefined) {
      onStart?.(child.pid);
    }
    for (const [from, to] of /** @type {const} */ ([
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ])) {
      from?.setEncoding("utf8").on("data", (chunk) => {
        onOutput?.(chunk);
        if (!quiet) {
          to.write(chunk);
        }
      });
    }

    /** @type {NodeJS.Signals | undefined} */
    let forwarded;
    let lastForwardedAt = 0;
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      const now = Date.now();
      if (now - lastForwardedAt > 500) {
        lastForwardedAt = now;
        forwarded = signal;
        // npm passes everything on but SIGHUP.
        child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
        if (graceMs !== undefined) {
          setTimeout(() => endGroup(child.pid), graceMs).unref();
        }
      }
    };
    for (const signal of FORWARDED) {
      process.on(signal, forward);
    }
    const parent = process.ppid;
    const watchParent = setInterval(() => {
      if (process.env["npm_lifecycle_event"] !== undefined && process.ppid !== parent) {
        clearInterval(watchParent);
        forward("SIGTERM");
      }
    }, PARENT_POLL_MS);
    const limit = limitMs === undefined ? undefined : setTimeout(() => forward("SIGTERM"), limitMs);
    const finish = () => {
      clearInterval(watchParent);
      clearTimeout(limit);
      for (const signal of FORWARDED) {
        process.off(signal, forward);
      }
      endGroup(child.pid);
    };

    child.once("error", (error) => {
      finish();
      reject(error);
    });
    child.once("exit", finish);
    child.once("close", (code, signal) => {
      const cause = signal === "SIGKILL" ? (forwarded ?? signal) : signal;
      resolve(code ?? 128 + (cause === null ? 0 : constants.signals[cause]));
    });
  });
}

/** @param {number | undefined} pid */
function endGroup(pid) {
  if (pid === undefined || isWindows) {
    return;
  }
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of the group is left.
  }
}

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
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onOutput?: (chunk: string) => void, quiet?: boolean }} [options]
 *   `onOutput` also sees what the command prints; `quiet` keeps it from being shown.
 * @returns {Promise<number>}
 */
export function runChild(command, args, options = {}) {
  const { cwd, env, onOutput, quiet = false } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: onOutput === undefined ? "inherit" : ["inherit", "pipe", "pipe"],
      detached: !isWindows,
      shell: isWindows && !command.endsWith(".exe"),
    });
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

    let lastForwardedAt = 0;
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      const now = Date.now();
      if (now - lastForwardedAt > 500) {
        lastForwardedAt = now;
        // npm passes everything on but SIGHUP.
        child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
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
    const finish = () => {
      clearInterval(watchParent);
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
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
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

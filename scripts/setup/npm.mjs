import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { runChild } from "./child.mjs";
import { SetupError } from "./setupError.mjs";

const HEARTBEAT_MS = 10_000;

/**
 * Runs `npm ci` in a folder.
 * @param {{
 *   folder: string,
 *   node: string,
 *   env: NodeJS.ProcessEnv,
 *   say: (message: string) => void,
 *   onStart: (pid: number) => void,
 * }} options `node`: the executable that runs npm, and so decides which optional native packages fit.
 */
export async function npmCi({ folder, node, env, say, onStart }) {
  const flags = ["--include=dev", "--include=optional", "--ignore-scripts", "--no-audit", "--no-fund"];
  const network = ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=10000"];
  const args = ["ci", "--prefix", folder, ...flags, ...network, "--loglevel=error", "--no-update-notifier"];
  const cli = npmCli(env);
  const [command, prefix] = cli === undefined ? ["npm", []] : [node, [cli]];

  const startedAt = Date.now();
  const heartbeat = setInterval(
    () => say(`  … ${Math.round((Date.now() - startedAt) / 1000)} s`),
    HEARTBEAT_MS,
  );
  let output = "";
  try {
    const code = await runChild(command, [...prefix, ...args], {
      cwd: folder,
      env: withoutOuterNpm(env),
      onOutput: (chunk) => {
        output += chunk;
      },
      quiet: true,
      // It would finish its downloads first; the next run starts over anyway.
      graceMs: 2_000,
      onStart,
    });
    if (code !== 0) {
      throw new SetupError(code, explain(output));
    }
  } catch (error) {
    if (error instanceof SetupError) {
      throw error;
    }
    throw new SetupError(1, `npm could not be started: ${String(error)}`);
  } finally {
    clearInterval(heartbeat);
  }
}

/**
 * The npm that started us, else the one beside this Node, as a script that any Node can run.
 * @param {NodeJS.ProcessEnv} env
 */
function npmCli(env) {
  const besideNode = dirname(process.execPath);
  return [
    env["npm_execpath"] ?? "",
    join(besideNode, "../lib/node_modules/npm/bin/npm-cli.js"),
    join(besideNode, "node_modules/npm/bin/npm-cli.js"),
  ].find((path) => path.endsWith("npm-cli.js") && existsSync(path));
}

/**
 * What `npm test` puts in the environment describes the outer npm's folder, not the one to install in.
 * @param {NodeJS.ProcessEnv} env
 */
function withoutOuterNpm(env) {
  const outer = /^npm_(package|lifecycle|command|node_execpath|config_(local|global)_prefix)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !outer.test(name)));
}

/** @param {string} output */
export function explain(output) {
  if (
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/.test(output)
  ) {
    return `${output}\nThe npm registry could not be reached. The set-up needs it once; connect, then run the command again.`;
  }
  if (/\bEINTEGRITY\b/.test(output)) {
    return `${output}\nA package is not the one that the lockfile names. Nothing was installed; do not work around this.`;
  }
  if (/\bENOSPC\b/.test(output)) {
    return `${output}\nThe disk is full. The set-up needs about 1.5 GB.`;
  }
  // Behind its reason npm prints all of its options.
  const [reason] = output.split("npm error Clean install a project");
  return reason === undefined || reason === "" ? "npm ci was interrupted; the next run starts over" : reason;
}

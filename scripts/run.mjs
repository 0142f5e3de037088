// Every npm script comes through here. It runs on the machine's own Node, however old (18 or later), brings what the
// task needs, and hands over. Usage: node scripts/run.mjs <task> [arguments]
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild } from "./setup/child.mjs";
import { setUp } from "./setup/setup.mjs";
import { SetupError } from "./setup/setupError.mjs";
import { TASKS } from "./tasks.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
/** @param {string} message */
const say = (message) => console.error(`[set-up] ${message}`);

/**
 * @param {string} name
 * @param {readonly string[]} args
 */
async function main(name, args) {
  const task = Object.hasOwn(TASKS, name) ? TASKS[name] : undefined;
  if (task === undefined) {
    console.error(`There is no task "${name}". The tasks are: ${Object.keys(TASKS).join(", ")}`);
    return 1;
  }
  if (args.length > 0 && task.takesArguments !== true) {
    console.error(`The task "${name}" takes no arguments; it was given: ${args.join(" ")}`);
    return 1;
  }
  const { node, env } = await setUp(root, say);
  // Nodes and commands that a task starts by the dozen load the same sources each time.
  env["NODE_COMPILE_CACHE"] ??= join(root, "cache", "node");
  for (const [index, [script, ...rest]] of task.steps.entries()) {
    if (!existsSync(join(root, script))) {
      console.error(`The task "${name}" needs ${script}, which is missing. Is this a complete checkout?`);
      return 1;
    }
    if (rest[0] === "build" && rest.includes("--quiet") && !existsSync(join(root, "types"))) {
      say("compiling the contracts (up to a minute; later runs compile what has changed)");
    }
    const code = await runChild(node, [script, ...rest, ...(index === task.steps.length - 1 ? args : [])], {
      cwd: root,
      env: { ...env, ...task.env },
    });
    if (code !== 0) {
      return code;
    }
  }
  return 0;
}

try {
  process.exitCode = await main(process.argv[2] ?? "", process.argv.slice(3));
} catch (error) {
  if (!(error instanceof SetupError)) {
    throw error;
  }
  say(error.message);
  process.exitCode = error.exitCode;
}

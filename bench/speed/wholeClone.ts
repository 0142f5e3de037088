import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../scripts/local/paths.ts";
import type { Figures } from "../figures.ts";

/**
 * Seconds of the README's two commands in an empty folder, as a stranger runs them: nothing is installed, home folder
 * and package caches are empty. What the first has set up the second finds.
 */
export async function measure(): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), "opg-clone-"));
  try {
    const clone = join(folder, "clone");
    await run("git", ["clone", "--quiet", ROOT, clone], folder, folder);
    const start = await run("npm", ["start", "--", "--once"], clone, folder);
    const tests = await run("npm", ["test"], clone, folder);
    return { "seconds.start": Math.round(start), "seconds.tests": Math.round(tests) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(command: string, args: readonly string[], cwd: string, home: string): Promise<number> {
  const beganAt = performance.now();
  const env = { ...process.env, HOME: home, npm_config_cache: join(home, "npm-cache") };
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors = (errors + chunk).slice(-4_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${errors}`);
  return (performance.now() - beganAt) / 1_000;
}

import { spawn } from "node:child_process";
import { NetworkError } from "@opg-network/sdk/errors";
import { HARDHAT, ROOT } from "./paths.ts";

/** A command of the repo's own ended with an error; `data.output` is what it said. */
export class HardhatCommandError extends NetworkError {
  constructor(command: string, output: string) {
    super("command-failed", `${command} failed:\n${output}`, { data: { command, output } });
  }
}

/** What a user would type for these arguments: through npm where the machine's own Node is too old for Hardhat. */
export function commandLine(args: readonly string[]): string {
  const hardhat = process.execPath.includes(".toolchain") ? "npm run -s hardhat --" : "npx hardhat";
  return [hardhat, ...args].join(" ");
}

/** Runs one of the repo's commands with `--json` and returns its result. */
export async function hardhatCommand<Result>(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Result> {
  // The types are there. Written anew, they would be half there for a moment, in which another process may load them.
  const child = spawn(process.execPath, [HARDHAT, ...args, "--no-typechain", "--json"], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new HardhatCommandError(commandLine(args), `${output}${errors}`.trim());
  return JSON.parse(output) as Result;
}

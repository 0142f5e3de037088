import { existsSync } from "node:fs";
import path from "node:path";
import type { NetworkError } from "@opg-network/sdk/errors";
import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { LazyActionObject, NewTaskActionFunction, TaskArguments } from "hardhat/types/tasks";
import { build } from "./build.ts";
import { CommandError } from "./commandError.ts";
import { print, printError, type Report, type Value } from "./report.ts";
import type { CommonArguments, Session } from "./session.ts";

/** What a command does: validates, says what it will do, does it, and reports one result. */
export type Action<Args extends TaskArguments> = (args: Args, session: Session) => Promise<Report>;

/** How a command ended; Hardhat's exit code follows from it. */
export type Outcome = { success: true; value: Value } | { success: false; error: NetworkError };

/** A command with the options that all of them share. */
export function command(id: readonly [string, string], description: string) {
  return task([...id], description)
    .addOption(optional("from", "Account that acts, one of the network's; the first by default"))
    .addOption(optional("deployment", "Deployment record; deploy/deployments/<network>.json by default"))
    .addFlag({
      name: "json",
      description: "Print the result as JSON, and nothing else, on the standard output",
    });
}

/** An option that may be left out. */
export function optional<Name extends string>(name: Name, description: string) {
  return { name, description, type: ArgumentType.STRING_WITHOUT_DEFAULT as const, defaultValue: undefined };
}

/** Loads an action only when its command runs: what it imports does not slow the others down. */
export function lazily<Args extends TaskArguments>(
  load: () => Promise<Action<Args>>,
): LazyActionObject<NewTaskActionFunction<Args & CommonArguments>> {
  return async () => ({ default: async (args, hre) => await run(load, args, hre) });
}

async function run<Args extends TaskArguments>(
  load: () => Promise<Action<Args>>,
  args: Args & CommonArguments,
  hre: HardhatRuntimeEnvironment,
): Promise<Outcome> {
  let networkName = hre.globalOptions.network ?? "default";
  try {
    await buildOnce(hre);
    // These stand on the generated types, which a fresh clone has only now.
    const { openSession } = await import("./session.ts");
    const action = await load();
    const session = await openSession(args, hre);
    networkName = session.connection.networkName;
    const report = await action(args, session);
    print(report, args.json);
    if (report.failure !== undefined) return { success: false, error: report.failure };
    return { success: true, value: report.value };
  } catch (cause) {
    const { userErrorOf } = await import("./userError.ts");
    const error = userErrorOf(cause, networkName);
    if (error === undefined) throw cause;
    printError(error, args.json);
    return { success: false, error };
  }
}

/** The commands stand on the generated types, which a fresh clone does not have. */
async function buildOnce(hre: HardhatRuntimeEnvironment): Promise<void> {
  if (existsSync(path.join(hre.config.paths.root, "types", "index.ts"))) return;
  process.stderr.write("Building the contracts, once\n");
  try {
    await build(hre);
  } catch (cause) {
    throw new CommandError("build-failed", {}, cause);
  }
}

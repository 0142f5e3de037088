import { parseArgs } from "node:util";
import { NodeError } from "./nodeError.ts";

export const USAGE = `opg-node start [--config <file>]

  Runs the node until it gets SIGTERM or SIGINT; a second signal ends it at once.
  Settings come from the file (JSON) and from the environment (OPG_NODE_*), which wins.
  Exit codes: 0 clean, 1 permanent, 75 try again.
`;

export type Command = { kind: "start"; configFile: string | undefined } | { kind: "help" };

export function parseCommand(args: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: "string", short: "c" }, help: { type: "boolean", short: "h" } },
    });
    if (values.help === true) return { kind: "help" };
    if (positionals.length === 1 && positionals[0] === "start")
      return { kind: "start", configFile: values.config };
  } catch (cause) {
    throw new NodeError("config-invalid", "unknown option; try --help", { cause });
  }
  throw new NodeError("config-invalid", "expected the command `start`; try --help");
}

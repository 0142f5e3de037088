import { parseArgs } from "node:util";
import { NodeError } from "./nodeError.ts";

export const USAGE = `opg-node start [--config <file>]
opg-node doctor [--json] [--config <file>]
opg-node unbar <release id> [--config <file>]

  start   Runs the node until it gets SIGTERM or SIGINT; a second signal ends it at once.
  doctor  Looks at all that a node needs, and says what to fix; 0 when nothing has to be. Also beside a running node.
  unbar   Lets a stopped node serve a release again on which ONNX Runtime and the interpreter differed.
  Settings come from the file (JSON) and from the environment (OPG_NODE_*), which wins.
  Exit codes: 0 clean, 1 permanent, 75 try again.
`;

export type Command =
  | { kind: "start"; configFile: string | undefined }
  | { kind: "doctor"; configFile: string | undefined; isJson: boolean }
  | { kind: "unbar"; configFile: string | undefined; release: string }
  | { kind: "help" };

const RELEASE_ID = /^0x[0-9a-fA-F]{64}$/;

export function parseCommand(args: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: "string", short: "c" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return { kind: "help" };
    const [name, argument = "", ...rest] = positionals;
    const configFile = values.config;
    if (name === "doctor" && argument === "")
      return { kind: "doctor", configFile, isJson: values.json === true };
    if (name === "start" && argument === "") return { kind: "start", configFile };
    if (name === "unbar" && rest.length === 0 && RELEASE_ID.test(argument))
      return { kind: "unbar", configFile, release: argument };
  } catch (cause) {
    throw new NodeError("config-invalid", "unknown option; try --help", { cause });
  }
  throw new NodeError(
    "config-invalid",
    "expected `start`, `doctor`, or `unbar` and the id of a release; try --help",
  );
}

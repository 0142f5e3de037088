import { existsSync } from "node:fs";
import path from "node:path";
import { LOCAL_CHAIN_ID } from "../../deploy/deploymentFolder.ts";
import { type ProtocolParameters, readProtocolParameters } from "../../deploy/protocolParameters.ts";
import { CommandError } from "../commandError.ts";
import type { Session } from "../session.ts";

/** The file that says how the protocol is to be on this chain; `deploy/parameters/<network>.json5` by default. */
export async function parametersOf(
  { hre, connection, chainId }: Session,
  given: string | undefined,
): Promise<{ file: string; parameters: ProtocolParameters }> {
  const name = chainId === LOCAL_CHAIN_ID ? "local" : connection.networkName;
  const file = path.resolve(given ?? path.join(hre.config.paths.ignition, "parameters", `${name}.json5`));
  if (!existsSync(file))
    throw new CommandError("file-unreadable", { path: file, problem: "there is no such file" });
  const parameters = await readProtocolParameters(file);
  if (parameters.chainId !== chainId)
    throw new CommandError("chain-mismatch", { path: file, recorded: parameters.chainId, actual: chainId });
  return { file, parameters };
}

import type { ArtifactManager } from "hardhat/types/artifacts";
import type { NetworkConnection } from "hardhat/types/network";
import { tryToken } from "./existingToken.ts";
import { TokenModule } from "./modules/Token.ts";
import type { ProtocolParameters } from "./protocolParameters.ts";
import type { RunModule } from "./runModule.ts";

export interface DeployedToken {
  opg: string;
  /** What minted it, where it was minted here. */
  genesis?: string;
  /** Whether it counts votes, by timestamps. */
  votes: boolean;
}

/** Mints OPG, or tries out the one that is there. Throws what `tryToken` does. */
export async function deployToken(
  connection: NetworkConnection<string>,
  { existing, holder, beneficiaries }: ProtocolParameters["token"],
  { artifacts, run, say }: { artifacts: ArtifactManager; run: RunModule; say: (line: string) => void },
): Promise<DeployedToken> {
  if (existing === null) {
    say("Minting OPG into the hands and wallets of its beneficiaries");
    return { ...(await run(TokenModule, { Token: beneficiaries })), votes: true };
  }
  const { burns, permits, votesInSeconds } = await tryToken(connection, existing, holder, artifacts);
  say(`Using the OPG at ${existing}`);
  if (!burns) say("It cannot be burned: what must burn goes where nobody can take it");
  if (!permits) say("It takes no permits: stakes and deposits need an approval");
  return { opg: existing, votes: votesInSeconds };
}

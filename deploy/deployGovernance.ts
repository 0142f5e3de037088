import type { OptionalContractName } from "@opg-network/sdk/deployment";
import { GovernanceModule, VotesModule } from "./modules/Governance.ts";
import type { ProtocolParameters } from "./protocolParameters.ts";
import type { RunModule } from "./runModule.ts";

interface GovernanceOptions {
  opg: string;
  /** Whether OPG counts votes itself; else a wrapper does. */
  votes: boolean;
  run: RunModule;
  say: (line: string) => void;
}

export interface DeployedGovernance {
  /** Holds the powers. */
  timelock: string;
  contracts: Partial<Record<OptionalContractName, string>>;
}

export async function deployGovernance(
  terms: NonNullable<ProtocolParameters["governance"]>,
  { opg, votes, run, say }: GovernanceOptions,
): Promise<DeployedGovernance> {
  const wrapper = votes ? undefined : (await run(VotesModule, { Votes: { opg } })).votes;
  say("Deploying the governor and its timelock");
  const { governor, timelock } = await run(GovernanceModule, {
    Governance: { votes: wrapper ?? opg, ...terms },
  });
  return {
    timelock,
    contracts: {
      ...(wrapper === undefined ? {} : { OPGVotes: wrapper }),
      ProtocolGovernor: governor,
      TimelockController: timelock,
    },
  };
}

import type { ContractRunner } from "ethers";
import {
  OPG__factory,
  OPGVotes__factory,
  ProtocolGovernor__factory,
  TimelockController__factory,
} from "../../types/index.ts";
import { CommandError } from "../commandError.ts";
import type { Session } from "../session.ts";

export type Governance = Awaited<ReturnType<typeof governanceOf>>;

/**
 * The governance of the deployment, as anybody reads it or as `runner` calls it. Timelock and votes are those that the
 * governor names, since a vote can replace the timelock. Throws `governance-missing`.
 */
export async function governanceOf(
  session: Session,
  runner: ContractRunner = session.connection.ethers.provider,
) {
  const { network, contracts } = await session.deployment();
  const { ProtocolGovernor, OPGVotes } = contracts;
  if (ProtocolGovernor === undefined) throw new CommandError("governance-missing", { network });
  const governor = ProtocolGovernor__factory.connect(ProtocolGovernor.address, runner);
  const [timelock, votes] = await Promise.all([governor.timelock(), governor.token()]);
  return {
    governor,
    timelock: TimelockController__factory.connect(timelock, runner),
    /** Counts votes: OPG itself, or the wrapper. */
    votes: OPG__factory.connect(votes, runner),
    /** Only where OPG itself has no votes. */
    wrapper: OPGVotes === undefined ? undefined : OPGVotes__factory.connect(OPGVotes.address, runner),
    /** From which the governor has logs. */
    firstBlock: ProtocolGovernor.block,
  };
}

/** The same as the session's account calls it. */
export async function actingGovernance(session: Session): Promise<Governance> {
  return await governanceOf(session, await session.account());
}

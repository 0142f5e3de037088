import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Only where OPG itself has no votes by timestamps. */
export const VotesModule = buildModule("Votes", (m) => {
  const votes = m.contract("OPGVotes", [m.getParameter("opg")]);
  return { votes };
});

/** The governor and the timelock that its constructor makes. */
export const GovernanceModule = buildModule("Governance", (m) => {
  const governor = m.contract("ProtocolGovernor", [
    m.getParameter("votes"),
    {
      votingDelay: m.getParameter("votingDelay"),
      votingPeriod: m.getParameter("votingPeriod"),
      voteExtension: m.getParameter("voteExtension"),
      proposalThreshold: m.getParameter("proposalThreshold"),
      quorumPercent: m.getParameter("quorumPercent"),
      quorumFloor: m.getParameter("quorumFloor"),
      timelockDelay: m.getParameter("timelockDelay"),
    },
  ]);
  const timelock = m.contractAt("TimelockController", m.staticCall(governor, "timelock"));
  return { governor, timelock };
});

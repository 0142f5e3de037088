import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { AuthorityModule } from "./Authority.ts";

export const OperatorsModule = buildModule("Operators", (m) => {
  const { authority } = m.useModule(AuthorityModule);
  const operators = m.contract("Operators", [
    m.getParameter("opg"),
    authority,
    {
      disputeWindow: m.getParameter("disputeWindow"),
      maxValidity: m.getParameter("maxValidity"),
      unbondingPeriod: m.getParameter("unbondingPeriod"),
      jailPeriod: m.getParameter("jailPeriod"),
      minimumStake: m.getParameter("minimumStake"),
      stakePerSlot: m.getParameter("stakePerSlot"),
      bountyFloor: m.getParameter("bountyFloor"),
    },
  ]);
  return { operators };
});

import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Only where there is no OPG yet; otherwise the parameters name the one that is there. */
export const TokenModule = buildModule("Token", (m) => {
  const genesis = m.contract("TokenGenesis", [
    {
      ecosystem: m.getParameter("ecosystem"),
      foundation: m.getParameter("foundation"),
      coreContributors: m.getParameter("coreContributors"),
      investors: m.getParameter("investors"),
      stakingRewards: m.getParameter("stakingRewards"),
      liquidity: m.getParameter("liquidity"),
      airdrop: m.getParameter("airdrop"),
    },
  ]);
  const opg = m.contractAt("OPG", m.staticCall(genesis, "OPG_TOKEN"));
  return { genesis, opg };
});

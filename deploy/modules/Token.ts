import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Only where there is no OPG yet; otherwise the parameters name the one that is there. */
export const TokenModule = buildModule("Token", (m) => {
  const opg = m.contract("OPG", [m.getParameter("holder")]);
  return { opg };
});

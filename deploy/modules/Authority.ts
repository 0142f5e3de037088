import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The deployer is admin until `HandOver`. */
export const AuthorityModule = buildModule("Authority", (m) => {
  const authority = m.contract("AccessManager", [m.getParameter("deployer")]);
  return { authority };
});

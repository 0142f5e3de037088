import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ROLES } from "../roles.ts";
import { ProtocolModule } from "./Protocol.ts";

/** The last step of a deployment whose deployer stays admin: from now on it acts with a delay. */
export const AdminDelayModule = buildModule("AdminDelay", (m) => {
  const contracts = m.useModule(ProtocolModule);
  m.call(
    contracts.authority,
    "grantRole",
    [ROLES.ADMIN, m.getParameter("admin"), m.getParameter("adminDelay")],
    {
      after: [ProtocolModule],
    },
  );
  return contracts;
});

/** The last step of a deployment whose admin is another: the deployer steps down. */
export const HandOverModule = buildModule("HandOver", (m) => {
  const contracts = m.useModule(ProtocolModule);
  const calls = [
    m.encodeFunctionCall(
      contracts.authority,
      "grantRole",
      [ROLES.ADMIN, m.getParameter("admin"), m.getParameter("adminDelay")],
      { id: "grant" },
    ),
    m.encodeFunctionCall(contracts.authority, "renounceRole", [ROLES.ADMIN, m.getParameter("deployer")], {
      id: "renounce",
    }),
  ];
  m.call(contracts.authority, "multicall", [calls], { id: "handOver", after: [ProtocolModule] });
  return contracts;
});

import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ModelHubModule } from "./ModelHub.ts";
import { OperatorsModule } from "./Operators.ts";

export const DisputesModule = buildModule("Disputes", (m) => {
  const { hub } = m.useModule(ModelHubModule);
  const { operators } = m.useModule(OperatorsModule);
  const disputes = m.contract("Disputes", [operators, hub, m.getParameter("baseFeeCap")]);
  return { disputes };
});

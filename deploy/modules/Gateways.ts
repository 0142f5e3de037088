import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ModelHubModule } from "./ModelHub.ts";
import { OperatorsModule } from "./Operators.ts";
import { ProofSettlementModule } from "./ProofSettlement.ts";

export const GatewaysModule = buildModule("Gateways", (m) => {
  const { hub } = m.useModule(ModelHubModule);
  const { operators } = m.useModule(OperatorsModule);
  const { settlement } = m.useModule(ProofSettlementModule);
  const gateways = m.contract("Gateways", [operators, hub, settlement]);
  return { gateways };
});

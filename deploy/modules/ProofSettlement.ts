import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { AuthorityModule } from "./Authority.ts";
import { OperatorsModule } from "./Operators.ts";

export const ProofSettlementModule = buildModule("ProofSettlement", (m) => {
  const { authority } = m.useModule(AuthorityModule);
  const { operators } = m.useModule(OperatorsModule);
  const settlement = m.contract("ProofSettlement", [operators, authority]);
  return { settlement };
});

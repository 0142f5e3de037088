import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { AuthorityModule } from "./Authority.ts";
import { ModelHubModule } from "./ModelHub.ts";
import { OperatorsModule } from "./Operators.ts";
import { ProofSettlementModule } from "./ProofSettlement.ts";

export const InferenceRequestsModule = buildModule("InferenceRequests", (m) => {
  const { authority } = m.useModule(AuthorityModule);
  const { hub } = m.useModule(ModelHubModule);
  const { operators } = m.useModule(OperatorsModule);
  const { settlement } = m.useModule(ProofSettlementModule);
  const requests = m.contract("InferenceRequests", [
    m.getParameter("opg"),
    operators,
    hub,
    settlement,
    authority,
    m.getParameter("treasury"),
    m.getParameter("protocolFeeBps"),
  ]);
  return { requests };
});

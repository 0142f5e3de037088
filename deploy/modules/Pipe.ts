import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { AuthorityModule } from "./Authority.ts";
import { GatewaysModule } from "./Gateways.ts";
import { ModelHubModule } from "./ModelHub.ts";
import { OperatorsModule } from "./Operators.ts";
import { ProofSettlementModule } from "./ProofSettlement.ts";

/** `Pipe` and the executor that its constructor makes. */
export const PipeModule = buildModule("Pipe", (m) => {
  const { authority } = m.useModule(AuthorityModule);
  const { hub } = m.useModule(ModelHubModule);
  const { operators } = m.useModule(OperatorsModule);
  const { settlement } = m.useModule(ProofSettlementModule);
  const { gateways } = m.useModule(GatewaysModule);
  const pipe = m.contract("Pipe", [
    m.getParameter("opg"),
    operators,
    hub,
    settlement,
    gateways,
    authority,
    m.getParameter("treasury"),
    m.getParameter("protocolFeeBps"),
  ]);
  const executor = m.contractAt("PipeExecutor", m.staticCall(pipe, "executor"));
  return { pipe, executor };
});

import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { InferenceRequestsModule } from "./InferenceRequests.ts";
import { ModelHubModule } from "./ModelHub.ts";
import { OperatorsModule } from "./Operators.ts";

export const CoverageModule = buildModule("Coverage", (m) => {
  const { hub } = m.useModule(ModelHubModule);
  const { operators } = m.useModule(OperatorsModule);
  const { requests } = m.useModule(InferenceRequestsModule);
  const coverage = m.contract("Coverage", [hub, operators, requests]);
  return { coverage };
});

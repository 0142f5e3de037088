import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ExactMachineModule } from "./ExactMachine.ts";

export const ModelHubModule = buildModule("ModelHub", (m) => {
  const { machine } = m.useModule(ExactMachineModule);
  const hub = m.contract("ModelHub", [machine]);
  return { hub };
});

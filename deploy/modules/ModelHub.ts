import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

export const ModelHubModule = buildModule("ModelHub", (m) => {
  const hub = m.contract("ModelHub");
  return { hub };
});

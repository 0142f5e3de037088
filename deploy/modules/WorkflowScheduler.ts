import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

export const WorkflowSchedulerModule = buildModule("WorkflowScheduler", (m) => {
  const scheduler = m.contract("WorkflowScheduler");
  return { scheduler };
});

import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The store of graphs and weights, the machine that runs them, and what deploys models that answer by themselves. */
export const ExactMachineModule = buildModule("ExactMachine", (m) => {
  const blobs = m.contract("BlobStore");
  const machine = m.contract("ExactMachine", [blobs]);
  const models = m.contract("OnChainModels", [machine]);
  return { blobs, machine, models };
});

import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The store of graphs and weights, and the machine that runs them. */
export const ExactMachineModule = buildModule("ExactMachine", (m) => {
  const blobs = m.contract("BlobStore");
  const machine = m.contract("ExactMachine", [blobs]);
  return { blobs, machine };
});

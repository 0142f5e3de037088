import {
  BATCH_ACCOUNT_ABI,
  COVERAGE_ABI,
  EXACT_MACHINE_ABI,
  MODEL_HUB_ABI,
  ON_CHAIN_MODEL_ABI,
  OPERATORS_ABI,
  PIPE_ABI,
} from "@opg-network/sdk/pipeAbi";
import { expect } from "chai";
import { Interface, type InterfaceAbi } from "ethers";
import hre from "hardhat";

const WRITTEN: [string, readonly string[]][] = [
  ["Pipe", PIPE_ABI],
  ["Coverage", COVERAGE_ABI],
  ["Operators", OPERATORS_ABI],
  ["BatchAccount", BATCH_ACCOUNT_ABI],
  ["ModelHub", MODEL_HUB_ABI],
  ["IExactMachine", EXACT_MACHINE_ABI],
  ["IOnChainModel", ON_CHAIN_MODEL_ABI],
];

describe("ABIs of the SDK", () => {
  for (const [contract, abi] of WRITTEN) {
    it(`are those of the compiled ${contract}`, async () => {
      const artifact = await hre.artifacts.readArtifact(contract);
      const compiled = new Interface(artifact.abi as InterfaceAbi).format();
      for (const line of new Interface(abi).format()) expect(compiled).to.include(line);
    });
  }
});

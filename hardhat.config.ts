import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";
import { loadableTypes } from "./scripts/hardhat/loadableTypes.ts";
import { quickTestBuilds } from "./scripts/hardhat/quickTestBuilds.ts";
import { warningsAsErrors } from "./scripts/hardhat/warningsAsErrors.ts";
import { tasks } from "./tasks/index.ts";
import { campaign } from "./test/fixtures/campaign.ts";

const profile = {
  isolated: false,
  toolVersionsInBuildInfo: false,
  compilers: [
    {
      version: "0.8.37",
      path: fileURLToPath(new URL("node_modules/solc/soljson.js", import.meta.url)),
      settings: {
        optimizer: { enabled: true, runs: 1_000 },
        viaIR: true,
        evmVersion: "prague",
      },
    },
  ],
};

export default defineConfig({
  plugins: [toolbox, warningsAsErrors, quickTestBuilds, loadableTypes],
  tasks,
  solidity: {
    // Deployed as they are, the second and the third by constructors of ours.
    npmFilesToBuild: [
      "@openzeppelin/contracts/access/manager/AccessManager.sol",
      "@openzeppelin/contracts/finance/VestingWallet.sol",
      "@openzeppelin/contracts/governance/TimelockController.sol",
    ],
    splitTestsCompilation: true,
    // Ignition and verify build with "production": left out, Hardhat would fill it with other settings.
    profiles: { default: profile, production: profile },
  },
  paths: { tests: { mocha: "test", solidity: "test" }, ignition: "deploy" },
  typechain: { outDir: "types", tsNocheck: true },
  test: {
    solidity: {
      fuzz: {
        runs: campaign.runs(256, 10_000),
        seed: `0x${campaign.seed.toString(16).padStart(64, "0")}`,
      },
      fsPermissions: { readDirectory: ["test/fixtures"] },
      invariant: { runs: campaign.runs(32, 1_000), depth: campaign.runs(64, 200), failOnRevert: false },
    },
    mocha: { timeout: 120_000, parallel: true, jobs: availableParallelism() },
  },
  networks: {
    op: { type: "edr-simulated", chainType: "op" },
    l1: { type: "edr-simulated", chainType: "l1", hardfork: "osaka" },
    // What `npx hardhat node` serves: an OP chain with a block every 2 s.
    node: { type: "edr-simulated", chainType: "op", mining: { auto: false, interval: 2_000 } },
    local: { type: "http", chainType: "op", url: process.env.LOCAL_RPC_URL ?? "http://127.0.0.1:8545" },
    "base-sepolia": {
      type: "http",
      chainType: "op",
      chainId: 84_532,
      url: configVariable("BASE_SEPOLIA_RPC_URL"),
      accounts: [configVariable("DEPLOYER_PRIVATE_KEY")],
    },
  },
});

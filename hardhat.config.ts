import { fileURLToPath } from "node:url";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

const solcPath = fileURLToPath(new URL("node_modules/solc/soljson.js", import.meta.url));

export default defineConfig({
  plugins: [toolbox],
  solidity: {
    profiles: {
      default: {
        compilers: [
          {
            version: "0.8.37",
            path: solcPath,
            settings: {
              optimizer: { enabled: true, runs: 1_000 },
              viaIR: true,
              evmVersion: "prague",
            },
          },
        ],
      },
    },
  },
  paths: { tests: { mocha: "test", solidity: "test" } },
  typechain: { outDir: "types" },
  networks: {
    op: { type: "edr-simulated", chainType: "op" },
    l1: { type: "edr-simulated", chainType: "l1", hardfork: "osaka" },
  },
});

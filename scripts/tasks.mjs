const HARDHAT = "node_modules/hardhat/dist/src/cli.js";
const BIOME = "node_modules/@biomejs/biome/bin/biome";
const PRETTIER = "node_modules/prettier/bin/prettier.cjs";
const SOLHINT = "node_modules/solhint/solhint.js";
const TSC = "node_modules/typescript/bin/tsc";
const SOLIDITY = ["{contracts,test}/**/*.sol", "--no-error-on-unmatched-pattern"];

/** What stands on the generated types begins with this; it takes a moment where nothing has changed. */
const BUILD = /** @type {const} */ ([HARDHAT, "build", "--no-tests", "--quiet"]);

/**
 * @typedef {object} Task
 * @property {readonly (readonly [string, ...string[]])[]} steps Scripts with their arguments, run in this order.
 * @property {Readonly<Record<string, string>>} [env]
 * @property {true} [takesArguments] Its last step gets what the caller adds.
 */

/** @type {Readonly<Record<string, Task>>} */
export const TASKS = {
  start: { steps: [BUILD, ["scripts/start/main.ts"]], takesArguments: true },
  test: { steps: [[HARDHAT, "test"]], takesArguments: true },
  build: { steps: [[HARDHAT, "build"]], takesArguments: true },
  lint: {
    steps: [
      [BIOME, "check", "--error-on-warnings", "."],
      [PRETTIER, "--check", "--log-level", "warn", ...SOLIDITY],
      [SOLHINT, "--noPoster", "--max-warnings", "0", "contracts/**/*.sol", "test/**/*.sol"],
    ],
  },
  fmt: {
    steps: [
      [BIOME, "check", "--write", "."],
      [PRETTIER, "--write", "--log-level", "warn", ...SOLIDITY],
    ],
  },
  types: {
    steps: [
      [HARDHAT, "build", "--no-tests"],
      [TSC, "-p", ".", "--noEmit"],
    ],
  },
  hardhat: { steps: [[HARDHAT]], takesArguments: true },
  node: { steps: [BUILD, ["offchain-runner/src/main.ts"]], takesArguments: true },
  bench: { steps: [["scripts/bench.ts"]], takesArguments: true },
  snapshots: { steps: [["scripts/snapshots.ts"]], takesArguments: true },
  campaign: { steps: [["scripts/campaign.ts"]], takesArguments: true },
  packages: { steps: [["scripts/packages/pack.ts"]] },
};

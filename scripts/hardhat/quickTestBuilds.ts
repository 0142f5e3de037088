import { definePlugin } from "hardhat/plugins";
import type { HookContext, SolidityHooks } from "hardhat/types/hooks";
import type { CompilerInput } from "hardhat/types/solidity";

/**
 * Compiles Solidity tests without the optimizer, and of all that they import only what they embed. They put up the
 * contracts under test from the artifacts (`vm.deployCode`), which have the settings that are deployed.
 */
export function forTests(input: CompilerInput): CompilerInput {
  const tests = Object.keys(input.sources).filter((name) => name.startsWith("project/test/"));
  if (tests.length === 0) {
    return input;
  }
  const { "*": whole = {} } = input.settings.outputSelection;
  return {
    ...input,
    settings: {
      ...input.settings,
      optimizer: { enabled: false },
      viaIR: false,
      outputSelection: {
        "*": { "": whole[""] ?? [] },
        ...Object.fromEntries(tests.map((name) => [name, whole])),
      },
    },
  };
}

const solidityHooks = async (): Promise<Partial<SolidityHooks>> => ({
  async invokeSolc(context: HookContext, compiler, solcInput, solcConfig, next) {
    return next(context, compiler, forTests(solcInput), solcConfig);
  },
});

export const quickTestBuilds = definePlugin({
  id: "quick-test-builds",
  hookHandlers: { solidity: async () => ({ default: solidityHooks }) },
});

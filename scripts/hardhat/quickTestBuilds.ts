import { availableParallelism } from "node:os";
import { definePlugin } from "hardhat/plugins";
import type { HookContext, SolidityHooks } from "hardhat/types/hooks";
import type { CompilerInput, CompilerOutput } from "hardhat/types/solidity";

/** The compiler is a 32-bit program, and what it gives of two hundred files is more than it can hold. */
const TESTS_AT_A_TIME = 70;

/** Compilers at work: each has one thread, and takes up to 2 GiB. */
const COMPILERS = Math.min(availableParallelism(), 3);

/** What running a test and tracing its failures reads; not the sources generated for it, which are most of the rest. */
const CODE = ["object", "opcodes", "sourceMap", "linkReferences"] as const;
const OUTPUT_OF_TESTS: string[] = [
  "abi",
  "evm.methodIdentifiers",
  "metadata",
  ...CODE.map((name) => `evm.bytecode.${name}`),
  ...CODE.map((name) => `evm.deployedBytecode.${name}`),
  "evm.deployedBytecode.immutableReferences",
];

/**
 * Compiles Solidity tests without the optimizer, and of all that they import only what they embed. They put up the
 * contracts under test from the artifacts (`vm.deployCode`), which have the settings that are deployed.
 * @returns what to compile for one output, in any order; the input itself where there is no test
 */
export function forTests(input: CompilerInput): CompilerInput[] {
  const tests = Object.keys(input.sources).filter((name) => name.startsWith("project/test/"));
  if (tests.length === 0) {
    return [input];
  }
  const { "*": whole = {} } = input.settings.outputSelection;
  const inputs: CompilerInput[] = [];
  for (let from = 0; from < tests.length; from += TESTS_AT_A_TIME) {
    const selected = tests.slice(from, from + TESTS_AT_A_TIME);
    const outputSelection = {
      // Every file's syntax tree, once.
      ...(from === 0 ? { "*": { "": whole[""] ?? [] } } : {}),
      ...Object.fromEntries(
        selected.map((name) => [name, { "": from === 0 ? (whole[""] ?? []) : [], "*": OUTPUT_OF_TESTS }]),
      ),
    };
    const settings = { ...input.settings, optimizer: { enabled: false }, viaIR: false, outputSelection };
    inputs.push({ ...input, settings });
  }
  return inputs;
}

/** Of the same sources, each with the contracts of others: one output of all, every message once. */
export function joined(outputs: readonly CompilerOutput[]): CompilerOutput {
  const [first, ...others] = outputs;
  if (first === undefined) throw new Error("nothing was compiled");
  if (others.length === 0) return first;
  const errors = outputs.flatMap((output) => output.errors ?? []);
  const byText = new Map(errors.map((error) => [error.formattedMessage ?? error.message, error]));
  return {
    ...first,
    ...(byText.size > 0 ? { errors: [...byText.values()] } : {}),
    contracts: Object.assign({}, ...outputs.map((output) => output.contracts ?? {})),
  };
}

const solidityHooks = async (): Promise<Partial<SolidityHooks>> => ({
  async invokeSolc(context: HookContext, compiler, solcInput, solcConfig, next) {
    const inputs = forTests(solcInput).entries();
    const outputs: CompilerOutput[] = [];
    const compile = async (): Promise<void> => {
      for (const [part, input] of inputs) outputs[part] = await next(context, compiler, input, solcConfig);
    };
    await Promise.all(Array.from({ length: COMPILERS }, compile));
    return joined(outputs);
  },
});

export const quickTestBuilds = definePlugin({
  id: "quick-test-builds",
  hookHandlers: { solidity: async () => ({ default: solidityHooks }) },
});

import { definePlugin } from "hardhat/plugins";
import type { HookContext, SolidityHooks } from "hardhat/types/hooks";
import type { CompilerInput, CompilerOutput, CompilerOutputError } from "hardhat/types/solidity";

/** Codes solc gives to contracts above the size limits, which a test contract may exceed. */
const SIZE_WARNINGS: ReadonlySet<string> = new Set(["5574", "3860"]);

/** The part of solc's output that Hardhat's type leaves out. */
interface LocatedError extends CompilerOutputError {
  sourceLocation?: { file: string };
}

/** Drops the warnings of other people's sources and turns those of ours into errors. */
export function judgeWarnings(errors: readonly LocatedError[]): CompilerOutputError[] {
  return errors.flatMap((error) => {
    if (error.severity === "error") {
      return [error];
    }
    const file = error.sourceLocation?.file ?? "";
    if (file.startsWith("npm/")) {
      return [];
    }
    if (file.startsWith("project/test/") && SIZE_WARNINGS.has(error.errorCode ?? "")) {
      return [];
    }
    // Hardhat does not fail a build for an entry whose type is "Warning", whatever its severity.
    const formattedMessage = (error.formattedMessage ?? error.message).replace(
      /^Warning:/,
      "WarningAsError:",
    );
    return [{ ...error, type: "WarningAsError", severity: "error" as const, formattedMessage }];
  });
}

/**
 * Rewrites the deprecated forms in a forge-std source. solc reports 256 warnings and drops the rest; forge-std alone
 * has more, and would hide ours. Every replacement keeps its length, so that source maps stay true.
 */
export function modernizeForgeStd(source: string): string {
  return source
    .replace(
      /\/\/\/ @solidity memory-safe-assembly(\s*)assembly \{/g,
      '///               $1assembly ("memory-safe") {',
    )
    .replace(/\berror(?=[,)\s]*[,)])/g, "errer")
    .replace(/pragma experimental ABIEncoderV2;/g, "pragma abicoder v2;              ");
}

function withModernForgeStd(input: CompilerInput): CompilerInput {
  const sources = Object.entries(input.sources).map(([name, source]) =>
    name.startsWith("npm/") && name.includes("/forge-std/")
      ? [name, { ...source, content: modernizeForgeStd(source.content) }]
      : [name, source],
  );
  return { ...input, sources: Object.fromEntries(sources) };
}

const solidityHooks = async (): Promise<Partial<SolidityHooks>> => ({
  // A build hook would come too late: the artifacts would be cached, and the next build would pass.
  async invokeSolc(context: HookContext, compiler, solcInput, solcConfig, next) {
    const output: CompilerOutput = await next(context, compiler, withModernForgeStd(solcInput), solcConfig);
    if (output.errors === undefined || context.globalOptions.coverage) {
      return output;
    }
    return { ...output, errors: judgeWarnings(output.errors) };
  },
});

export const warningsAsErrors = definePlugin({
  id: "warnings-as-errors",
  hookHandlers: { solidity: async () => ({ default: solidityHooks }) },
});

import { ExactError } from "../../offchain-runner/src/exact/exactError.ts";
import {
  type LiteralContract,
  MAX_CODE_BYTES,
} from "../../offchain-runner/src/exact/literals/literalContract.ts";

/**
 * Part of what decides a contract's address, so they never change: the source says what the code is, instruction by
 * instruction, and nothing of it is rearranged.
 */
export const LITERAL_SETTINGS = {
  optimizer: { enabled: false },
  viaIR: false,
  evmVersion: "prague",
  metadata: { appendCBOR: false, bytecodeHash: "none" },
} as const;

export interface CompiledContract {
  readonly creationCode: string;
  readonly runtimeCode: string;
}

interface CompilerOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<
    string,
    Record<string, { evm: { bytecode: { object: string }; deployedBytecode: { object: string } } }>
  >;
}

/** @throws ExactError `exact-contract-too-large` where the chain would refuse to deploy the code */
export async function compileLiteralContract({ name, source }: LiteralContract): Promise<CompiledContract> {
  const file = `${name}.sol`;
  const { default: solc } = await import("solc");
  const input = {
    language: "Solidity",
    sources: { [file]: { content: source } },
    settings: {
      ...LITERAL_SETTINGS,
      outputSelection: { [file]: { [name]: ["evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as CompilerOutput;
  const problem = output.errors?.find(({ severity }) => severity === "error");
  const evm = output.contracts?.[file]?.[name]?.evm;
  if (problem !== undefined || evm === undefined)
    throw new Error(`the compiler refuses a generated contract: ${problem?.formattedMessage ?? "no code"}`);
  const bytes = evm.deployedBytecode.object.length / 2;
  if (bytes > MAX_CODE_BYTES)
    throw new ExactError("exact-contract-too-large", {
      reason: `${bytes} bytes of code, of ${MAX_CODE_BYTES}; the machine runs it`,
    });
  return { creationCode: `0x${evm.bytecode.object}`, runtimeCode: `0x${evm.deployedBytecode.object}` };
}

import type { InferenceRequired } from "@opg-network/sdk/inferenceQuery";
import { QueryMalformedError } from "@opg-network/sdk/inferenceQuery";
import { decodeWanted, strictPipeOverride } from "@opg-network/sdk/strictPipe";
import type { CallExceptionError } from "ethers";
import { isCallException } from "ethers";
import { z } from "zod";
import type { ResilientProvider } from "../chain/provider.ts";
import { type SimulatedCall, toQuantity } from "./carriedCall.ts";

export type SimulationOutcome =
  | { kind: "passed"; gasUsed: bigint }
  | { kind: "required"; required: InferenceRequired; data: string }
  | { kind: "reverted"; data: string };

/** Runs a call on the newest state, without sending it. */
export interface CallSimulator {
  /** @param isLikelyComplete whether it is expected to pass: then its gas is asked for at once */
  simulate(call: SimulatedCall, isLikelyComplete: boolean): Promise<SimulationOutcome>;
  /** Code of an account; `0x` where there is none. */
  codeOf(account: string): Promise<string>;
}

/** Where no estimate can be had, gas is found between this and the limit, to within one part in this many. */
const LEAST_GAS = 32_000n;
const PRECISION = 32n;

const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]+$/)
  .transform(BigInt);

/** @param pipe address of `Pipe`; contracts that would fall back without a result show in the simulation what they want */
export function createCallSimulator(
  provider: ResilientProvider,
  { pipe, gasLimit }: { pipe: string; gasLimit: bigint },
): CallSimulator {
  let strict: Promise<object> | undefined;
  const strictPipe = (): Promise<object> => {
    strict ??= provider.getCode(pipe).then((code) => strictPipeOverride(pipe, code));
    strict.catch(() => {
      strict = undefined;
    });
    return strict;
  };
  const ask = async (method: string, call: SimulatedCall, gas: bigint, overrides: object) => {
    const { from, to, data, value, code } = call;
    const transaction = { from, to, data, value: toQuantity(value), gas: toQuantity(gas) };
    const all = { ...overrides, ...(code !== undefined && { [code.account]: { code: code.code } }) };
    const params = [transaction, "latest", ...(Object.keys(all).length === 0 ? [] : [all])];
    try {
      return { kind: "answered", answer: (await provider.send(method, params)) as unknown } as const;
    } catch (error) {
      if (!isCallException(error)) throw error;
      return { kind: "failed", error } as const;
    }
  };
  const gasOf = async (call: SimulatedCall): Promise<bigint> => {
    const estimated = await ask("eth_estimateGas", call, gasLimit, {});
    return estimated.kind === "answered" ? quantity.parse(estimated.answer) : await measure(call);
  };
  const passesWith = async (call: SimulatedCall, gas: bigint): Promise<boolean> =>
    (await ask("eth_call", call, gas, {})).kind === "answered";
  /** For endpoints that estimate no gas where code is overridden. */
  const measure = async (call: SimulatedCall): Promise<bigint> => {
    let [fails, passes] = [0n, LEAST_GAS];
    while (passes < gasLimit && !(await passesWith(call, passes))) {
      fails = passes;
      passes = passes * 2n < gasLimit ? passes * 2n : gasLimit;
    }
    while ((passes - fails) * PRECISION > passes) {
      const middle = (passes + fails) / 2n;
      if (await passesWith(call, middle)) passes = middle;
      else fails = middle;
    }
    return passes;
  };
  return {
    async simulate(call, isLikelyComplete) {
      // Both at once where the second is likely to be needed.
      const early = isLikelyComplete && call.code === undefined ? gasOf(call) : undefined;
      early?.catch(() => undefined);
      const ended = await ask("eth_call", call, gasLimit, await strictPipe());
      if (ended.kind === "failed") return outcomeOf(ended.error);
      return { kind: "passed", gasUsed: await (early ?? gasOf(call)) };
    },
    codeOf: (account) => provider.getCode(account),
  };
}

function outcomeOf({ data }: CallExceptionError): SimulationOutcome {
  try {
    const required = data === null ? undefined : decodeWanted(data);
    if (required !== undefined) return { kind: "required", required, data: data as string };
  } catch (error) {
    // A contract may revert with anything.
    if (!(error instanceof QueryMalformedError)) throw error;
  }
  return { kind: "reverted", data: data ?? "0x" };
}

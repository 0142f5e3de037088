import type { InferenceRequired } from "@opg-network/sdk/inferenceQuery";
import { decodeInferenceRequired, QueryMalformedError } from "@opg-network/sdk/inferenceQuery";
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

export function createCallSimulator(provider: ResilientProvider, gasLimit: bigint): CallSimulator {
  const requestOf = (call: SimulatedCall, gas: bigint): unknown[] => {
    const { from, to, data, value, code } = call;
    const transaction = { from, to, data, value: toQuantity(value), gas: toQuantity(gas) };
    const override = code === undefined ? [] : [{ [code.account]: { code: code.code } }];
    return [transaction, "latest", ...override];
  };
  const revertOf = async (method: string, params: unknown[]): Promise<unknown> =>
    provider.send(method, params).then(
      (answer: unknown) => ({ answer }),
      (error: unknown) => {
        if (isCallException(error)) return error;
        throw error;
      },
    );
  const run = async (call: SimulatedCall, gas: bigint): Promise<CallExceptionError | undefined> => {
    const ended = await revertOf("eth_call", requestOf(call, gas));
    return isCallException(ended) ? ended : undefined;
  };
  const estimate = async (call: SimulatedCall): Promise<bigint | CallExceptionError> => {
    const ended = await revertOf("eth_estimateGas", requestOf(call, gasLimit));
    return isCallException(ended) ? ended : quantity.parse((ended as { answer: unknown }).answer);
  };
  /** For endpoints that estimate no gas where code is overridden. */
  const measure = async (call: SimulatedCall): Promise<bigint> => {
    let [fails, passes] = [LEAST_GAS, LEAST_GAS];
    while (passes < gasLimit && (await run(call, passes)) !== undefined) {
      fails = passes;
      passes = passes * 2n < gasLimit ? passes * 2n : gasLimit;
    }
    while ((passes - fails) * PRECISION > passes) {
      const middle = (passes + fails) / 2n;
      if ((await run(call, middle)) === undefined) passes = middle;
      else fails = middle;
    }
    return passes;
  };
  return {
    async simulate(call, isLikelyComplete) {
      if (isLikelyComplete && call.code === undefined) {
        const estimated = await estimate(call);
        if (typeof estimated === "bigint") return { kind: "passed", gasUsed: estimated };
        const outcome = outcomeOf(estimated);
        if (outcome.kind === "required") return outcome;
      }
      const reverted = await run(call, gasLimit);
      if (reverted !== undefined) return outcomeOf(reverted);
      const estimated = await estimate(call);
      return {
        kind: "passed",
        gasUsed: typeof estimated === "bigint" ? estimated : await measure(call),
      };
    },
    codeOf: (account) => provider.getCode(account),
  };
}

function outcomeOf({ data }: CallExceptionError): SimulationOutcome {
  try {
    const required = data === null ? undefined : decodeInferenceRequired(data);
    if (required !== undefined) return { kind: "required", required, data: data as string };
  } catch (error) {
    // A contract may revert with anything.
    if (!(error instanceof QueryMalformedError)) throw error;
  }
  return { kind: "reverted", data: data ?? "0x" };
}

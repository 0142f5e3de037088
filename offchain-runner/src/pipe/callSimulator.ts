import type { PlainCall } from "@opg-network/sdk/callSimulator";
import type { Carrier } from "@opg-network/sdk/carrier";
import type { InferenceRequired } from "@opg-network/sdk/inferenceQuery";
import { decodeInferenceRequired, QueryMalformedError } from "@opg-network/sdk/inferenceQuery";
import type { CallExceptionError } from "ethers";
import { isCallException } from "ethers";
import { z } from "zod";
import type { ResilientProvider } from "../chain/provider.ts";

export type SimulationOutcome =
  | { kind: "passed"; gasUsed: bigint }
  | { kind: "required"; required: InferenceRequired; data: string }
  | { kind: "reverted"; data: string };

/** Runs a call on the newest state, without sending it. */
export interface CallSimulator {
  simulate(carrier: Carrier, call: PlainCall, results: string): Promise<SimulationOutcome>;
  /** Code of an account; `0x` where there is none. */
  codeOf(account: string): Promise<string>;
}

/** Where no estimate can be had, gas is looked for from here on, to within one part in this many. */
const LEAST_GAS = 32_000n;
const PRECISION = 32n;

const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]+$/)
  .transform(BigInt);

type Ended = { kind: "answered"; answer: unknown } | { kind: "failed"; error: CallExceptionError };

export function createCallSimulator(provider: ResilientProvider, gasLimit: bigint): CallSimulator {
  const ask = async (method: string, call: PlainCall, gas: bigint, carrier: Carrier): Promise<Ended> => {
    const { from, to, data, value } = call;
    const transaction = { from, to, data, value: toQuantity(value), gas: toQuantity(gas) };
    const { override } = carrier;
    const params = [transaction, "latest", ...(override === undefined ? [] : [override])];
    try {
      return { kind: "answered", answer: (await provider.send(method, params)) as unknown };
    } catch (error) {
      if (!isCallException(error)) throw error;
      return { kind: "failed", error };
    }
  };
  const gasOf = async (call: PlainCall, carrier: Carrier): Promise<bigint> => {
    const estimated = await ask("eth_estimateGas", call, gasLimit, carrier);
    return estimated.kind === "answered" ? quantity.parse(estimated.answer) : await measure(call, carrier);
  };
  /** For endpoints that estimate no gas where code is overridden. */
  const measure = async (call: PlainCall, carrier: Carrier): Promise<bigint> => {
    const passesWith = async (gas: bigint): Promise<boolean> =>
      (await ask("eth_call", call, gas, carrier)).kind === "answered";
    let [fails, passes] = [0n, LEAST_GAS];
    while (passes < gasLimit && !(await passesWith(passes))) {
      fails = passes;
      passes = passes * 2n < gasLimit ? passes * 2n : gasLimit;
    }
    while ((passes - fails) * PRECISION > passes) {
      const middle = (passes + fails) / 2n;
      if (await passesWith(middle)) passes = middle;
      else fails = middle;
    }
    return passes;
  };
  return {
    async simulate(carrier, call, results) {
      const carrying = carrier.carrying(call, results);
      // With results it is likely to pass, and then its gas is asked for: both at once.
      const early = results === "0x" || carrier.override !== undefined ? undefined : gasOf(carrying, carrier);
      early?.catch(() => undefined);
      const ended = await ask("eth_call", carrier.rehearsal(call, results), gasLimit, carrier);
      if (ended.kind === "failed") return outcomeOf(ended.error);
      return { kind: "passed", gasUsed: await (early ?? gasOf(carrying, carrier)) };
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

function toQuantity(value: bigint): string {
  return `0x${value.toString(16)}`;
}

import type { Provider } from "ethers";
import { decodeInferenceRequired, type InferenceRequired } from "./inferenceQuery.ts";
import { SimulationFailedError } from "./pipeError.ts";

/** A call as it is simulated, estimated and sent. */
export interface PlainCall {
  from: string;
  to: string;
  data: string;
  value: bigint;
}

/** State that a simulation pretends, by address. */
export type StateOverride = Readonly<Record<string, { code: string }>>;

/** How a simulated call ended. */
export type SimulationOutcome =
  | { status: "passed"; returned: string }
  | { status: "lacking"; required: InferenceRequired }
  | { status: "reverted"; revertData: string; cause: unknown };

/** A transaction cannot have more since EIP-7825; a simulation with more would promise what the chain does not keep. */
const GAS_LIMIT = 2n ** 24n;

type RawProvider = Provider & { send(method: string, params: readonly unknown[]): Promise<unknown> };

/**
 * Runs a call on the newest block. Throws `SimulationFailedError` when the chain cannot be asked, which includes a
 * provider that cannot pretend the state in `override`.
 */
export async function simulate(
  provider: Provider,
  call: PlainCall,
  override?: StateOverride,
): Promise<SimulationOutcome> {
  try {
    const returned =
      override === undefined
        ? await provider.call({ ...call, gasLimit: GAS_LIMIT })
        : await callWithOverride(provider, call, override);
    return { status: "passed", returned };
  } catch (cause) {
    const revertData = revertDataOf(cause);
    if (revertData === undefined) throw new SimulationFailedError(cause);
    const required = decodeInferenceRequired(revertData);
    return required === undefined
      ? { status: "reverted", revertData, cause }
      : { status: "lacking", required };
  }
}

async function callWithOverride(
  provider: Provider,
  { from, to, data, value }: PlainCall,
  override: StateOverride,
): Promise<string> {
  if (!("send" in provider)) throw new Error("the provider cannot simulate with another state");
  const request = { from, to, data, value: quantity(value), gas: quantity(GAS_LIMIT) };
  return String(await (provider as RawProvider).send("eth_call", [request, "latest", override]));
}

function quantity(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** What a failed call gave back. ethers and hardhat-ethers keep it in different places, nodes' own errors deeper. */
export function revertDataOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== "object" || error === null || depth > 5) return undefined;
  const { data, info, error: inner, cause } = error as Record<string, unknown>;
  if (typeof data === "string" && data.startsWith("0x")) return data;
  for (const next of [data, info, inner, cause]) {
    const found = revertDataOf(next, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

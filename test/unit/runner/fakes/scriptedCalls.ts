import { decodeBundles, splitResults } from "@opg-network/sdk/carriedResults";
import type { InferenceQuery } from "@opg-network/sdk/inferenceQuery";
import { encodeInferenceRequired } from "@opg-network/sdk/inferenceQuery";
import { keccak256 } from "ethers";
import type { RpcEnd } from "../../../../offchain-runner/src/chain/provider.ts";
import type { SimulationEndpoint } from "../../../../offchain-runner/src/pipe/callSimulator.ts";

/** How a simulated call ends. */
export type CallEnd = { passes: bigint } | { reverts: string | null; code?: number };

/** A call as it reaches the chain. */
export interface SeenCall {
  method: string;
  data: string;
  gas: bigint;
  override: unknown;
  /** Outputs that it carries in its tail, by the hash of their input. */
  outputs: ReadonlyMap<string, string>;
}

/** An endpoint that simulates by script, and remembers what it was asked. */
export class ScriptedCalls implements SimulationEndpoint {
  readonly seen: SeenCall[] = [];
  code = "0x01";
  onCall: (call: SeenCall) => CallEnd | Promise<CallEnd> = () => ({ passes: 50_000n });

  get methods(): string[] {
    return this.seen.map(({ method }) => method);
  }

  async getCode(): Promise<string> {
    return this.code;
  }

  async sendAlone(method: string, params: unknown[]): Promise<RpcEnd> {
    const [{ data, gas }, , override] = params as [{ data: string; gas: string }, string, unknown];
    const { results } = splitResults(data);
    const carried = decodeBundles(results).flatMap((bundle) => bundle.results);
    const outputs = new Map(carried.map(({ inputHash, output }) => [inputHash, output]));
    const call = { method, data, gas: BigInt(gas), override, outputs };
    this.seen.push(call);
    const end = await this.onCall(call);
    if ("passes" in end) return { result: method === "eth_call" ? "0x" : `0x${end.passes.toString(16)}` };
    const { reverts, code = 3 } = end;
    return { error: { code, message: "failed", ...(reverts !== null && { data: reverts }) } };
  }
}

/** A contract that infers `inputs` one after the other. */
export function inferring(
  queries: readonly InferenceQuery[],
  account: string,
  consumer: string,
): (call: SeenCall) => CallEnd {
  return ({ outputs }) => {
    const next = queries.find(({ input }) => !outputs.has(keccak256(input)));
    if (next === undefined) return { passes: 90_000n };
    return { reverts: encodeInferenceRequired({ account, consumer, queries: [next] }) };
  };
}

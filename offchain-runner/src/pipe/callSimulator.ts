import { type PlainCall, revertDataOf, type StateOverride } from "@opg-network/sdk/callSimulator";
import type { Carrier } from "@opg-network/sdk/carrier";
import type { InferenceRequired } from "@opg-network/sdk/inferenceQuery";
import { z } from "zod";
import type { RpcEnd } from "../chain/provider.ts";
import { NodeError } from "../nodeError.ts";
import { requiredBy } from "./requiredQueries.ts";

export type SimulationOutcome =
  | { kind: "passed"; gasUsed: bigint }
  | { kind: "required"; required: InferenceRequired; data: string }
  | { kind: "reverted"; data: string };

/** Runs a call on the newest state, without sending it. */
export interface CallSimulator {
  /** @param until takes the question back */
  simulate(
    carrier: Carrier,
    call: PlainCall,
    results: string,
    until: AbortSignal,
  ): Promise<SimulationOutcome>;
  /** Code of an account; `0x` where there is none. */
  codeOf(account: string): Promise<string>;
}

/** What a simulator needs of the chain's endpoints. */
export interface SimulationEndpoint {
  sendAlone(method: string, params: unknown[], until: AbortSignal): Promise<RpcEnd>;
  getCode(account: string): Promise<string>;
}

/** Where no estimate can be had, gas is looked for from here on, to within one part in this many. */
const LEAST_GAS = 32_000n;
const PRECISION = 32n;

const bytes = z.string().startsWith("0x");
const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]+$/)
  .transform(BigInt);

/** JSON-RPC's own codes for a question that was not understood: it is the endpoint that fails, not the call. */
const NOT_ASKED = z.looseObject({ code: z.number().min(-32_700).max(-32_600) });

interface Question {
  call: PlainCall;
  override: StateOverride | undefined;
  until: AbortSignal;
}

type Method = "eth_call" | "eth_estimateGas";
type Ended =
  | { kind: "answered"; answer: unknown }
  | { kind: "failed"; data: string | undefined; isNotAsked: boolean };

export function createCallSimulator(endpoint: SimulationEndpoint, gasLimit: bigint): CallSimulator {
  const ask = async (method: Method, { call, override, until }: Question, gas: bigint): Promise<Ended> => {
    const { from, to, data, value } = call;
    const transaction = { from, to, data, value: toQuantity(value), gas: toQuantity(gas) };
    const params = [transaction, "latest", ...(override === undefined ? [] : [override])];
    const end = await endpoint.sendAlone(method, params, until);
    if ("result" in end) return { kind: "answered", answer: end.result };
    const reverted = revertDataOf(end.error);
    const isNotAsked = reverted === undefined && NOT_ASKED.safeParse(end.error).success;
    return { kind: "failed", data: reverted, isNotAsked };
  };
  /** Runs the call as it will be sent: when it passes its gas is known too, so that one question is enough. */
  const estimate = async (question: Question): Promise<SimulationOutcome | undefined> => {
    if (question.override !== undefined) return undefined;
    const ended = await ask("eth_estimateGas", question, gasLimit);
    if (ended.kind === "answered") return { kind: "passed", gasUsed: parse(quantity, ended.answer) };
    // Some endpoints keep what a call reverted with to themselves here.
    return ended.data === undefined ? undefined : outcomeOf(ended.data);
  };
  const rehearse = async (question: Question): Promise<SimulationOutcome | undefined> => {
    const ended = await ask("eth_call", question, gasLimit);
    if (ended.kind === "answered") parse(bytes, ended.answer);
    else if (ended.isNotAsked) throw refusal();
    else return outcomeOf(ended.data ?? "0x");
    return undefined;
  };
  /** For endpoints that estimate no gas where code is overridden. */
  const measure = async (question: Question): Promise<bigint> => {
    const passesWith = async (gas: bigint): Promise<boolean> =>
      (await ask("eth_call", question, gas)).kind === "answered";
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
    async simulate(carrier, call, results, until) {
      const { override } = carrier;
      const rehearsal = carrier.rehearsal(call, results);
      const carrying = carrier.carrying(call, results);
      const isAsSent = rehearsal.to === carrying.to && rehearsal.data === carrying.data;
      const asSent = { call: carrying, override, until };
      // A call that carries something is likely to pass, and then its gas is asked for.
      const early = results === "0x" ? undefined : estimate(asSent);
      early?.catch(() => undefined);
      const estimated = isAsSent ? await early : undefined;
      if (estimated !== undefined) return estimated;
      const failed = await rehearse({ call: rehearsal, override, until });
      if (failed !== undefined) return failed;
      const end = await (early ?? estimate(asSent));
      return end ?? { kind: "passed", gasUsed: await measure(asSent) };
    },
    codeOf: (account) => endpoint.getCode(account),
  };
}

function outcomeOf(data: string): SimulationOutcome {
  const required = requiredBy(data);
  return required === undefined ? { kind: "reverted", data } : { kind: "required", required, data };
}

function parse<T extends z.ZodType>(schema: T, answer: unknown): z.output<T> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw refusal(parsed.error);
}

function refusal(cause?: unknown): NodeError {
  return new NodeError("rpc-refused", "the endpoint simulates no calls", { retryable: true, cause });
}

function toQuantity(value: bigint): string {
  return `0x${value.toString(16)}`;
}

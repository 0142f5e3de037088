import { AbiCoder, concat, getAddress } from "ethers";
import { type PlainCall, type StateOverride, simulate } from "./callSimulator.ts";
import { appendResults, CARRIED_RESULTS_MAGIC } from "./carriedResults.ts";
import type { InferenceRequired } from "./inferenceQuery.ts";
import type { Carry } from "./nodeApi.ts";
import { BATCH_ACCOUNT_INTERFACE, PIPE_INTERFACE } from "./pipeAbi.ts";

/** One way to bring results into a call. */
export interface Carrier {
  carry: Carry;
  /** The call with `results` (encoded bundles) brought along; the bare call, where there are none. */
  carrying(call: PlainCall, results: string): PlainCall;
  /** As the call is simulated: contracts with a fallback then say what they want. */
  rehearsal(call: PlainCall, results: string): PlainCall;
  /** What a simulation must pretend for it. */
  override?: StateOverride;
  /** ERC-7821 code that the account has to delegate to in the same transaction. */
  delegate?: string;
  /** What the call itself returns, out of what the carrying call returned. */
  returnedBy(returned: string): string;
  /** Who pays for what a simulation lacks; nobody, when this way cannot bring it. */
  payerOf(call: PlainCall, required: InferenceRequired): string | undefined;
}

/** ERC-7579 batch, all or nothing, without further data. */
export const BATCH_MODE: string = `0x01${"00".repeat(31)}`;

const EMPTY_TAIL = concat(["0x00000000", CARRIED_RESULTS_MAGIC]);
/** A tail that no `Pipe` can read. */
const BROKEN_RESULTS = "0x00";
const DELEGATION_PREFIX = "0xef0100";

/** The call as one that carries nothing yet: a contract with a fallback then says what it lacks. */
export function demanding(call: PlainCall): PlainCall {
  return { ...call, data: concat([call.data, EMPTY_TAIL]) };
}

/** In the tail of calldata: for a contract that inherits `PipeConsumer`, called directly. Its payer's budget pays. */
export const APPENDED: Carrier = {
  carry: "appended",
  carrying: (call, results) => ({ ...call, data: appendResults(call.data, results) }),
  rehearsal: (call, results) =>
    results === "0x" ? demanding(call) : { ...call, data: appendResults(call.data, results) },
  returnedBy: (returned) => returned,
  payerOf: ({ to }, { account, consumer }) => (consumer === getAddress(to) ? account : undefined),
};

/**
 * By `preload` and call in one batch of the sender's own account (ERC-7821). The sender's balance pays.
 * @param delegate set when the account has no code yet and delegates in the same transaction (EIP-7702)
 */
export function batchCarrier(pipe: string, sender: string, delegate?: string): Carrier {
  const batch = (call: PlainCall, results: string): PlainCall => {
    const steps = [
      ...(results === "0x" ? [] : [[pipe, 0n, PIPE_INTERFACE.encodeFunctionData("preload", [results])]]),
      [call.to, call.value, call.data],
    ];
    const data = AbiCoder.defaultAbiCoder().encode(["tuple(address,uint256,bytes)[]"], [steps]);
    return {
      from: call.from,
      to: call.from,
      value: 0n,
      data: BATCH_ACCOUNT_INTERFACE.encodeFunctionData("execute", [BATCH_MODE, data]),
    };
  };
  return {
    carry: "batch",
    carrying: (call, results) => (results === "0x" ? call : batch(call, results)),
    rehearsal: (call, results) => batch(demanding(call), results),
    ...(delegate === undefined
      ? {}
      : { delegate, override: { [sender]: { code: DELEGATION_PREFIX + delegate.slice(2) } } }),
    // OpenZeppelin's `execute` returns nothing.
    returnedBy: () => "0x",
    payerOf: (_, { account }) => (account === getAddress(sender) ? account : undefined),
  };
}

/** Through `Pipe.execute`: the contracts see `executor`, not the sender. The sender's balance pays. */
export function executorCarrier(pipe: string, executor: string): Carrier {
  const execute = (call: PlainCall, results: string): PlainCall => ({
    from: call.from,
    to: pipe,
    value: call.value,
    data: PIPE_INTERFACE.encodeFunctionData("execute", [results, [[call.to, call.value, call.data]]]),
  });
  return {
    carry: "executor",
    carrying: execute,
    rehearsal: (call, results) => execute(demanding(call), results),
    returnedBy: (returned) => {
      const [[first]] = PIPE_INTERFACE.decodeFunctionResult("execute", returned) as unknown as [[string]];
      return first;
    },
    payerOf: ({ from }, { account }) => (account === getAddress(executor) ? from : undefined),
  };
}

/** Whether the contract that is called hands the tail of its calldata to `Pipe`: then a broken one is noticed. */
export async function readsTail(provider: Parameters<typeof simulate>[0], call: PlainCall): Promise<boolean> {
  const broken = await simulate(provider, { ...call, data: appendResults(call.data, BROKEN_RESULTS) });
  return broken.status === "reverted";
}

import { appendResults } from "@opg-network/sdk/carriedResults";
import type { PreexecuteRequest } from "@opg-network/sdk/nodeApi";
import { AbiCoder, concat, Interface, toBeHex } from "ethers";
import { pipeInterface } from "../chain/contracts.ts";

/** A transaction as it is simulated. */
export interface SimulatedCall {
  from: string;
  to: string;
  data: string;
  /** Wei. */
  value: bigint;
  /** Code that an account is given for the simulation. */
  code?: { account: string; code: string };
}

/** ERC-7821, by ERC-7579's mode: a batch that reverts as one, without extra data. */
const BATCH_MODE = `0x01${"00".repeat(31)}`;
const accountInterface = new Interface(["function execute(bytes32 mode, bytes executionData) payable"]);
/** EIP-7702: what the code of a delegating account begins with. */
const DELEGATION = "0xef0100";

/** The transaction that brings `results` with a call, in the way that the caller will send it. */
export function carriedCall(
  { call, carry, delegate }: Pick<PreexecuteRequest, "call" | "carry" | "delegate">,
  results: string,
  pipe: string,
): SimulatedCall {
  const { from, to, data } = call;
  const value = call.value ?? 0n;
  switch (carry) {
    case "appended":
      return { from, to, data: appendResults(data, results), value };
    case "executor": {
      const calls = [{ target: to, value, data }];
      return { from, to: pipe, data: pipeInterface.encodeFunctionData("execute", [results, calls]), value };
    }
    case "batch": {
      const preload = pipeInterface.encodeFunctionData("preload", [results]);
      const calls = [...(results === "0x" ? [] : [[pipe, 0n, preload]]), [to, value, data]];
      const batch = AbiCoder.defaultAbiCoder().encode(["tuple(address,uint256,bytes)[]"], [calls]);
      // An account that calls itself: the value moves out of it, not into it.
      const executed = accountInterface.encodeFunctionData("execute", [BATCH_MODE, batch]);
      const code =
        delegate === undefined ? {} : { code: { account: from, code: concat([DELEGATION, delegate]) } };
      return { from, to: from, data: executed, value: 0n, ...code };
    }
  }
}

/** Wei or gas as JSON-RPC writes it. */
export function toQuantity(value: bigint): string {
  return toBeHex(value).replace(/^0x0+(?=.)/, "0x");
}

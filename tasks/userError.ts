import { HardhatError } from "@nomicfoundation/hardhat-errors";
import { NetworkError } from "@opg-network/sdk/errors";
import { isError } from "ethers";
import { CommandError } from "./commandError.ts";

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** What to tell the user, or undefined for a defect, which deserves its stack. */
export function userErrorOf(cause: unknown, network: string): NetworkError | undefined {
  if (cause instanceof NetworkError) return cause;
  if (causes(cause).some(({ code }) => typeof code === "string" && UNREACHABLE.has(code))) {
    return new CommandError("rpc-unreachable", { network }, cause);
  }
  if (HardhatError.isHardhatError(cause))
    return new CommandError("hardhat-failed", { problem: cause.message }, cause);
  if (
    isError(cause, "INSUFFICIENT_FUNDS") ||
    isError(cause, "NETWORK_ERROR") ||
    isError(cause, "NONCE_EXPIRED")
  ) {
    return new CommandError("rpc-failed", { problem: cause.shortMessage }, cause);
  }
  if (cause instanceof Error && cause.name === "ProviderError") {
    return new CommandError("rpc-failed", { problem: cause.message }, cause);
  }
  return undefined;
}

function causes(error: unknown): { code?: unknown }[] {
  const chain: { code?: unknown; cause?: unknown }[] = [];
  for (let next = error; typeof next === "object" && next !== null && chain.length < 10; ) {
    chain.push(next);
    next = (next as { cause?: unknown }).cause;
  }
  return chain;
}

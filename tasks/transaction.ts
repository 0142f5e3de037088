import { formatOpg } from "@opg-network/sdk/opg";
import {
  type BaseContract,
  type ContractTransactionReceipt,
  type ContractTransactionResponse,
  type ErrorDescription,
  isError,
  isHexString,
  type LogDescription,
} from "ethers";
import { CommandError } from "./commandError.ts";
import { protocolErrors } from "./contracts.ts";

/** How long to watch for a transaction before giving its hash and leaving. */
const MINED_WITHIN_MS = 180_000;
/** Arguments of errors that are token wei. */
const AMOUNTS = new Set([
  "amount",
  "balance",
  "required",
  "stake",
  "fee",
  "royalty",
  "protocolFee",
  "stakeNeeded",
  "needed",
  "allowance",
  "value",
]);

/** Sends and waits. A refusal is a `CommandError` with the contract's own error. */
export async function send(
  transaction: () => Promise<ContractTransactionResponse>,
): Promise<ContractTransactionReceipt> {
  const sent = await explained(transaction);
  let receipt: ContractTransactionReceipt | null;
  try {
    receipt = await sent.wait(1, MINED_WITHIN_MS);
  } catch (cause) {
    if (isError(cause, "TIMEOUT")) throw new CommandError("transaction-pending", { hash: sent.hash }, cause);
    throw explain(cause);
  }
  if (receipt === null) throw new CommandError("transaction-pending", { hash: sent.hash });
  return receipt;
}

/** A call whose revert, if any, is told in the contract's words. */
export async function explained<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw explain(cause);
  }
}

/** The error that a contract raised, if `error` is one; undefined otherwise. */
export function revertOf(error: unknown): ErrorDescription | undefined {
  const data = revertData(error);
  return data === undefined || data === "0x" ? undefined : (protocolErrors.parseError(data) ?? undefined);
}

/** The first event of that name that `contract` emitted in the transaction. */
export function eventOf(
  receipt: ContractTransactionReceipt,
  contract: BaseContract,
  name: string,
): LogDescription {
  for (const log of receipt.logs) {
    if (log.address !== contract.target) continue;
    const event = contract.interface.parseLog(log);
    if (event?.name === name) return event;
  }
  throw new Error(`transaction ${receipt.hash} has no event ${name}`);
}

function explain(cause: unknown): unknown {
  const error = revertOf(cause);
  if (error !== undefined) {
    const args = error.fragment.inputs.map(({ name }, i) => `${name} ${printable(name, error.args[i])}`);
    return new CommandError("reverted", { error: error.name, args }, cause);
  }
  const data = revertData(cause);
  if (data !== undefined) {
    const [error, args] = data === "0x" ? ["", []] : [data.slice(0, 10), [data]];
    return data === "0x"
      ? new CommandError("reverted-silently", {}, cause)
      : new CommandError("reverted", { error: error as string, args: args as string[] }, cause);
  }
  return cause;
}

function printable(name: string, value: unknown): string {
  return typeof value === "bigint" && AMOUNTS.has(name) ? `${formatOpg(value)} OPG` : String(value);
}

/** Where providers put it: `data`, `data.data`, `info.error.data`, or any of these on a cause. */
function revertData(error: unknown): string | undefined {
  let next: unknown = error;
  for (let depth = 0; depth < 10 && typeof next === "object" && next !== null; ++depth) {
    const { data, info, cause, error: inner } = next as Record<string, unknown>;
    if (isHexString(data)) return data;
    if (typeof data === "object" && data !== null && isHexString((data as { data?: unknown }).data)) {
      return (data as { data: string }).data;
    }
    next = (info as { error?: unknown } | undefined)?.error ?? inner ?? cause;
  }
  return undefined;
}

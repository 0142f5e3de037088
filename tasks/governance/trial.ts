import { AbiCoder, concat, dataLength, keccak256, toBeHex, ZeroHash } from "ethers";
import { CommandError } from "../commandError.ts";
import { isoTime } from "../report.ts";
import type { Session } from "../session.ts";
import { explained } from "../transaction.ts";
import type { Governance } from "./governanceOf.ts";
import { batchOf, type Call } from "./proposal.ts";
import { windowOf } from "./scheduledCall.ts";

/** `TimelockController._timestamps` and `Governor._governanceCall` in the storage of OpenZeppelin 5. */
const TIMESTAMPS_SLOT = 1n;
const GOVERNANCE_CALLS_SLOT = 5n;
/** Of an operation that is ready since 1970; 1 would say that it is done. */
const READY = 2n;
/** What the AccessManager says where a call has to wait in it first. */
const UNSCHEDULED: ReadonlySet<unknown> = new Set(["AccessManagerNotScheduled", "AccessManagerExpired"]);

/** What is to be expected of calls when they are executed. `call` counts from 0. */
export type Trial =
  | { status: "works" }
  /** Scheduled in the AccessManager, and due when the proposal can be executed; what follows was not tried. */
  | { status: "due-later"; call: number; readyAt: number; expiresAt: number }
  | { status: "reverts"; call: number; problem: string }
  | { status: "untried"; problem: string };

/**
 * Has the timelock make the calls, one after the other as an execution does, in an `eth_call` that finds them ready. What
 * fails now can work later, and the other way round: other votes may come between.
 * @param executableFrom the earliest time of the execution
 */
export async function tryCalls(
  session: Session,
  governance: Governance,
  calls: readonly Call[],
  executableFrom: number,
): Promise<Trial> {
  for (const [i, call] of calls.entries()) {
    const window = await windowOf(session, governance, call);
    if (window !== undefined && window.expiresAt <= executableFrom) {
      const problem = `what is scheduled of it expires ${isoTime(window.expiresAt)}, before this can be executed`;
      return { status: "reverts", call: i, problem };
    }
    const error = await refusal(session, governance, calls.slice(0, i + 1));
    if (error === undefined) continue;
    if (error === "untried")
      return { status: "untried", problem: "the RPC endpoint cannot replace storage in a call" };
    if (error.data.error === "AccessManagerNotReady" && window !== undefined)
      return { status: "due-later", call: i, ...window };
    return { status: "reverts", call: i, problem: problemOf(error) };
  }
  return { status: "works" };
}

function problemOf(error: CommandError): string {
  return UNSCHEDULED.has(error.data.error)
    ? `${error.message}; it takes two proposals: one of the same calls with --schedule, then, once that is executed, this one`
    : error.message;
}

/** Undefined where all calls go through. */
async function refusal(
  { connection }: Session,
  { governor, timelock }: Governance,
  calls: readonly Call[],
): Promise<CommandError | "untried" | undefined> {
  const batch = [...batchOf(calls), ZeroHash, ZeroHash] as const;
  const types = ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"];
  const operation = keccak256(AbiCoder.defaultAbiCoder().encode(types, batch));
  const [from, to] = [await governor.getAddress(), await timelock.getAddress()];
  const storage = {
    [to]: { stateDiff: { [entryOf(operation, TIMESTAMPS_SLOT)]: word(READY) } },
    [from]: { stateDiff: governanceCalls(calls.filter(({ target }) => target === from)) },
  };
  const data = timelock.interface.encodeFunctionData("executeBatch", [...batch]);
  try {
    const params = [{ from, to, data }, "latest", storage];
    await explained(() => connection.provider.request({ method: "eth_call", params }));
    return undefined;
  } catch (cause) {
    if (cause instanceof CommandError && cause.code.startsWith("reverted"))
      return cause.data.error === "TimelockUnexpectedOperationState" ? "untried" : cause;
    // The endpoint answers, and not this.
    if (cause instanceof Error && cause.name === "ProviderError") return "untried";
    throw cause;
  }
}

/** The governor lets its timelock call it only while it executes, and only what it notes here before. */
function governanceCalls(calls: readonly Call[]): Record<string, string> {
  const entries = calls.map(
    ({ data }, i) => [entryOf(word(BigInt(i)), GOVERNANCE_CALLS_SLOT + 1n), keccak256(data)] as const,
  );
  // The queue's end above its beginning, which is 0.
  return {
    [word(GOVERNANCE_CALLS_SLOT)]: word(BigInt(calls.length) << 128n),
    ...Object.fromEntries(entries),
  };
}

/** The slot of a mapping's entry. */
function entryOf(key: string, slot: bigint): string {
  if (dataLength(key) !== 32) throw new Error("keys of mappings are words");
  return keccak256(concat([key, word(slot)]));
}

function word(value: bigint): string {
  return toBeHex(value, 32);
}

import { firstBlockOf } from "@opg-network/sdk/deployment";
import { allEvents } from "../eventLogs.ts";
import { isoTime } from "../report.ts";
import type { Session } from "../session.ts";
import type { Governance } from "./governanceOf.ts";
import type { Call } from "./proposal.ts";

/** When a call that the timelock has scheduled in the AccessManager can be made; seconds of the chain. */
export interface Window {
  readyAt: number;
  /** From then on it has to be scheduled anew. */
  expiresAt: number;
}

/** Undefined where the timelock has not scheduled it, or it is made, cancelled or expired. */
export async function windowOf(
  session: Session,
  { timelock }: Governance,
  { target, data }: Call,
): Promise<Window | undefined> {
  const { authority } = await session.readOnly();
  const operation = await authority.hashOperation(timelock, target, data);
  const [readyAt, expiration] = await Promise.all([authority.getSchedule(operation), authority.expiration()]);
  if (readyAt === 0n) return undefined;
  return { readyAt: Number(readyAt), expiresAt: Number(readyAt + expiration) };
}

/** When all of them can be made; undefined where none is scheduled. */
export async function commonWindow(
  session: Session,
  governance: Governance,
  calls: readonly Call[],
): Promise<Window | undefined> {
  let common: Window | undefined;
  for (const call of calls) {
    const window = await windowOf(session, governance, call);
    if (window === undefined) continue;
    common = {
      readyAt: Math.max(window.readyAt, common?.readyAt ?? 0),
      expiresAt: Math.min(window.expiresAt, common?.expiresAt ?? Number.POSITIVE_INFINITY),
    };
  }
  return common;
}

/** Every call that the timelock has scheduled in the AccessManager and that waits to be proposed and made. */
export async function waitingCalls(
  session: Session,
  governance: Governance,
): Promise<{ call: Call; window: Window }[]> {
  const { authority } = await session.readOnly();
  const from = firstBlockOf(await session.deployment());
  const [events, timelock] = await Promise.all([
    allEvents(authority, authority.filters.OperationScheduled(), from),
    governance.timelock.getAddress(),
  ]);
  // The same call can have been scheduled several times.
  const calls = new Map(
    events
      .filter(({ args }) => args.caller === timelock)
      .map(({ args }) => [args.operationId, { target: args.target, value: 0n, data: args.data }] as const),
  );
  const found: { call: Call; window: Window }[] = [];
  for (const call of calls.values()) {
    const window = await windowOf(session, governance, call);
    if (window !== undefined) found.push({ call, window });
  }
  return found;
}

export function windowValue({ readyAt, expiresAt }: Window) {
  return { readyAt: isoTime(readyAt), expiresAt: isoTime(expiresAt) };
}

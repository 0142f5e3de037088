export type CheckStatus = "ok" | "warn" | "fail";

/** One thing that was looked at. */
export interface Check {
  /** Stable; what is looked at several times has its name behind a colon. */
  id: string;
  status: CheckStatus;
  text: string;
  /** What to do about it; only where it is not ok. */
  fix?: string;
}

export function ok(id: string, text: string): Check {
  return { id, status: "ok", text };
}

export function warn(id: string, text: string, fix: string): Check {
  return { id, status: "warn", text, fix };
}

export function fail(id: string, text: string, fix: string): Check {
  return { id, status: "fail", text, fix };
}

/** The message of whatever was thrown, with its stable code. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? `${code}: ${error.message}` : error.message;
}

const MARKS = { ok: "ok  ", warn: "warn", fail: "FAIL" } as const;

/** For people; one line a check, and what to do below it. */
export function report(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ id }) => id.length));
  const lines = checks.flatMap(({ id, status, text, fix }) => [
    `${MARKS[status]}  ${id.padEnd(width)}  ${text}`,
    ...(fix === undefined ? [] : [`      ${" ".repeat(width)}  -> ${fix}`]),
  ]);
  const count = (status: CheckStatus): number => checks.filter((check) => check.status === status).length;
  return `${lines.join("\n")}\n\n${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} to fix\n`;
}

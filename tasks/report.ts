import type { NetworkError } from "@opg-network/sdk/errors";

/** What `--json` prints. Amounts are decimal strings of OPG, times are ISO 8601, ids and addresses hex. */
export type Value = { [key: string]: unknown };

/** The one result of a command, for people and for programs. */
export interface Report {
  lines: string[];
  value: Value;
  /** The command did its work, and what it found is bad news: the exit code says so. */
  failure?: NetworkError;
}

/** `label   value` lines, aligned; entries without a value are left out. */
export function fields(entries: readonly (readonly [label: string, value: string | undefined])[]): string[] {
  const present = entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  const width = Math.max(0, ...present.map(([label]) => label.length));
  return present.map(([label, value]) => `${label.padEnd(width)}  ${value}`);
}

/** A heading and rows in columns. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** A timestamp of the chain (seconds) as ISO 8601. */
export function isoTime(seconds: bigint | number): string {
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
}

export function print({ lines, value }: Report, json: boolean): void {
  process.stdout.write(json ? `${toJson(value)}\n` : `${lines.join("\n")}\n`);
}

export function printError({ code, message, data }: NetworkError, json: boolean): void {
  if (json) process.stdout.write(`${toJson({ error: { code, message, data } })}\n`);
  else process.stderr.write(`Error: ${message}\n`);
}

function toJson(value: Value): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item), 2);
}

import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { NetworkError } from "@opg-network/sdk/errors";
import { getAddress } from "ethers";
import { z } from "zod";

const bigint = z.object({ _kind: z.literal("bigint"), value: z.string() });
const result = z.looseObject({ type: z.string(), address: z.string().optional() });

/** What is read of Ignition's messages; all else of a line is kept as it is. */
const lineSchema = z.looseObject({
  type: z.string(),
  futureId: z.string().optional(),
  from: z.string().optional(),
  contractAddress: z.string().optional(),
  nonce: z.int().nonnegative().optional(),
  networkInteractionId: z.int().optional(),
  networkInteraction: z
    .looseObject({
      id: z.int(),
      type: z.string(),
      to: z.string().optional(),
      data: z.string(),
      value: bigint.optional(),
    })
    .optional(),
  transaction: z.looseObject({ hash: z.string() }).optional(),
  result: z.unknown().optional(),
});

export type JournalLine = z.output<typeof lineSchema>;

/** A transaction that the journal wants, and how far it came. */
export interface Interaction {
  futureId: string;
  id: number;
  from: string;
  to: string | undefined;
  data: string;
  /** Undefined until it was about to be sent. */
  nonce: number | undefined;
  /** Of every transaction sent for it, fee bumps included. */
  hashes: string[];
}

/** A line inside the journal is no message of Ignition's: not the work of a process that died while it wrote. */
export class JournalDamagedError extends NetworkError {
  constructor(file: string, line: number, cause: unknown) {
    super("journal-damaged", `line ${line} of ${file} cannot be read; restore the file from a backup`, {
      data: { file, line },
      cause,
    });
  }
}

const fileOf = (folder: string) => path.join(folder, "journal.jsonl");

/** Whether there is anything of a deployment in `folder`. */
export function hasJournal(folder: string): boolean {
  return existsSync(fileOf(folder));
}

/** Every whole message; what a process had half written when it died is left out. Throws `JournalDamagedError`. */
export async function readJournal(folder: string): Promise<JournalLine[]> {
  const file = fileOf(folder);
  if (!existsSync(file)) return [];
  const lines = (await readFile(file, "utf8")).split("\n");
  return lines.flatMap((line, index) => {
    if (line === "") return [];
    try {
      return [lineSchema.parse(JSON.parse(line))];
    } catch (cause) {
      if (index === lines.length - 1) return [];
      throw new JournalDamagedError(file, index + 1, cause);
    }
  });
}

/** Replaces the journal in one step. */
export async function writeJournal(folder: string, lines: readonly JournalLine[]): Promise<void> {
  // As Ignition does it: each line begins with its line break.
  await replaceFile(fileOf(folder), lines.map((line) => `\n${JSON.stringify(line)}`).join(""));
}

/** Writes beside the file and renames, so that whoever reads finds the old or the new, and never a part. */
export async function replaceFile(file: string, content: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, file);
}

/** Futures that ended well, by id, with the address where there is one. */
export function completed(lines: readonly JournalLine[]): Map<string, string | undefined> {
  const done = new Map<string, string | undefined>();
  for (const { type, futureId, contractAddress, result: outcome } of lines) {
    if (futureId === undefined) continue;
    if (type === "WIPE_APPLY") done.delete(futureId);
    if (type === "CONTRACT_AT_EXECUTION_STATE_INITIALIZE" && contractAddress !== undefined)
      done.set(futureId, getAddress(contractAddress));
    if (type === "ENCODE_FUNCTION_CALL_EXECUTION_STATE_INITIALIZE") done.set(futureId, undefined);
    if (type === "READ_EVENT_ARGUMENT_EXECUTION_STATE_INITIALIZE") done.set(futureId, undefined);
    const parsed = type.endsWith("_EXECUTION_STATE_COMPLETE") ? result.safeParse(outcome) : undefined;
    if (parsed?.data?.type !== "SUCCESS") continue;
    const { address } = parsed.data;
    done.set(futureId, address === undefined ? undefined : getAddress(address));
  }
  return done;
}

/** Futures that ended badly, and have not been wiped since. */
export function failed(lines: readonly JournalLine[]): Set<string> {
  const ended = new Set<string>();
  for (const { type, futureId, result: outcome } of lines) {
    if (futureId === undefined) continue;
    if (type === "WIPE_APPLY") ended.delete(futureId);
    const parsed = type.endsWith("_EXECUTION_STATE_COMPLETE") ? result.safeParse(outcome) : undefined;
    if (parsed?.success && parsed.data.type !== "SUCCESS") ended.add(futureId);
  }
  return ended;
}

/** Transactions that were wanted and are not confirmed. */
export function unconfirmed(lines: readonly JournalLine[]): Interaction[] {
  const senders = new Map<string, string>();
  const open = new Map<string, Interaction>();
  for (const line of lines) {
    const { type, futureId } = line;
    if (futureId === undefined) continue;
    if (line.from !== undefined && type.endsWith("_EXECUTION_STATE_INITIALIZE"))
      senders.set(futureId, line.from);
    if (type === "WIPE_APPLY") {
      for (const key of open.keys()) if (key.startsWith(`${futureId}/`)) open.delete(key);
    }
    if (type === "NETWORK_INTERACTION_REQUEST" && line.networkInteraction?.type === "ONCHAIN_INTERACTION") {
      const { id, to, data } = line.networkInteraction;
      const from = senders.get(futureId) ?? "";
      open.set(`${futureId}/${id}`, { futureId, id, from, to, data, nonce: undefined, hashes: [] });
    }
    const key = `${futureId}/${line.networkInteractionId}`;
    const interaction = open.get(key);
    if (interaction === undefined) continue;
    if (type === "TRANSACTION_CONFIRM") open.delete(key);
    if (type === "TRANSACTION_PREPARE_SEND" || type === "TRANSACTION_SEND") interaction.nonce = line.nonce;
    if (type === "TRANSACTION_SEND" && line.transaction !== undefined)
      interaction.hashes.push(line.transaction.hash);
    if (type === "ONCHAIN_INTERACTION_REPLACED_BY_USER") {
      interaction.nonce = undefined;
      interaction.hashes = [];
    }
  }
  return [...open.values()];
}

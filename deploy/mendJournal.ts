import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { NetworkError } from "@opg-network/sdk/errors";
import type { NetworkConnection } from "hardhat/types/network";
import {
  completed,
  failed,
  hasJournal,
  type Interaction,
  type JournalLine,
  readJournal,
  replaceFile,
  unconfirmed,
  writeJournal,
} from "./journal.ts";
import {
  blockNumber,
  isKnown,
  minedTransaction,
  type SentTransaction,
  transactionCount,
} from "./sentTransaction.ts";

const POLL_MS = 250;
/** How long what is in the mempool may take before the command gives up for now. */
const MINED_WITHIN_MS = 180_000;
/** Blocks in which a transaction that may be on its way has to show. */
const ARRIVES_WITHIN_BLOCKS = 2;
const ARRIVES_WITHIN_MS = 30_000;

/** A transaction of an earlier run is in the mempool and is not mined. */
export class TransactionStuckError extends NetworkError {
  constructor(sender: string, nonce: number) {
    super(
      "transaction-stuck",
      `a transaction of ${sender} with nonce ${nonce} waits in the mempool; run the command again once it is mined`,
      { retryable: true, data: { sender, nonce } },
    );
  }
}

/** The endpoint counts a transaction of the deployer, and does not show it: to send it again could be to send it twice. */
export class TransactionUnseenError extends NetworkError {
  constructor(sender: string, nonce: number) {
    super(
      "transaction-unseen",
      `the endpoint counts a transaction of ${sender} with nonce ${nonce}, and does not show it; run the command again, or ` +
        "with an endpoint that keeps all blocks and the state at each",
      { retryable: true, data: { sender, nonce } },
    );
  }
}

export interface MendOptions {
  /** The block at which the deployment began. */
  from: number;
  /** Confirmations that Ignition asks for; one where blocks come on demand. */
  confirmations: number;
  say: (line: string) => void;
}

/**
 * Makes the journal of a run that died tell what the chain knows, so that Ignition can go on: drops a line that was half
 * written, finds transactions that were sent without being noted, forgets those that were noted and never sent, tries
 * again what failed, and writes the list of addresses anew.
 */
export async function mendJournal(
  connection: NetworkConnection<string>,
  folder: string,
  { from, confirmations, say }: MendOptions,
): Promise<void> {
  if (!hasJournal(folder)) return;
  let lines = await readJournal(folder);
  // Ignition asks for a state that timed out to be wiped, and would send it again beside the one that is still pending.
  lines = lines.filter(({ type }) => type !== "ONCHAIN_INTERACTION_TIMEOUT");
  for (const futureId of failed(lines)) {
    say(`${futureId} failed in an earlier run and is tried again`);
    lines.push({ type: "WIPE_APPLY", futureId });
  }
  await writeJournal(folder, lines);
  const open = unconfirmed(lines)
    .filter(({ nonce }) => nonce !== undefined)
    .sort((a, b) => Number(a.nonce) - Number(b.nonce));
  for (const interaction of open) {
    const mended = await mend(connection, interaction, { from, confirmations, say });
    if (mended !== undefined) {
      lines = mended(lines);
      await writeJournal(folder, lines);
    }
  }
  const addresses = [...completed(lines)].filter(([, address]) => address !== undefined);
  await replaceFile(
    path.join(folder, "deployed_addresses.json"),
    JSON.stringify(Object.fromEntries(addresses), null, 2),
  );
}

/** What has to change in the journal about one transaction; undefined where Ignition knows what to do. */
async function mend(
  connection: NetworkConnection<string>,
  interaction: Interaction,
  { from, confirmations, say }: MendOptions,
): Promise<((lines: readonly JournalLine[]) => JournalLine[]) | undefined> {
  const { futureId, from: sender, hashes } = interaction;
  const nonce = Number(interaction.nonce);
  for (const hash of hashes) if (await isKnown(connection, hash)) return undefined;
  const arrived = await arrives(connection, sender, nonce, confirmations > 1);
  if (arrived) {
    const mined = await shown(connection, sender, nonce, { from, isPatient: confirmations > 1 });
    if (isFor(mined, interaction)) {
      say(`${futureId} was sent as ${mined.hash} when the earlier run ended`);
      return (lines) => [...lines, sendMessage(interaction, mined)];
    }
  }
  if (hashes.length !== 0) return undefined;
  return (lines) => lines.filter((line) => !isPreparationOf(line, interaction));
}

/** The mined transaction of this nonce. An endpoint of several machines may take a while to show what it counts. */
async function shown(
  connection: NetworkConnection<string>,
  sender: string,
  nonce: number,
  { from, isPatient }: { from: number; isPatient: boolean },
): Promise<SentTransaction> {
  const begunAt = Date.now();
  for (;;) {
    const mined = await minedTransaction(connection, sender, nonce, from);
    if (mined !== undefined) return mined;
    if (!isPatient || Date.now() - begunAt > ARRIVES_WITHIN_MS)
      throw new TransactionUnseenError(sender, nonce);
    await sleep(POLL_MS);
  }
}

/** Whether a transaction of this nonce is mined; waits for what is pending, and for what may be on its way. */
async function arrives(
  connection: NetworkConnection<string>,
  sender: string,
  nonce: number,
  mayBeOnItsWay: boolean,
): Promise<boolean> {
  const begun = { at: Date.now(), block: await blockNumber(connection) };
  for (;;) {
    if ((await transactionCount(connection, sender, "latest")) > nonce) return true;
    const elapsedMs = Date.now() - begun.at;
    if ((await transactionCount(connection, sender, "pending")) > nonce) {
      if (elapsedMs > MINED_WITHIN_MS) throw new TransactionStuckError(sender, nonce);
    } else if (
      !mayBeOnItsWay ||
      elapsedMs > ARRIVES_WITHIN_MS ||
      (await blockNumber(connection)) >= begun.block + ARRIVES_WITHIN_BLOCKS
    ) {
      return false;
    }
    await sleep(POLL_MS);
  }
}

/**
 * Waits until what the account has sent has the confirmations that Ignition asks for before it begins. Where the journal
 * waits for a transaction of its own, Ignition follows it, and raises its fee.
 */
export async function waitForConfirmations(
  connection: NetworkConnection<string>,
  folder: string,
  account: string,
  confirmations: number,
): Promise<void> {
  const begunAt = Date.now();
  for (;;) {
    const open = unconfirmed(await readJournal(folder));
    if (open.some(({ hashes }) => hashes.length > 0)) return;
    const settled = (await blockNumber(connection)) - confirmations + 1;
    const pending = await transactionCount(connection, account, "pending");
    if (pending === 0 || (settled >= 0 && (await transactionCount(connection, account, settled)) === pending))
      return;
    if (Date.now() - begunAt > MINED_WITHIN_MS) throw new TransactionStuckError(account, pending - 1);
    await sleep(POLL_MS);
  }
}

function isFor(transaction: SentTransaction, { to, data }: Interaction): boolean {
  return (
    (transaction.to ?? undefined)?.toLowerCase() === to?.toLowerCase() &&
    transaction.input.toLowerCase() === data.toLowerCase()
  );
}

function isPreparationOf(line: JournalLine, { futureId, id }: Interaction): boolean {
  return (
    line.type === "TRANSACTION_PREPARE_SEND" && line.futureId === futureId && line.networkInteractionId === id
  );
}

function sendMessage({ futureId, id }: Interaction, transaction: SentTransaction): JournalLine {
  const { hash, nonce, maxFeePerGas, maxPriorityFeePerGas, gasPrice } = transaction;
  const number = (value: bigint) => ({ _kind: "bigint", value: value.toString() });
  const fees =
    maxFeePerGas !== undefined && maxPriorityFeePerGas !== undefined
      ? { maxFeePerGas: number(maxFeePerGas), maxPriorityFeePerGas: number(maxPriorityFeePerGas) }
      : { gasPrice: number(gasPrice ?? 0n) };
  return {
    futureId,
    networkInteractionId: id,
    nonce,
    transaction: { fees, hash },
    type: "TRANSACTION_SEND",
  };
}

import { readFile } from "node:fs/promises";
import path from "node:path";
import { getAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { z } from "zod";

const confirmation = z.object({
  type: z.literal("TRANSACTION_CONFIRM"),
  receipt: z.object({ contractAddress: z.string(), blockNumber: z.number() }),
});

/**
 * The block in which each contract came to be, by address: from Ignition's journal, else (a chain in memory, which keeps
 * all its past) by bisection. An address that was there before the deployment and is in no journal is left out.
 */
export async function deploymentBlocks(
  connection: NetworkConnection<string>,
  addresses: Readonly<Record<string, string>>,
  journal: string | undefined,
): Promise<Map<string, number>> {
  if (journal !== undefined) return await blocksInJournal(journal);
  const latest = Number(await connection.provider.request({ method: "eth_blockNumber" }));
  const found = new Map<string, number>();
  for (const address of Object.values(addresses))
    found.set(address, await firstBlockWithCode(connection, address, latest));
  return found;
}

async function blocksInJournal(journal: string): Promise<Map<string, number>> {
  const lines = (await readFile(path.join(journal, "journal.jsonl"), "utf8"))
    .split("\n")
    .filter((line) => line !== "");
  return new Map(
    lines.flatMap((line) => {
      const parsed = confirmation.safeParse(JSON.parse(line));
      if (!parsed.success) return [];
      const { contractAddress, blockNumber } = parsed.data.receipt;
      return [[getAddress(contractAddress), blockNumber] as const];
    }),
  );
}

async function firstBlockWithCode(
  connection: NetworkConnection<string>,
  address: string,
  latest: number,
): Promise<number> {
  let [low, high] = [0, latest];
  while (low < high) {
    const middle = (low + high) >> 1;
    const params = [address, `0x${middle.toString(16)}`];
    if ((await connection.provider.request({ method: "eth_getCode", params })) === "0x") low = middle + 1;
    else high = middle;
  }
  return low;
}

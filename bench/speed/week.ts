import { statSync } from "node:fs";
import { join } from "node:path";
import { openMany, outputsSince, setLoadStage, usageOfProcess } from "../../test/e2e/fixture/load.ts";
import type { LocalChain } from "../../test/e2e/fixture/localChain.ts";
import type { NodeProcess } from "../../test/e2e/fixture/nodeProcess.ts";
import type { Figures } from "../figures.ts";
import { quantile } from "../quantile.ts";

const HOURS = 7 * 24;
const HOUR_SEC = 3_600;
const BLOCK_SEC = 2;
const BLOCKS_AN_HOUR = HOUR_SEC / BLOCK_SEC;
const BLOCKS_A_QUESTION = 300;
const REQUESTS_AN_HOUR = 12;
/** A runtime takes what it needs in the first hours; growth is counted from here on. */
const SETTLED_AFTER = 24;
/** Medians over so many hours. */
const WINDOW = 24;
const GIVE_UP_MS = 30_000;
const KIB = 1_024;

/**
 * How much the memory of a node's own process grows over a week of blocks of two seconds, with requests in every hour, from
 * the median of the second day to that of the last; and what a request leaves in its database before anything is forgotten.
 */
export async function measure(): Promise<Figures> {
  const { chain, protocol, rows, node, stop } = await setLoadStage();
  try {
    const mib: number[] = [];
    const database: number[] = [];
    for (let hour = 0; hour < HOURS; hour++) {
      const block = await chain.provider.getBlockNumber();
      await chain.stopMining();
      const opened = await openMany(chain, protocol, rows.release, REQUESTS_AN_HOUR, hour * REQUESTS_AN_HOUR);
      await chain.resumeMining();
      await node.until(
        async () => (await outputsSince(protocol, block)).size === opened.size,
        "the requests of an hour are answered",
        GIVE_UP_MS,
      );
      await passHour(chain, node);
      // A runtime takes what it may before it looks for garbage, and here a week passes in minutes.
      await node.collectGarbage();
      mib.push(usageOfProcess(node.pid).mib);
      database.push(databaseBytes(node));
    }
    const first = quantile(mib.slice(SETTLED_AFTER, SETTLED_AFTER + WINDOW), 0.5);
    const last = quantile(mib.slice(-WINDOW), 0.5);
    const written = (database.at(-1) ?? 0) - (database[SETTLED_AFTER] ?? 0);
    const requests = (HOURS - 1 - SETTLED_AFTER) * REQUESTS_AN_HOUR;
    return {
      "mib.node.week": round(last - first),
      "mib.node.week.last-day": round(last),
      "kib.node.week.a-request": round(written / KIB / requests),
    };
  } finally {
    await stop();
  }
}

/** Mined as fast as the chain can; the node has seen all of them before the next hour begins. */
async function passHour(chain: LocalChain, node: NodeProcess): Promise<void> {
  const from = await chain.timestamp();
  const questions = Array.from({ length: BLOCKS_AN_HOUR }, (_, block) => [
    {
      jsonrpc: "2.0",
      id: 2 * block,
      method: "evm_setNextBlockTimestamp",
      params: [from + (block + 1) * BLOCK_SEC],
    },
    { jsonrpc: "2.0", id: 2 * block + 1, method: "evm_mine", params: [] },
  ]);
  for (let done = 0; done < BLOCKS_AN_HOUR; done += BLOCKS_A_QUESTION) {
    const body = JSON.stringify(questions.slice(done, done + BLOCKS_A_QUESTION).flat());
    const headers = { "content-type": "application/json" };
    const answers = (await (await fetch(chain.url, { method: "POST", headers, body })).json()) as {
      error?: { message: string };
    }[];
    const failed = answers.find(({ error }) => error !== undefined);
    if (failed !== undefined) throw new Error(`a block was not mined: ${failed.error?.message}`);
  }
  const head = await chain.provider.getBlockNumber();
  await node.until(
    async () => (await node.status()).chain.cursor >= head,
    "the node has seen the hour's blocks",
    GIVE_UP_MS,
  );
}

function databaseBytes({ dataDir }: NodeProcess): number {
  return statSync(join(dataDir, "data", "node.sqlite")).size;
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

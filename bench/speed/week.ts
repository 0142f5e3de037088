import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openMany, outputsSince, publishRows, usageOfProcess } from "../../test/e2e/fixture/load.ts";
import { type LocalChain, startLocalChain } from "../../test/e2e/fixture/localChain.ts";
import { NodeProcess } from "../../test/e2e/fixture/nodeProcess.ts";
import { deployProtocol } from "../../test/e2e/fixture/protocol.ts";
import type { Figures } from "../figures.ts";
import { quantile } from "../quantile.ts";

const HOURS = 7 * 24;
const HOUR_SEC = 3_600;
/** Of two seconds each a week would have 302,400; the chain makes a few hundred a second. */
const BLOCKS_AN_HOUR = 40;
const REQUESTS_AN_HOUR = 4;
/** A runtime takes what it needs in the first hours; growth is counted from here on. */
const SETTLED_AFTER = 24;
/** Medians over so many hours: garbage is collected when the runtime likes. */
const WINDOW = 24;
const GIVE_UP_MS = 30_000;
const KIB = 1_024;

/**
 * How much the memory of a node's own process grows over a week of the chain's time with requests in every hour, from the
 * median of the second day to that of the last; and what a request leaves in its database before anything is forgotten.
 */
export async function measure(): Promise<Figures> {
  const chain = await startLocalChain();
  const protocol = await deployProtocol(chain);
  const rows = await publishRows(protocol);
  await protocol.register(chain.account(1), { stake: "20000", slots: 100 });
  const node = new NodeProcess(chain, protocol, chain.account(1), [rows.release], { logLevel: "info" });
  try {
    await node.start({ isReady: true });
    const mib: number[] = [];
    const database: number[] = [];
    for (let hour = 0; hour < HOURS; hour++) {
      const block = await chain.provider.getBlockNumber();
      await chain.stopMining();
      const opened = await openMany(chain, protocol, rows.release, REQUESTS_AN_HOUR, hour * REQUESTS_AN_HOUR);
      await chain.resumeMining();
      await answered(async () => (await outputsSince(protocol, block)).size === opened.size);
      await passHour(chain);
      const [pid] = node.pids;
      if (pid === undefined) throw new Error("the node ended");
      mib.push(usageOfProcess(pid).mib);
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
    await node.dispose();
    await chain.stop();
  }
}

async function passHour(chain: LocalChain): Promise<void> {
  let timestamp = await chain.timestamp();
  for (let block = 0; block < BLOCKS_AN_HOUR; block++) {
    timestamp += HOUR_SEC / BLOCKS_AN_HOUR;
    await chain.nextBlockAt(timestamp);
    await chain.provider.send("evm_mine", []);
  }
}

async function answered(isAnswered: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + GIVE_UP_MS;
  while (!(await isAnswered())) {
    if (Date.now() > giveUpAt) throw new Error("the requests of an hour were not answered");
    await sleep(20);
  }
}

function databaseBytes({ dataDir }: NodeProcess): number {
  return statSync(join(dataDir, "data", "node.sqlite")).size;
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

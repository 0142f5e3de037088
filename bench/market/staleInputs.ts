import type { Figures } from "../figures.ts";
import type { MeasureOptions } from "../measures.ts";
import { readMarket } from "./replay/hourlyMarket.ts";
import { type Flow, type Market, marketOf, POOL_VALUE, TRADE_COST } from "./replay/replay.ts";
import { TradedPool } from "./replay/tradedPool.ts";

const PERIOD = { from: "2024-07-01", until: "2024-11-01" };
const BLOCK_SEC = 2;
const FEE = 0.003;
const SEED = 101;
/** Blocks between the state that a transaction was simulated on, and the one that it is included in. */
const DELAYS = { "2s": 1, "10s": 5, "30s": 15 };
const QUIET: Flow = { dailyDemand: 0.2, patience: 0.002, followsVolume: true };
/** A pool in which as much is traded in a day as it holds five times over. */
const BUSY: Flow = { dailyDemand: 10, patience: 0.005, followsVolume: true };

/** See `Measure`. */
export const needsData = true;

/** A swap of the replay: its block, and how often the price had moved until just before it. */
interface Swap {
  block: number;
  moves: number;
}

/**
 * How many of a hundred swaps find another input at inclusion than in their simulation, by what the input is made of:
 * the price as it stands, or candles that close every minute or hour. Such a swap's inference is missing, and so it
 * reverts, or pays the fallback.
 */
export async function measure({ data = "" }: MeasureOptions): Promise<Figures> {
  const hours = readMarket(data, "ETHUSDT", PERIOD.from, PERIOD.until);
  const figures: Figures = {};
  for (const [name, flow] of Object.entries({ quiet: QUIET, busy: BUSY })) {
    const { swaps, movesUntil } = swapsOf(marketOf(hours, flow, BLOCK_SEC, SEED));
    for (const [delay, blocks] of Object.entries(DELAYS)) {
      const at = swaps.filter(({ block }) => block >= blocks);
      const share = (differs: (swap: Swap) => boolean) =>
        Number(((100 * at.filter(differs).length) / at.length).toFixed(3));
      const turns = (seconds: number) => (swap: Swap) =>
        periodOf(swap.block, seconds) !== periodOf(swap.block - blocks, seconds);
      figures[`percent.stale.${name}.price.${delay}`] = share(
        ({ block, moves }) => moves !== movesUntil[block - blocks],
      );
      figures[`percent.stale.${name}.minute.${delay}`] = share(turns(60));
      figures[`percent.stale.${name}.hour.${delay}`] = share(turns(3_600));
    }
  }
  return figures;
}

function periodOf(block: number, seconds: number): number {
  return Math.floor((block * BLOCK_SEC) / seconds);
}

function swapsOf({ path, arrivals }: Market): { swaps: Swap[]; movesUntil: Int32Array } {
  const pool = new TradedPool(path[0] as number, POOL_VALUE);
  const movesUntil = new Int32Array(path.length);
  const swaps: Swap[] = [];
  let [moves, next] = [0, 0];
  for (let block = 0; block < path.length; block++) {
    const price = path[block] as number;
    if (pool.arbitrage(price, FEE, TRADE_COST)) moves++;
    for (let arrival = arrivals[next]; arrival?.block === block; arrival = arrivals[++next]) {
      const before = moves;
      if (!pool.trade(arrival.isBuy, arrival.value, arrival.limit, price, FEE, TRADE_COST)) continue;
      swaps.push({ block, moves: before });
      moves++;
    }
    movesUntil[block] = moves;
  }
  return { swaps, movesUntil };
}

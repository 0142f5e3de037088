import type { MarketHour } from "./hourlyMarket.ts";
import { PoolCandles } from "./poolCandles.ts";
import { pricePath } from "./pricePath.ts";
import { exponential, seededRandom } from "./seededRandom.ts";
import { TradedPool } from "./tradedPool.ts";

/** Who trades beside the arbitrageurs. */
export interface Flow {
  /** What uninformed traders would trade in a day if it cost nothing, in parts of the pool's value. */
  dailyDemand: number;
  /** Mean of what a trade may cost them, as a share of it; exponentially distributed. */
  patience: number;
  /** True: demand goes with the market's volume, hour by hour. False: the same in every hour. */
  followsVolume: boolean;
}

export interface Market {
  hours: readonly MarketHour[];
  path: Float64Array;
  arrivals: readonly Arrival[];
  blocksPerHour: number;
}

interface Arrival {
  block: number;
  isBuy: boolean;
  value: number;
  limit: number;
}

/** A fee of `base + slope * forecast`; slope 0 is a static one and asks no model. */
export interface FeeRule {
  base: number;
  slope: number;
}

/** Parts of the pool's value, summed over the days of the replay. */
export interface LpIncome {
  net: number;
  fees: number;
  /** Loss against rebalancing: what the pool would have gained without fees, with the sign turned. */
  loss: number;
  daily: number[];
  meanFee: number;
}

/** Forecasts the next hour's volatility from 24 candles, relative to the last close. */
export type Forecast = (input: Float32Array) => Promise<number>;

/** Quote tokens: the pool's size, and what a trade costs its sender beside the fee; with an inference, twice that. */
export const POOL_VALUE = 2_000_000;
export const TRADE_COST = 0.05;
const TRADE_VALUE = 2_000;
const HOUR_SEC = 3_600;
const MAX_VOLATILITY = 0.05;

/** One market for all rules: the same path and the same arrivals. */
export function marketOf(hours: readonly MarketHour[], flow: Flow, blockSec: number, seed: number): Market {
  const blocksPerHour = HOUR_SEC / blockSec;
  const path = pricePath(hours, blocksPerHour, seed);
  return { hours, path, blocksPerHour, arrivals: arrivalsOf(hours, flow, blocksPerHour, seed) };
}

/** Runs a pool through a market, from its first block to its last. The first 24 hours pay the highest fee, as in the contract. */
export async function replay(market: Market, rule: FeeRule, forecast: Forecast): Promise<LpIncome> {
  const { path, blocksPerHour, arrivals, hours } = market;
  const blockSec = HOUR_SEC / blocksPerHour;
  const start = (hours[0] as MarketHour).hour * HOUR_SEC;
  const pool = new TradedPool(path[0] as number, POOL_VALUE);
  const candles = new PoolCandles(pool.price, start);
  const isDynamic = rule.slope !== 0;
  const cost = isDynamic ? 2 * TRADE_COST : TRADE_COST;
  const daily: number[] = [];
  let [fee, next, feeSum, netBefore] = [rule.base, 0, 0, 0];

  for (let hour = 0; hour < hours.length; hour++) {
    if (isDynamic) {
      candles.record(pool.price, start + hour * HOUR_SEC);
      const input = candles.input();
      fee = rule.base + rule.slope * (input === undefined ? MAX_VOLATILITY : await forecast(input));
    }
    feeSum += fee;
    for (let block = hour * blocksPerHour; block < (hour + 1) * blocksPerHour; block++) {
      const price = path[block] as number;
      const before = pool.price;
      let moved = pool.arbitrage(price, fee, cost);
      for (let arrival = arrivals[next]; arrival?.block === block; arrival = arrivals[++next]) {
        if (pool.trade(arrival.isBuy, arrival.value, arrival.limit, price, fee, cost)) moved = true;
      }
      if (moved && isDynamic) candles.record(before, start + block * blockSec);
    }
    if ((hour + 1) % 24 === 0) {
      daily.push(pool.net - netBefore);
      netBefore = pool.net;
    }
  }
  return {
    net: pool.net,
    fees: pool.fees,
    loss: pool.fees - pool.net,
    daily,
    meanFee: feeSum / hours.length,
  };
}

function arrivalsOf(
  hours: readonly MarketHour[],
  flow: Flow,
  blocksPerHour: number,
  seed: number,
): Arrival[] {
  const random = seededRandom(seed ^ 0x5eed);
  const meanVolume = hours.reduce((sum, { volume }) => sum + volume, 0) / hours.length;
  const hourlyTrades = (flow.dailyDemand * POOL_VALUE) / 24 / TRADE_VALUE;
  const arrivals: Arrival[] = [];
  hours.forEach(({ volume }, hour) => {
    const rate = flow.followsVolume ? (hourlyTrades * volume) / meanVolume : hourlyTrades;
    for (let at = exponential(random) / rate; at < 1; at += exponential(random) / rate) {
      arrivals.push({
        block: Math.floor((hour + at) * blocksPerHour),
        isBuy: random() < 0.5,
        value: TRADE_VALUE * exponential(random),
        limit: flow.patience * exponential(random),
      });
    }
  });
  return arrivals;
}

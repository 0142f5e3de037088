import type { MarketHour } from "./hourlyMarket.ts";
import { normal, seededRandom } from "./seededRandom.ts";

/**
 * One price a block that fits the hourly candles: through open, both extremes and close of each hour, with Brownian
 * bridges between them.
 *
 * The bridges carry the variance that Garman and Klass (1980) estimate from the candle, since what a pool loses to
 * arbitrage goes with the variance of the path and not with its ends. The low comes first in an hour that rose, the
 * high in one that fell; when, is drawn.
 */
export function pricePath(hours: readonly MarketHour[], blocksPerHour: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const path = new Float64Array(hours.length * blocksPerHour);
  hours.forEach((hour, i) => {
    fillHour(path.subarray(i * blocksPerHour, (i + 1) * blocksPerHour), hour, random);
  });
  return path;
}

/** Garman and Klass's estimate of the variance of an hour's log return. */
export function hourVariance({ open, high, low, close }: MarketHour): number {
  const estimate = 0.5 * Math.log(high / low) ** 2 - (2 * Math.LN2 - 1) * Math.log(close / open) ** 2;
  return Math.max(estimate, 0);
}

function fillHour(out: Float64Array, candle: MarketHour, random: () => number): void {
  const blocks = out.length;
  const [a, b] = [random(), random()].sort((x, y) => x - y) as [number, number];
  const first = Math.min(blocks - 3, 1 + Math.floor(a * (blocks - 3)));
  const second = Math.min(blocks - 2, Math.max(first + 1, Math.floor(b * (blocks - 2))));
  const rose = candle.close >= candle.open;
  const corners: [number, number][] = [
    [0, candle.open],
    [first, rose ? candle.low : candle.high],
    [second, rose ? candle.high : candle.low],
    [blocks - 1, candle.close],
  ];
  const deviation = Math.sqrt(hourVariance(candle) / blocks);
  const floor = Math.log(candle.low);
  const ceiling = Math.log(candle.high);
  out[0] = candle.open;
  for (let i = 1; i < corners.length; i++) {
    const [from] = corners[i - 1] as [number, number];
    const [to, price] = corners[i] as [number, number];
    const end = Math.log(price);
    let log = Math.log(out[from] as number);
    for (let at = from + 1; at < to; at++) {
      const left = to - at + 1;
      log += (end - log) / left + deviation * Math.sqrt((left - 1) / left) * normal(random);
      log = reflect(log, floor, ceiling);
      out[at] = Math.exp(log);
    }
    out[to] = price;
  }
}

function reflect(value: number, floor: number, ceiling: number): number {
  const inside = value < floor ? 2 * floor - value : value > ceiling ? 2 * ceiling - value : value;
  return Math.min(ceiling, Math.max(floor, inside));
}

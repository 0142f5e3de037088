import type { Figures } from "../figures.ts";
import type { MeasureOptions } from "../measures.ts";
import { type MarketHour, readMarket } from "./replay/hourlyMarket.ts";
import { volatilityForecast } from "./replay/volatilityForecast.ts";

const PERIOD = { from: "2024-07-01", until: "2024-11-01" };
const HOURS = 24;
const DOUBLING_TIME_SEC = 600;
/** Seconds for which the price is held away at the end of an hour: one block, and six. */
const HELD_SEC = [2, 12];

/** See `Measure`. */
export const needsData = true;

type Candle = [open: number, high: number, low: number, close: number];

/**
 * By how many percent the forecast changes when somebody pushes the pool's price at the end of an hour, up or down, as
 * far as the record follows (`HourlyCandles.sol`), over all hours of the held-out months: the hours that change most,
 * and the one in the middle.
 */
export async function measure({ data = "" }: MeasureOptions): Promise<Figures> {
  const hours = readMarket(data, "ETHUSDT", PERIOD.from, PERIOD.until).map(candleOf);
  const forecast = await volatilityForecast();
  const figures: Figures = {};
  for (const held of HELD_SEC) {
    const factor = 1 + held / DOUBLING_TIME_SEC;
    const changes: number[] = [];
    for (let end = HOURS; end < hours.length; end++) {
      const day = hours.slice(end - HOURS, end);
      const before = await forecast(inputOf(day));
      for (const push of [factor, 1 / factor]) {
        changes.push((100 * (await forecast(inputOf(pushed(day, push))))) / before - 100);
      }
    }
    changes.sort((a, b) => a - b);
    const at = (share: number) => Number((changes[Math.round(share * (changes.length - 1))] ?? 0).toFixed(1));
    figures[`percent.push.${held}s.lowest`] = at(0);
    figures[`percent.push.${held}s.median`] = at(0.5);
    figures[`percent.push.${held}s.highest`] = at(1);
  }
  return figures;
}

function candleOf({ open, high, low, close }: MarketHour): Candle {
  return [open, high, low, close];
}

function pushed(day: readonly Candle[], factor: number): Candle[] {
  const [open, high, low, close] = day[HOURS - 1] as Candle;
  const seen = close * factor;
  return [...day.slice(0, -1), [open, Math.max(high, seen), Math.min(low, seen), seen]];
}

function inputOf(day: readonly Candle[]): Float32Array {
  const last = (day[HOURS - 1] as Candle)[3];
  return Float32Array.from(day.flat(), (price) => price / last - 1);
}

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One hour of a market: prices in quote tokens per base token. */
export interface MarketHour {
  /** Hours since 1970. */
  hour: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

const HOUR_MS = 3_600_000;
const HEADER = "timestamp_ms,open,high,low,close,volume";

/** The hours of `<folder>/<symbol>-1h.csv` from `from` until before `until` (UTC days); throws where one is missing. */
export function readMarket(folder: string, symbol: string, from: string, until: string): MarketHour[] {
  const file = join(folder, `${symbol}-1h.csv`);
  const [header, ...lines] = readFileSync(file, "utf8").trim().split(/\r?\n/);
  if (header !== HEADER) throw new Error(`${file} must begin with the line ${HEADER}`);
  const first = Date.parse(`${from}T00:00:00Z`) / HOUR_MS;
  const end = Date.parse(`${until}T00:00:00Z`) / HOUR_MS;
  const hours = lines.map((line) => parseHour(line, file)).filter(({ hour }) => hour >= first && hour < end);
  hours.forEach(({ hour }, i) => {
    if (hour !== first + i) throw new Error(`${file} has no row for hour ${first + i}`);
  });
  if (hours.length !== end - first) throw new Error(`${file} ends before ${until}`);
  return hours;
}

function parseHour(line: string, file: string): MarketHour {
  const [timestamp, open, high, low, close, volume] = line.split(",").map(Number);
  const row = { hour: (timestamp ?? NaN) / HOUR_MS, open, high, low, close, volume };
  if (!Object.values(row).every((value) => value !== undefined && Number.isFinite(value) && value >= 0)) {
    throw new Error(`${file} has a row that is no candle: ${line}`);
  }
  return row as MarketHour;
}

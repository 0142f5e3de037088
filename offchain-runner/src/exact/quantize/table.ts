import type { Conversion } from "./conversion.ts";
import { at, filled } from "./grid.ts";
import type { Mapped } from "./quantizedValue.ts";
import { rescale } from "./rescale.ts";

export interface Table {
  /** int64 tensor of rows. */
  readonly index: string;
  /** The function at each row. */
  readonly values: readonly number[];
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

const ROWS = 1024;
/** Ends of the range over which a function moves less than this share of its height are cut off. */
const FLAT = 1 / 4096;

/** The rows that stand for the inner value's calibrated range; outside it, the first and the last row go on. */
export function tableOf(conversion: Conversion, { source, inner, apply }: Mapped): Table {
  const { low, high } = conversion.calibration.range(inner.source, []);
  const inside = (bound: number) => Math.min(Math.max(bound, inner.min), inner.max);
  const [first, last] = steepPart(apply, inside(at(low, 0)), inside(at(high, 0)));
  const step = (last - first) / (ROWS - 1) || 1;
  const count = inner.scale.length;
  const target = { unit: filled(count, step), base: filled(count, first), low: 0, high: ROWS - 1 };
  const index = rescale(conversion.exact, inner, target, `${source}/index`);
  const values = Array.from({ length: ROWS }, (_, row) => apply(first + row * step));
  return { index, values, low: Math.min(...values), high: Math.max(...values), count };
}

function steepPart(apply: (real: number) => number, low: number, high: number): [number, number] {
  const step = (high - low) / ROWS;
  const points = Array.from({ length: ROWS + 1 }, (_, index) => low + index * step);
  const heights = points.map(apply);
  const slack = FLAT * (Math.max(...heights) - Math.min(...heights));
  const moves = (end: number) => (height: number) => Math.abs(height - end) > slack;
  const first = heights.findIndex(moves(at(heights, 0)));
  const last = heights.findLastIndex(moves(at(heights, ROWS)));
  if (first === -1 || last === -1) return [low, high];
  return [at(points, Math.max(first - 1, 0)), at(points, Math.min(last + 1, ROWS))];
}

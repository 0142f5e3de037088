import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Figures by name, such as `gas.async.pair`. */
export type Figures = Record<string, number>;

export interface FigureChange {
  name: string;
  recorded: number | undefined;
  measured: number | undefined;
}

export const FIGURES_FILE: string = fileURLToPath(new URL("../snapshots/figures.json", import.meta.url));
export const SIZES_FILE: string = fileURLToPath(new URL("../snapshots/sizes.json", import.meta.url));

/** A ratio, such as the gas of one multiply-add, is rounded to as many. */
const EXACT_DECIMALS = 3;
const EXACT_PREFIXES = ["gas.", "size.", "bytes."] as const;
const NAME = /^[a-z0-9]+([.-][a-z0-9]+)+$/i;

/** Whether a figure is the same on every machine, and so compared; the others are only recorded. */
export function isExact(name: string): boolean {
  return EXACT_PREFIXES.some((prefix) => name.startsWith(prefix));
}

export function readFigures(file: string = FIGURES_FILE): Figures {
  if (!existsSync(file)) {
    return {};
  }
  const content: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new Error(`${file} must hold one flat object of numbers`);
  }
  return Object.fromEntries(
    Object.entries(content).map(([name, value]: [string, unknown]) => [name, checkValue(name, value)]),
  );
}

/** Writes one figure beside those that are recorded already. */
export function recordFigure(name: string, value: number, file: string = FIGURES_FILE): void {
  recordFigures({ [name]: value }, file);
}

/** Writes figures beside those that are recorded already. */
export function recordFigures(figures: Figures, file: string = FIGURES_FILE): void {
  for (const [name, value] of Object.entries(figures)) {
    if (!NAME.test(name)) {
      throw new Error(`"${name}" is no name for a figure; use words joined by dots, such as gas.async.pair`);
    }
    checkValue(name, value);
  }
  writeFigures({ ...readFigures(file), ...figures }, file);
}

/** Replaces the whole file. */
export function writeFigures(figures: Figures, file: string): void {
  const sorted = Object.entries(figures).sort(([a], [b]) => (a < b ? -1 : 1));
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
  renameSync(draft, file);
}

/** Every name whose two values are not the same, sorted. */
export function compareFigures(recorded: Figures, measured: Figures): FigureChange[] {
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(measured)])].sort();
  return names
    .map((name) => ({ name, recorded: recorded[name], measured: measured[name] }))
    .filter((change) => change.recorded !== change.measured);
}

function checkValue(name: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new Error(`The figure ${name} is ${String(value)}; it must be a finite number`);
  }
  if (isExact(name) && value !== Number(value.toFixed(EXACT_DECIMALS))) {
    throw new Error(
      `The figure ${name} is ${value}; a figure that is compared exactly has at most ${EXACT_DECIMALS} decimals`,
    );
  }
  return value;
}

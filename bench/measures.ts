import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Figures, isExact } from "./figures.ts";

/** What a file under `bench/<kind>/` exports: it makes its own chain, and returns figures by name. */
export interface Measure {
  measure(options: MeasureOptions): Promise<Figures>;
  /** Reads market data, which is not kept here: left out where there is none. */
  needsData?: boolean;
}

export interface MeasureOptions {
  /** Only files whose `<kind>/<name>` has this in it. */
  only?: string | undefined;
  /** Folder with `<symbol>-1h.csv`, as `models/train/` takes them. */
  data?: string | undefined;
  /** Whether what is found is written down: figures, and reports beside them. */
  isRecorded: boolean;
}

/**
 * `gas`: exact figures, compared in CI. The others are recorded only: `speed`, those of this machine; `models`, those of
 * a training; `market`, those of a replay of candles; `agreement`, how many cases implementations were compared on.
 */
export type MeasureKind = "gas" | "speed" | "models" | "market" | "agreement";

/** Runs the measures of one kind, one after the other, and hands over the figures of each as they come. */
export async function runMeasures(
  kind: MeasureKind,
  options: MeasureOptions,
  onFigures: (source: string, figures: Figures | "needs-data") => void,
): Promise<Figures> {
  const all: Figures = {};
  for (const file of measureFiles(kind)) {
    const source = `${kind}/${basename(file, ".ts")}`;
    if (options.only !== undefined && !source.includes(options.only)) {
      continue;
    }
    const { measure, needsData } = await loadMeasure(file);
    if (needsData && options.data === undefined) {
      onFigures(source, "needs-data");
      continue;
    }
    const figures = await measure(options);
    for (const name of Object.keys(figures)) {
      if (name in all) {
        throw new Error(`${source} measures ${name}, which another file has measured`);
      }
      if (isExact(name) !== (kind === "gas")) {
        throw new Error(
          `${source} measures ${name}; names that start gas., size. or bytes. belong to bench/gas, others not`,
        );
      }
    }
    Object.assign(all, figures);
    onFigures(source, figures);
  }
  return all;
}

function measureFiles(kind: MeasureKind): string[] {
  const folder = fileURLToPath(new URL(`./${kind}`, import.meta.url));
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => join(folder, name));
}

async function loadMeasure(file: string): Promise<Required<Measure>> {
  const module: Partial<Measure> = await import(pathToFileURL(file).href);
  if (typeof module.measure !== "function") {
    throw new Error(`${file} exports no function "measure"`);
  }
  return { measure: module.measure, needsData: module.needsData ?? false };
}

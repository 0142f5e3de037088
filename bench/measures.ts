import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Figures, isExact } from "./figures.ts";

/** What a file under `bench/<kind>/` exports: it makes its own chain, and returns figures by name. */
export interface Measure {
  measure(): Promise<Figures>;
}

/** `gas`: exact figures, compared in CI. `speed`: those of this machine, and `models`: those of a training; recorded only. */
export type MeasureKind = "gas" | "speed" | "models";

/** Runs the measures of one kind, one after the other, and hands over the figures of each as they come. */
export async function runMeasures(
  kind: MeasureKind,
  only: string | undefined,
  onFigures: (source: string, figures: Figures) => void,
): Promise<Figures> {
  const all: Figures = {};
  for (const file of measureFiles(kind)) {
    const source = `${kind}/${basename(file, ".ts")}`;
    if (only !== undefined && !source.includes(only)) {
      continue;
    }
    const figures = await (await loadMeasure(file)).measure();
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

async function loadMeasure(file: string): Promise<Measure> {
  const module: Partial<Measure> = await import(pathToFileURL(file).href);
  if (typeof module.measure !== "function") {
    throw new Error(`${file} exports no function "measure"`);
  }
  return { measure: module.measure };
}

import { parseArgs } from "node:util";
import hre from "hardhat";
import {
  compareFigures,
  FIGURES_FILE,
  type FigureChange,
  type Figures,
  isExact,
  readFigures,
  SIZES_FILE,
  writeFigures,
} from "../bench/figures.ts";
import { runMeasures } from "../bench/measures.ts";
import { MAX_RUNTIME_BYTES, measureSizes } from "../bench/sizes.ts";

const { values } = parseArgs({ options: { update: { type: "boolean", default: false } } });

await hre.tasks.getTask("build").run({ noTests: true, quiet: true });
const sizes = await measureSizes(hre);
const gas = await runMeasures("gas", { isRecorded: values.update }, (source, figures) => {
  console.log(`measured ${source}: ${Object.keys(figures).length} figures`);
});

const tooLarge = Object.entries(sizes).filter(([, bytes]) => bytes > MAX_RUNTIME_BYTES);
for (const [name, bytes] of tooLarge) {
  console.error(`${name} has ${bytes} bytes of runtime code; a chain refuses more than ${MAX_RUNTIME_BYTES}`);
}
const recorded = readFigures();
const changes = [
  ...compareFigures(pick(recorded, isExact), gas),
  ...compareFigures(readFigures(SIZES_FILE), sizes),
];
printChanges(changes);

if (values.update) {
  writeFigures({ ...pick(recorded, (name) => !isExact(name)), ...gas }, FIGURES_FILE);
  writeFigures(sizes, SIZES_FILE);
  console.log(`wrote ${changes.length} changes to snapshots/`);
} else if (changes.length > 0) {
  console.error("The snapshots differ. If this is meant, run: npm run snapshots -- --update");
} else {
  console.log(
    `snapshots hold: ${Object.keys(gas).length} gas figures, ${Object.keys(sizes).length} contract sizes`,
  );
}
process.exitCode = tooLarge.length > 0 || (changes.length > 0 && !values.update) ? 1 : 0;

function pick(figures: Figures, keep: (name: string) => boolean): Figures {
  return Object.fromEntries(Object.entries(figures).filter(([name]) => keep(name)));
}

function printChanges(list: readonly FigureChange[]): void {
  if (list.length === 0) {
    return;
  }
  const show = (value: number | undefined) =>
    (value === undefined ? "-" : value.toLocaleString("en-US")).padStart(12);
  console.log(
    `${"figure".padEnd(40)} ${"recorded".padStart(12)}   ${"measured".padStart(12)} ${"change".padStart(10)}`,
  );
  for (const { name, recorded: before, measured: now } of list) {
    const delta =
      before === undefined || now === undefined ? "" : `${now > before ? "+" : ""}${now - before}`;
    console.log(`${name.padEnd(40)} ${show(before)} → ${show(now)} ${delta.padStart(10)}`);
  }
}

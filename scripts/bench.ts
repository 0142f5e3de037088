import { parseArgs } from "node:util";
import hre from "hardhat";
import { recordFigures } from "../bench/figures.ts";
import { type MeasureKind, runMeasures } from "../bench/measures.ts";

const KINDS: readonly MeasureKind[] = ["gas", "models", "speed"];

const { values } = parseArgs({ options: { only: { type: "string" }, "no-record": { type: "boolean" } } });

await hre.tasks.getTask("build").run({ noTests: true, quiet: true });
for (const kind of KINDS) {
  await runMeasures(kind, values.only, (source, figures) => {
    console.log(`\n${source}`);
    for (const [name, value] of Object.entries(figures)) {
      console.log(
        `  ${name.padEnd(40)} ${value.toLocaleString("en-US", { maximumSignificantDigits: 10 }).padStart(14)}`,
      );
    }
    if (values["no-record"] !== true) {
      recordFigures(figures);
    }
  });
}

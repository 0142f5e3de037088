import { parseArgs } from "node:util";
import hre from "hardhat";
import { recordFigures } from "../bench/figures.ts";
import { type MeasureKind, runMeasures } from "../bench/measures.ts";

const KINDS: readonly MeasureKind[] = ["gas", "models", "market", "agreement", "speed"];

const { values } = parseArgs({
  options: { only: { type: "string" }, data: { type: "string" }, "no-record": { type: "boolean" } },
});
const options = { only: values.only, data: values.data, isRecorded: values["no-record"] !== true };

await hre.tasks.getTask("build").run({ noTests: true, quiet: true });
for (const kind of KINDS) {
  await runMeasures(kind, options, (source, figures) => {
    console.log(`\n${source}`);
    if (figures === "needs-data") {
      console.log("  skipped, what is recorded stays: it needs candles, --data <folder> (models/README.md)");
      return;
    }
    for (const [name, value] of Object.entries(figures)) {
      console.log(
        `  ${name.padEnd(40)} ${value.toLocaleString("en-US", { maximumSignificantDigits: 10 }).padStart(14)}`,
      );
    }
    if (options.isRecorded) {
      recordFigures(figures);
    }
  });
}

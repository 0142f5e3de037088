import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { compareFigures, readFigures, recordFigure, recordFigures } from "../../bench/figures.ts";

describe("figures", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "figures-"));
    file = join(folder, "figures.json");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("are kept sorted, beside those that were there", () => {
    recordFigures({ "seconds.tests": 1.5, "gas.b": 2 }, file);
    recordFigure("gas.a", 1, file);
    recordFigure("gas.b", 3, file);
    expect(readFileSync(file, "utf8")).to.equal(
      '{\n  "gas.a": 1,\n  "gas.b": 3,\n  "seconds.tests": 1.5\n}\n',
    );
  });

  it("are compared by name, in both directions", () => {
    expect(
      compareFigures({ "gas.a": 1, "gas.b": 2, "gas.c": 3 }, { "gas.b": 2, "gas.c": 4, "gas.d": 5 }),
    ).to.deep.equal([
      { name: "gas.a", recorded: 1, measured: undefined },
      { name: "gas.c", recorded: 3, measured: 4 },
      { name: "gas.d", recorded: undefined, measured: 5 },
    ]);
  });

  it("refuse what is not a figure, and lose nothing by it", () => {
    recordFigure("gas.a", 1, file);
    expect(() => recordFigure("gas.b", Number.NaN, file)).to.throw("finite");
    expect(() => recordFigure("gas.b", 1.0005, file)).to.throw("decimals");
    expect(() => recordFigure("gas b", 1, file)).to.throw("no name");
    expect(readFigures(file)).to.deep.equal({ "gas.a": 1 });
  });

  it("refuse a file that holds something else", () => {
    writeFileSync(file, "[1]");
    expect(() => readFigures(file)).to.throw("flat object");
    writeFileSync(file, '{"gas.a":"1"}');
    expect(() => readFigures(file)).to.throw("gas.a");
  });
});

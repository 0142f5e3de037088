import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import hre from "hardhat";
import { readManifest } from "../../../sdk/src/manifest.ts";
import { checkModel } from "../../../tasks/hub/checkModel.ts";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";

const MODELS = path.join(hre.config.paths.root, "models");
const DIGITS = path.join(MODELS, "digits", "float.onnx");

describe("hub quantize", () => {
  let cli: CommandLine;
  let calibration: string;

  before(async () => {
    cli = await commandLine();
    const rows = (await readFile(path.join(MODELS, "digits", "held-out.txt"), "utf8")).trim().split("\n");
    const images = rows.slice(0, 64).map((row) => {
      const pixels = Array.from(row.slice(2), (pixel) => Number.parseInt(pixel, 17));
      return [[Array.from({ length: 8 }, (_, line) => pixels.slice(8 * line, 8 * line + 8))]];
    });
    calibration = path.join(cli.folder, "calibration.json");
    await writeFile(calibration, JSON.stringify(images));
  });

  after(async () => await cli.close());

  it("writes a model that can be published, with its report and manifest", async () => {
    const out = path.join(cli.folder, "digits");
    const manifest = path.join(MODELS, "eth-volatility-1h", "manifest.json");
    const report = await cli.value("hub quantize", {
      model: DIGITS,
      calibration,
      check: calibration,
      out,
      manifest,
      name: "digits-again",
      perOne: "1000",
    });

    expect(report).to.include({ folder: out, macs: 9440 });
    expect(report.samples).to.deep.equal({ calibration: 64, compared: 64 });
    const { folder: _, ...written } = report;
    expect(JSON.parse(await readFile(path.join(out, "quantization.json"), "utf8"))).to.deep.equal(written);
    const made = await readManifest(path.join(out, "manifest.json"));
    expect(made).to.include({ name: "digits-again", arithmetic: "exact", entry: "model.onnx" });
    expect(made.inputs).to.deep.equal([{ name: "image", dtype: "uint8", shape: [1, 1, 8, 8] }]);
    expect(made.outputs.map(({ name, dtype }) => [name, dtype])).to.deep.equal([
      ["digit", "int64"],
      ["scores", "int64"],
    ]);
    await checkModel(out, made);
  });

  it("prints errors by layer for a person", async () => {
    const out = path.join(cli.folder, "printed");
    const { stdout } = await cli.run("hub quantize", { model: DIGITS, calibration, out, json: false });
    for (const text of ["multiply-adds", "edges", "strokes", "scores", "dB", "saturated"])
      expect(stdout).to.include(text);
  });

  it("says what is missing or wrong before it runs anything", async () => {
    const out = path.join(cli.folder, "none");
    const good = { model: DIGITS, calibration, out };
    const broken = path.join(cli.folder, "broken.json");
    await writeFile(broken, "[[1, 2]]");
    const cases: [Record<string, unknown>, string][] = [
      [{ ...good, out: undefined }, "argument-missing"],
      [{ ...good, calibration: undefined }, "argument-missing"],
      [{ ...good, model: path.join(cli.folder, "absent.onnx") }, "file-unreadable"],
      [{ ...good, model: calibration }, "model-malformed"],
      [{ ...good, calibration: DIGITS }, "input-invalid"],
      [{ ...good, calibration: broken }, "tensor-rank-wrong"],
      [{ ...good, manifest: broken }, "manifest-invalid"],
      [{ ...good, perOne: "0.5" }, "argument-invalid"],
      [{ ...good, inputs: "image:float32:1" }, "argument-invalid"],
      [{ ...good, inputs: "picture:uint8:1" }, "argument-invalid"],
      [{ ...good, inputs: "image:uint8:100" }, "quantize-calibration-invalid"],
    ];
    for (const [args, code] of cases) {
      const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
      expect((await cli.failure("hub quantize", given)).code, JSON.stringify(given)).to.equal(code);
    }
    expect(existsSync(out)).to.equal(false);
  });

  it("finds the shipped exact models fit to be published", async () => {
    for (const name of ["digits", "eth-volatility-1h-exact", "btc-volatility-1h-exact"]) {
      const folder = path.join(MODELS, name);
      await checkModel(folder, await readManifest(path.join(folder, "manifest.json")));
    }
  });
});

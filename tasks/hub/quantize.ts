import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { readManifest } from "@opg-network/sdk/manifest";
import type { TensorSpec } from "@opg-network/sdk/schema";
import type { Tensor } from "@opg-network/sdk/tensor";
import type { Sample } from "../../offchain-runner/src/exact/quantize/calibration.ts";
import {
  type ExactTensor,
  type InputEncoding,
  type Quantized,
  quantize,
} from "../../offchain-runner/src/exact/quantize/quantize.ts";
import { type QuantizationReport, reportOf } from "../../offchain-runner/src/exact/quantize/report.ts";
import { parseOnnx } from "../../offchain-runner/src/hub/onnxFile.ts";
import { integerArgument, invalid } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { inputsFromValue, readJson } from "../inference/inputTensors.ts";
import { fields, type Report, table } from "../report.ts";
import type { Session } from "../session.ts";

export interface QuantizeArguments {
  model: string;
  calibration: string | undefined;
  out: string | undefined;
  check: string | undefined;
  inputs: string | undefined;
  perOne: string | undefined;
  manifest: string | undefined;
  name: string | undefined;
}

const MAX_PER_ONE = 1_000_000_000_000;
const MODEL = "model.onnx";
const REPORT = "quantization.json";
const MANIFEST = "manifest.json";

export async function quantizeModel(args: QuantizeArguments, session: Session): Promise<Report> {
  const out = needed("--out", args.out, "where the exact model goes");
  const calibration = needed("--calibration", args.calibration, "ranges are chosen from it");
  const float = await readFile(args.model).catch((cause: unknown) => {
    throw new CommandError("file-unreadable", { path: args.model, problem: "it cannot be read" }, cause);
  });
  if (args.manifest !== undefined) await readManifest(args.manifest);
  const schema = inputsOf(float);
  const samples = await readSamples(calibration, schema);
  const checks = args.check === undefined ? samples : await readSamples(args.check, schema);
  const perOne =
    args.perOne === undefined ? {} : { perOne: integerArgument("--per-one", args.perOne, 1, MAX_PER_ONE) };
  session.say(`Running ${args.model} on ${samples.length} samples`);
  const quantized = await quantize(float, samples, { ...perOne, inputs: encodingsOf(args.inputs, schema) });
  const report = await reportOf(float, quantized, checks);
  await mkdir(out, { recursive: true });
  await writeFile(path.join(out, MODEL), quantized.model);
  await writeFile(path.join(out, REPORT), `${JSON.stringify(report, null, 2)}\n`);
  if (args.manifest !== undefined) await writeManifest(args.manifest, args.name, out, quantized);
  return { lines: described(report, out), value: { ...report, folder: out } };
}

function needed(name: string, value: string | undefined, why: string): string {
  if (value === undefined) throw new CommandError("argument-missing", { name, why });
  return value;
}

function inputsOf(model: Uint8Array): TensorSpec[] {
  const { graph } = parseOnnx(model);
  const constants = new Set(graph.initializers.map(({ name }) => name));
  return graph.inputs.flatMap(({ name = "", type }) =>
    constants.has(name)
      ? []
      : [
          {
            name,
            dtype: "float32" as const,
            shape: (type?.tensor?.shape?.dims ?? []).map(({ value }) =>
              value === undefined ? -1 : Number(value),
            ),
          },
        ],
  );
}

async function readSamples(file: string, schema: readonly TensorSpec[]): Promise<Sample[]> {
  const list = await readJson(file);
  if (!Array.isArray(list) || list.length === 0)
    throw new CommandError("input-invalid", { source: file, problem: "not a list of inputs" });
  return list.map((each: unknown, index) => {
    const tensors = inputsFromValue(each, schema, `${file}, entry ${index}`);
    return new Map(
      tensors.map((tensor, place) => [
        schema[place]?.name ?? "",
        { dims: tensor.shape, data: floatsOf(tensor) },
      ]),
    );
  });
}

function floatsOf({ data }: Tensor): Float32Array {
  return new Float32Array(Uint8Array.from(data).buffer);
}

function encodingsOf(text: string | undefined, schema: readonly TensorSpec[]): Map<string, InputEncoding> {
  const encodings = new Map<string, InputEncoding>();
  for (const part of text === undefined ? [] : text.split(",")) {
    const [name = "", dtype, perOne = ""] = part.split(":");
    if (!schema.some((spec) => spec.name === name) || (dtype !== "uint8" && dtype !== "int32")) {
      throw invalid("--inputs", part, "<name of an input>:<uint8 or int32>:<integer that stands for 1>");
    }
    encodings.set(name, { dtype, perOne: integerArgument("--inputs", perOne, 1, MAX_PER_ONE) });
  }
  return encodings;
}

/** The float model's manifest with the exact one's file and tensors. */
async function writeManifest(
  template: string,
  name: string | undefined,
  out: string,
  { model, inputs, outputs }: Quantized,
): Promise<void> {
  const float = JSON.parse(await readFile(template, "utf8")) as Record<string, unknown>;
  const manifest = {
    ...float,
    ...(name === undefined ? {} : { name }),
    entry: MODEL,
    files: [{ path: MODEL, size: model.length, sha256: createHash("sha256").update(model).digest("hex") }],
    inputs: inputs.map((tensor) => tensorEntry(tensor, float["inputs"])),
    outputs: outputs.map((tensor) => tensorEntry(tensor, float["outputs"])),
    arithmetic: "exact",
  };
  const file = path.join(out, MANIFEST);
  await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
  await readManifest(file);
}

function tensorEntry({ name, dtype, shape, perOne }: ExactTensor, floats: unknown) {
  const known = Array.isArray(floats) ? (floats as Record<string, unknown>[]) : [];
  const { description = "", min, max } = known.find((tensor) => tensor["name"] === name) ?? {};
  const bounds = Object.entries({ min, max }).flatMap(([key, bound]) =>
    typeof bound === "number" ? [[key, Math.round(bound * perOne)]] : [],
  );
  const scale = perOne === 1 ? "" : `Integers; ${perOne} stands for 1. `;
  const text = `${scale}${String(description)}`.trim();
  return {
    name,
    dtype,
    shape,
    ...(text === "" ? {} : { description: text }),
    ...(Object.fromEntries(bounds) as Record<string, number>),
  };
}

function described(report: QuantizationReport, out: string): string[] {
  const { float, exact, samples } = report;
  const decibels = (snrDb: number | null) => (snrDb === null ? "no error" : `${snrDb.toFixed(1)} dB`);
  const tensor = ({ name, dtype, shape, perOne }: ExactTensor) =>
    `${name}: ${dtype} [${shape.join(", ")}]${perOne === 1 ? "" : `, ${perOne} stands for 1`}`;
  return [
    `Wrote ${path.join(out, MODEL)}: standard integer operators, the same bits on every machine`,
    ...fields([
      ["size", `${exact.bytes} bytes, float ${float.bytes}`],
      ["sha256", exact.sha256],
      ["products", `${report.macs} multiply-adds, ${report.weights} weights`],
      ["samples", `${samples.calibration} for the ranges, ${samples.compared} compared`],
      ...report.inputs.map((input) => ["input", tensor(input)] as const),
      ...report.outputs.map(
        (output) =>
          [
            "output",
            `${tensor(output)}; error at most ${output.maxError}, mean ${output.meanError}, ${decibels(output.snrDb)}`,
          ] as const,
      ),
    ]),
    "",
    ...table(
      ["value", "operator", "form", "range", "max error", "mean error", "signal", "saturated"],
      report.layers.map((layer) => [
        layer.value,
        layer.operator,
        layer.form,
        layer.range.map((end) => end.toPrecision(4)).join(" to "),
        layer.maxError.toPrecision(4),
        layer.meanError.toPrecision(4),
        decibels(layer.snrDb),
        `${layer.saturated} of ${layer.compared}`,
      ]),
    ),
  ];
}

import type { Dtype } from "@opg-network/sdk/dtype";
import { parseOnnx } from "../../hub/onnxFile.ts";
import type { OnnxNode } from "../../hub/onnxSchema.ts";
import { DATA } from "../../hub/onnxTensors.ts";
import { type Calibration, runFloat, type Sample } from "./calibration.ts";
import type { Conversion } from "./conversion.ts";
import { ExactGraph } from "./exactGraph.ts";
import { type FloatGraph, floatGraphOf } from "./floatGraph.ts";
import { toFixedPoint } from "./forms.ts";
import { at } from "./grid.ts";
import { byteUsesOf, convertNode } from "./operators.ts";
import { fixedPoint } from "./quantizedValue.ts";
import { QuantizeError } from "./quantizeError.ts";

/** How a real number goes into an integer: `integer = round(real · perOne)`. */
export interface InputEncoding {
  readonly dtype: Extract<Dtype, "uint8" | "int32">;
  readonly perOne: number;
}

export interface QuantizeOptions {
  /** By input; where left out, uint8 for whole numbers of 0 to 255, else int32 with a power of ten that fits. */
  readonly inputs?: ReadonlyMap<string, InputEncoding>;
  /** Steps of the outputs that make one, a million by default. Places of ArgMax are whole numbers in any case. */
  readonly perOne?: number;
}

export interface ExactTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The integer that stands for 1.0. */
  readonly perOne: number;
}

export interface Quantized {
  readonly model: Uint8Array;
  readonly inputs: readonly ExactTensor[];
  readonly outputs: readonly ExactTensor[];
  /** What the report compares. */
  readonly conversion: Conversion;
  readonly graph: FloatGraph;
}

const PER_ONE = 1_000_000;
const LARGEST_INT32 = 2 ** 31;
/** Inputs may go this far beyond the calibration before a default encoding has no room for them. */
const ROOM = 16;

/**
 * The float model as an exact one: standard ONNX operators on integers alone, the same bits on every machine.
 * The same model, samples and options give the same bytes.
 *
 * @throws QuantizeError, ModelError
 */
export async function quantize(
  model: Uint8Array,
  samples: readonly Sample[],
  options: QuantizeOptions = {},
): Promise<Quantized> {
  const file = parseOnnx(model);
  const graph = floatGraphOf(file);
  const { calibration, folded } = await runFloat(model, graph, samples);
  const outputUnits = unitsOf(graph, options.perOne ?? PER_ONE);
  const conversion: Conversion = {
    exact: new ExactGraph(),
    calibration,
    values: new Map(),
    constants: new Map([...graph.constants, ...folded]),
    opset: graph.opset,
    probes: [],
    costs: [],
    forms: new WeakMap(),
    outputUnits,
    byteUses: byteUsesOf(graph.nodes),
  };
  for (const name of graph.outputs) conversion.exact.reserve(name);
  const inputs = graph.inputs.map((name) => input(conversion, name, options.inputs?.get(name)));
  for (const node of graph.nodes) convertNode(conversion, node);
  const outputs = graph.outputs.map((name) => output(conversion, name));
  return { model: conversion.exact.encode(file.graph.name ?? "exact"), inputs, outputs, conversion, graph };
}

function unitsOf(graph: FloatGraph, perOne: number): Map<string, number> {
  if (!(perOne >= 1 && perOne <= 1e12)) {
    throw new QuantizeError("quantize-model-unsupported", { reason: `outputs in steps of 1/${perOne}` });
  }
  const places = new Set(graph.nodes.filter(isPlace).flatMap(({ outputs }) => outputs));
  return new Map(graph.outputs.map((name) => [name, places.has(name) ? 1 : 1 / perOne]));
}

function isPlace({ opType }: OnnxNode): boolean {
  return opType === "ArgMax" || opType === "ArgMin";
}

function input(conversion: Conversion, name: string, given: InputEncoding | undefined): ExactTensor {
  const { calibration, exact } = conversion;
  const { dtype, perOne } = given ?? defaultEncoding(calibration, name);
  if (!(perOne > 0))
    throw new QuantizeError("quantize-calibration-invalid", { reason: `scale ${perOne}`, value: name });
  const shape = calibration.dims(name);
  const [low, high] = dtype === "uint8" ? [0, 255] : [-LARGEST_INT32, LARGEST_INT32 - 1];
  const range = calibration.range(name, []);
  if (at(range.low, 0) * perOne < low - 0.5 || at(range.high, 0) * perOne > high + 0.5) {
    const reason = `${at(range.low, 0)} to ${at(range.high, 0)} does not fit ${dtype} in steps of 1/${perOne}`;
    throw new QuantizeError("quantize-calibration-invalid", { reason, value: name });
  }
  const tensor = exact.input(name, dtype === "uint8" ? DATA.uint8 : DATA.int32, shape);
  const wide = dtype === "uint8" ? tensor : exact.node("Cast", [tensor], `${name}/wide`, { to: DATA.int64 });
  const type = dtype === "uint8" ? DATA.uint8 : DATA.int64;
  conversion.values.set(name, fixedPoint(name, shape, wide, 1 / perOne, [low, high], undefined, type));
  return { name, dtype, shape, perOne };
}

function defaultEncoding(calibration: Calibration, name: string): InputEncoding {
  const samples = calibration.samples(name);
  const isByte = (value: number) => Number.isInteger(value) && value >= 0 && value <= 255;
  if (samples.every((sample) => sample.every(isByte))) return { dtype: "uint8", perOne: 1 };
  const { low, high } = calibration.range(name, []);
  const largest = Math.max(Math.abs(at(low, 0)), Math.abs(at(high, 0)));
  let perOne = PER_ONE;
  while (largest * perOne * ROOM >= LARGEST_INT32 && perOne > 1) perOne /= 10;
  return { dtype: "int32", perOne };
}

function output(conversion: Conversion, name: string): ExactTensor {
  const { exact, values, outputUnits } = conversion;
  const value = values.get(name);
  if (value === undefined) {
    throw new QuantizeError("quantize-model-unsupported", {
      reason: "it does not depend on an input",
      value: name,
    });
  }
  const unit = outputUnits.get(name) ?? 1 / PER_ONE;
  const { tensor, dims } = toFixedPoint(conversion, value, unit);
  exact.name(tensor, name);
  exact.output(name, DATA.int64, dims);
  return { name, dtype: "int64", shape: dims, perOne: Math.round(1 / unit) };
}

import { createHash } from "node:crypto";
import { openProbe, type ProbeTensor } from "../../inference/modelProbe.ts";
import { exposed, runFloat, type Sample } from "./calibration.ts";
import type { LayerCost, Probe } from "./conversion.ts";
import { at } from "./grid.ts";
import type { ExactTensor, Quantized } from "./quantize.ts";

export interface Errors {
  readonly maxError: number;
  readonly meanError: number;
  /** Power of the float values over that of the errors; `null` where there is no error. */
  readonly snrDb: number | null;
}

export interface LayerReport extends Errors {
  /** The float model's value. */
  readonly value: string;
  readonly operator: string;
  readonly form: Probe["form"];
  readonly range: readonly [number, number];
  /** Integers at an end of the calibrated range, where the float value lies beyond it. */
  readonly saturated: number;
  readonly compared: number;
}

export interface QuantizationReport {
  readonly float: { readonly bytes: number; readonly sha256: string };
  readonly exact: { readonly bytes: number; readonly sha256: string; readonly operators: number };
  readonly inputs: readonly ExactTensor[];
  readonly outputs: readonly (ExactTensor & Errors)[];
  readonly samples: { readonly calibration: number; readonly compared: number };
  readonly macs: number;
  readonly weights: number;
  /** Matrix products and convolutions. */
  readonly products: readonly LayerCost[];
  readonly layers: readonly LayerReport[];
}

/** Runs both models on the samples and compares every value that the exact one has a form of. */
export async function reportOf(
  float: Uint8Array,
  quantized: Quantized,
  samples: readonly Sample[],
): Promise<QuantizationReport> {
  const { conversion, graph, model, inputs, outputs } = quantized;
  const { calibration: reference } = await runFloat(float, graph, samples);
  const name = ({ value }: Probe) => conversion.exact.currentName(value.tensor);
  const probe = await openProbe(exposed(model, conversion.probes.map(name)));
  const tallies = conversion.probes.map(() => new Tally());
  const names = [...new Set(conversion.probes.map(name))];
  try {
    for (const [index, sample] of samples.entries()) {
      const results = await probe.run(exactInputs(sample, inputs), names);
      conversion.probes.forEach((each, layer) => {
        const integers = results.get(name(each)) as ProbeTensor;
        tallies[layer]?.add(each, reference.samples(each.source)[index] ?? new Float32Array(), integers);
      });
    }
  } finally {
    await probe.close();
  }
  const operators = new Map(
    graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node.opType ?? ""])),
  );
  const layers = conversion.probes.map((each, layer): LayerReport => {
    const { low, high } = reference.range(each.source, []);
    return {
      value: each.source,
      operator: operators.get(each.source) ?? "input",
      form: each.form,
      range: [rounded(at(low, 0)), rounded(at(high, 0))],
      ...(tallies[layer] as Tally).errors(),
      saturated: tallies[layer]?.saturated ?? 0,
      compared: tallies[layer]?.count ?? 0,
    };
  });
  const total = (pick: (cost: { macs: number; weights: number }) => number) =>
    conversion.costs.reduce((sum, cost) => sum + pick(cost), 0);
  return {
    float: digest(float),
    exact: { ...digest(model), operators: conversion.exact.nodeCount },
    inputs,
    outputs: outputs.map((output) => {
      const layer = conversion.probes.findIndex((each) => name(each) === output.name);
      return { ...output, ...(tallies[layer] ?? new Tally()).errors() };
    }),
    samples: { calibration: conversion.calibration.count, compared: samples.length },
    macs: total(({ macs }) => macs),
    weights: total(({ weights }) => weights),
    products: conversion.costs,
    layers,
  };
}

/** The sample as the exact model reads it. */
export function exactInputs(sample: Sample, inputs: readonly ExactTensor[]): Map<string, ProbeTensor> {
  return new Map(
    inputs.map(({ name, dtype, shape, perOne }) => {
      const integers = Array.from((sample.get(name) as ProbeTensor).data as Float32Array, (value) =>
        Math.round(value * perOne),
      );
      const data = dtype === "uint8" ? Uint8Array.from(integers) : Int32Array.from(integers);
      return [name, { dims: shape, data }];
    }),
  );
}

class Tally {
  count = 0;
  saturated = 0;
  #max = 0;
  #sum = 0;
  #squares = 0;
  #power = 0;

  add({ value, clip }: Probe, floats: Float32Array, { data }: ProbeTensor): void {
    floats.forEach((real, index) => {
      const integer = Number(data[index]);
      const step = at(value.scale, index);
      const error = Math.abs(integer * step + at(value.offset, index) - real);
      this.count += 1;
      this.#max = Math.max(this.#max, error);
      this.#sum += error;
      this.#squares += error * error;
      this.#power += real * real;
      const isAtEnd = clip !== undefined && (integer === clip[0] || integer === clip[1]);
      if (isAtEnd && error > Math.abs(step)) this.saturated += 1;
    });
  }

  errors(): Errors {
    const { count } = this;
    return {
      maxError: rounded(this.#max),
      meanError: count === 0 ? 0 : rounded(this.#sum / count),
      snrDb: this.#squares === 0 ? null : rounded(10 * Math.log10(this.#power / this.#squares)),
    };
  }
}

/** Six digits: what the last ones are depends on the machine that ran the float model. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

function digest(bytes: Uint8Array) {
  return { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

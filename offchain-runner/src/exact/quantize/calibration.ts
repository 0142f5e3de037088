import { ONNX_LIMITS } from "../../hub/onnxFile.ts";
import { onnxModel } from "../../hub/onnxSchema.ts";
import { decode, encode } from "../../hub/protobufWire.ts";
import { openProbe, type ProbeTensor } from "../../inference/modelProbe.ts";
import type { FloatGraph } from "./floatGraph.ts";
import { at, elementCount, type Grid, groupsOf } from "./grid.ts";
import { QuantizeError } from "./quantizeError.ts";

/** Values of the model's inputs, float32, by name. */
export type Sample = ReadonlyMap<string, ProbeTensor>;

export interface Range {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

const MAX_VALUES = 100_000_000;

/** What the float model computed on the samples: every value of its graph, and what ranges they had. */
export class Calibration {
  readonly count: number;
  readonly #recorded: ReadonlyMap<string, { dims: readonly number[]; samples: Float32Array[] }>;

  constructor(
    count: number,
    recorded: ReadonlyMap<string, { dims: readonly number[]; samples: Float32Array[] }>,
  ) {
    this.count = count;
    this.#recorded = recorded;
  }

  dims(name: string): readonly number[] {
    return this.#of(name).dims;
  }

  samples(name: string): readonly Float32Array[] {
    return this.#of(name).samples;
  }

  /** Least and largest value of each element's group, the groups being told apart by the axes in `kept`. */
  range(name: string, kept: readonly number[]): Range {
    const { dims, samples } = this.#of(name);
    const groups = groupsOf(dims, kept);
    const low = new Float64Array(groups.length).fill(Number.POSITIVE_INFINITY);
    const high = new Float64Array(groups.length).fill(Number.NEGATIVE_INFINITY);
    for (const sample of samples) {
      sample.forEach((value, index) => {
        const group = at(groups, index);
        if (value < at(low, group)) low[group] = value;
        if (value > at(high, group)) high[group] = value;
      });
    }
    const spread = (values: Float64Array) => Float64Array.from(groups, (group) => at(values, group));
    return { low: spread(low), high: spread(high) };
  }

  mean(name: string): Float64Array {
    const { samples } = this.#of(name);
    const sums = new Float64Array(samples[0]?.length ?? 0);
    for (const sample of samples)
      sample.forEach((value, index) => {
        sums[index] = at(sums, index) + value;
      });
    return sums.map((sum) => sum / this.count);
  }

  #of(name: string) {
    const recorded = this.#recorded.get(name);
    if (recorded === undefined) throw new Error(`${name} was not recorded`);
    return recorded;
  }
}

export interface FloatRun {
  readonly calibration: Calibration;
  /** Values of `FloatGraph.folded`. */
  readonly folded: ReadonlyMap<string, Grid>;
}

/** @throws QuantizeError `quantize-calibration-invalid` */
export async function runFloat(
  model: Uint8Array,
  graph: FloatGraph,
  samples: readonly Sample[],
): Promise<FloatRun> {
  const [first] = samples;
  if (first === undefined) throw invalid("there is no sample");
  const values = graph.nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== ""));
  const probe = await openProbe(exposed(model, [...values, ...graph.folded]));
  const recorded = new Map<string, { dims: readonly number[]; samples: Float32Array[] }>();
  const folded = new Map<string, Grid>();
  let kept = 0;
  try {
    for (const [index, sample] of samples.entries()) {
      checkSample(graph, sample, first, index);
      const results = await run(
        probe.run(sample, index === 0 ? [...values, ...graph.folded] : values),
        index,
      );
      if (index === 0)
        for (const name of graph.folded) folded.set(name, gridOf(results.get(name) as ProbeTensor));
      for (const name of [...graph.inputs, ...values]) {
        const { dims, data } = (results.get(name) ?? sample.get(name)) as ProbeTensor;
        const floats = Float32Array.from(data as ArrayLike<number | bigint>, Number);
        if (!floats.every(Number.isFinite))
          throw invalid(`sample ${index} gives a value that is not finite`, name);
        const entry = recorded.get(name);
        if (entry === undefined) recorded.set(name, { dims, samples: [floats] });
        else if (entry.dims.join() === dims.join()) entry.samples.push(floats);
        else throw invalid(`sample ${index} gives shape [${dims}], the first [${entry.dims}]`, name);
        kept += floats.length;
      }
      if (kept > MAX_VALUES) throw invalid(`${samples.length} samples are too many for a model of this size`);
    }
  } finally {
    await probe.close();
  }
  return { calibration: new Calibration(samples.length, recorded), folded };
}

/** The same model with these values among its outputs. */
export function exposed(model: Uint8Array, names: readonly string[]): Uint8Array {
  const content = decode(onnxModel, model, {
    maxItems: ONNX_LIMITS.maxItems,
    maxDepth: ONNX_LIMITS.maxMessageDepth,
    maxTextBytes: ONNX_LIMITS.maxNameBytes,
  });
  const { graph } = content;
  if (graph === undefined)
    throw new QuantizeError("quantize-model-unsupported", { reason: "it holds no graph" });
  const present = new Set(graph.outputs.map(({ name }) => name));
  const added = [...new Set(names)].filter((name) => !present.has(name)).map((name) => ({ name }));
  return encode(onnxModel, { ...content, graph: { ...graph, outputs: [...graph.outputs, ...added] } });
}

function checkSample(graph: FloatGraph, sample: Sample, first: Sample, index: number): void {
  for (const name of graph.inputs) {
    const tensor = sample.get(name);
    if (tensor === undefined) throw invalid(`sample ${index} lacks it`, name);
    const { dims, data } = tensor;
    if (elementCount(dims) !== data.length || !Float32Array.from(data as Float32Array).every(Number.isFinite))
      throw invalid(`sample ${index} is no tensor of finite numbers`, name);
    if (dims.join() !== first.get(name)?.dims.join())
      throw invalid(`sample ${index} has shape [${dims}], the first [${first.get(name)?.dims ?? ""}]`, name);
  }
}

async function run<T>(work: Promise<T>, index: number): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new QuantizeError(
      "quantize-calibration-invalid",
      { reason: `the float model refuses sample ${index}` },
      cause,
    );
  }
}

function gridOf({ dims, data }: ProbeTensor): Grid {
  return { dims, values: Float64Array.from(data as ArrayLike<number | bigint>, Number) };
}

function invalid(reason: string, value?: string): QuantizeError {
  return new QuantizeError("quantize-calibration-invalid", {
    reason,
    ...(value === undefined ? {} : { value }),
  });
}

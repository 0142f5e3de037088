import { InferenceSession, Tensor } from "onnxruntime-node";

export interface ProbeTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array | Int8Array;
}

/** Runs a model in this process, one sample after the other: for the tools of a publisher, never for a request. */
export interface ModelProbe {
  run(
    inputs: ReadonlyMap<string, ProbeTensor>,
    outputs: readonly string[],
  ): Promise<Map<string, ProbeTensor>>;
  close(): Promise<void>;
}

/** One thread and no rewriting of the graph, so that each value is what its own node computes. */
export async function openProbe(model: Uint8Array): Promise<ModelProbe> {
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 4,
  });
  return {
    async run(inputs, outputs) {
      const feeds = Object.fromEntries([...inputs].map(([name, tensor]) => [name, runtimeTensor(tensor)]));
      const results = await session.run(feeds, [...outputs]);
      return new Map(
        outputs.map((name) => {
          const { dims, data } = results[name] as Tensor;
          return [name, { dims, data: data as ProbeTensor["data"] }];
        }),
      );
    },
    close: async () => await session.release(),
  };
}

function runtimeTensor({ dims, data }: ProbeTensor): Tensor {
  if (data instanceof Float32Array) return new Tensor("float32", data, dims);
  if (data instanceof Uint8Array) return new Tensor("uint8", data, dims);
  if (data instanceof Int32Array) return new Tensor("int32", data, dims);
  if (data instanceof BigInt64Array) return new Tensor("int64", data, dims);
  throw new TypeError(`a probe takes no ${data.constructor.name}`);
}

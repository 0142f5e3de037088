import type { Tensor } from "@opg-network/sdk/tensor";
import type { LoweredGraph } from "../exact/blobs.ts";
import type { ReleaseSchema } from "../hub/onnxInterface.ts";

/** A model that has passed the policy and lies on disk (`hub/releaseStore.ts`). */
export interface ServedModel {
  /** The release's id. */
  readonly release: string;
  readonly modelPath: string;
  /** Of all its files: what a session takes at the least. */
  readonly bytes: number;
  readonly schema: ReleaseSchema;
  /** Of an exact release whose results are compared with the interpreter before they leave the process. */
  readonly graph?: LoweredGraph | undefined;
  /** One request is one row, and the file takes any number of them (`hub/freeBatch.ts`). */
  readonly hasFreeBatch?: boolean;
}

export interface InferenceRequest extends ServedModel {
  /** In the order of `schema.inputs`. */
  readonly inputs: readonly Tensor[];
  /** For this run, if shorter than the pool's own limit. */
  readonly timeLimitMs?: number;
}

export interface InferenceAnswer {
  /** In the order of `schema.outputs`, checked against it. */
  readonly outputs: Tensor[];
  /** What it took in its process: the runtime, and of exact releases the check. */
  readonly runMs: number;
}

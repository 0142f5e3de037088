import type { Tensor } from "@opg-network/sdk/tensor";
import type { ReleaseSchema } from "../hub/onnxInterface.ts";

/** A model that has passed the policy and lies on disk (`hub/releaseStore.ts`). */
export interface ServedModel {
  /** The release's id. */
  readonly release: string;
  readonly modelPath: string;
  /** Of all its files: what a session takes at the least. */
  readonly bytes: number;
  readonly schema: ReleaseSchema;
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
  /** What the runtime alone took. */
  readonly runMs: number;
}

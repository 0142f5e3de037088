import type { ReleaseSchema } from "./onnxInterface.ts";

/** One artifact of a release, as the hub records it. */
export interface ReleaseFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** `0x` and 64 hexadecimal digits. */
  readonly sha256: string;
  readonly uri: string;
}

/** What the node needs of a release to run it. */
export interface Release extends ReleaseSchema {
  readonly id: string;
  /** Index into `files` of the `.onnx` file. */
  readonly entry: number;
  readonly files: readonly ReleaseFile[];
  /** What an exact release commits to; a node lowers the file itself, and serves no release that differs. */
  readonly graph?: { readonly graphRoot: string; readonly loweringVersion: number } | undefined;
}

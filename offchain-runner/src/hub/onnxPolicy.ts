import { hasFreeBatch } from "./freeBatch.ts";
import type { OnnxLimits } from "./onnxFile.ts";
import { parseOnnx } from "./onnxFile.ts";
import type { ReleaseSchema } from "./onnxInterface.ts";
import { checkInterface } from "./onnxInterface.ts";
import { checkOperators } from "./onnxOperators.ts";
import type { SiblingFiles } from "./onnxTensors.ts";
import { checkTensors } from "./onnxTensors.ts";
import { checkValues } from "./onnxValues.ts";

export interface PolicySubject {
  /** The `.onnx` file itself. */
  readonly bytes: Uint8Array;
  /** Its path inside the release: external data are found relative to it. */
  readonly path: string;
  /** All files of the release by path. */
  readonly files: SiblingFiles;
  readonly schema: ReleaseSchema;
}

/** What the node has learned of a model by looking. */
export interface PolicyFindings {
  readonly hasFreeBatch: boolean;
}

/**
 * Whether a model may be published and served: well formed, a function of its inputs alone, without an operation that
 * kills the runtime, reading nothing outside its release, and with the inputs and outputs that its release declares.
 * @throws ModelError naming what is wrong and where
 */
export function checkOnnxPolicy(subject: PolicySubject, limits?: OnnxLimits): PolicyFindings {
  const file = parseOnnx(subject.bytes, limits);
  checkOperators(file);
  checkTensors(file, subject.path, subject.files);
  checkInterface(file.graph, subject.schema);
  checkValues(file);
  return { hasFreeBatch: hasFreeBatch(file.graph, subject.schema) };
}

// What integrators import: safe in a browser. Modules that read files (`manifest`, `deployment`) are imported by name.
export { DTYPES, type Dtype } from "./dtype.ts";
export { NetworkError } from "./errors.ts";
export {
  domainSeparatorOf,
  INFERENCE_BUNDLE_TYPES,
  INFERENCE_RESULT_TYPES,
  type InferenceResult,
  operatorsDomain,
  resultHash,
  SIGNER_CONSENT_TYPES,
} from "./inferenceResult.ts";
export { formatOpg, parseOpg } from "./opg.ts";
export { formatVersion, parseVersion, type ReleaseVersion } from "./releaseVersion.ts";
export {
  type Acceptance,
  DELIVERY,
  GRAIN,
  type InferenceRequest,
  MODES,
  type ModeName,
  NO_ACCEPTANCE,
  type PackedRequest,
  packRequest,
  REQUEST_STATES,
  type RequestState,
  unpackRequest,
} from "./request.ts";
export { bundleDigest, bundlePath, bundleRoot, memberDigest } from "./resultBundle.ts";
export { checkAgainstSchema, parseTensorSchema, type TensorSchema, type TensorSpec } from "./schema.ts";
export type { Tensor } from "./tensor.ts";
export { CODEC_TENSORS, decodeTensors, encodeTensors, hashTensors } from "./tensorCodec.ts";
export { TensorError } from "./tensorError.ts";
export {
  fixedFromTensor,
  integersFromTensor,
  numbersFromTensor,
  tensorFromFixed,
  tensorFromNumbers,
} from "./tensorValues.ts";

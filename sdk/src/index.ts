// What integrators import: safe in a browser, which a test holds it to. Modules that read files (`manifest`, `deployment`) are imported by name.
export {
  appendResults,
  type CarriedResult,
  CarriedResultsError,
  decodeBundles,
  encodeBundle,
  encodeBundles,
  type ResultBundle,
  splitResults,
} from "./carriedResults.ts";
export { APPENDED, batchCarrier, type Carrier, executorCarrier } from "./carrier.ts";
export { DTYPES, type Dtype } from "./dtype.ts";
export { NetworkError } from "./errors.ts";
export { type Claim, claimCommitment, claimKey, claimOf } from "./evidence/claim.ts";
export { type Evidence, type EvidenceLog, evidenceSigner, type SignedResult } from "./evidence/evidence.ts";
export { pipeEvidence } from "./evidence/pipeEvidence.ts";
export { fulfilmentEvidence, openedRequests, signedFulfilments } from "./evidence/requestEvidence.ts";
export {
  decodeInferenceRequired,
  decodeQuery,
  encodeInferenceRequired,
  encodeQuery,
  type InferenceQuery,
  type InferenceRequired,
  QueryMalformedError,
} from "./inferenceQuery.ts";
export {
  type InferenceCost,
  type ModeQuote,
  type QuoteOptions,
  type QuoteQuery,
  quoteInference,
} from "./inferenceQuote.ts";
export {
  domainSeparatorOf,
  INFERENCE_BUNDLE_TYPES,
  INFERENCE_RESULT_TYPES,
  type InferenceResult,
  operatorsDomain,
  resultHash,
  SIGNER_CONSENT_TYPES,
} from "./inferenceResult.ts";
export { demandedBy, demandOf, KEY_ORIGINS, type KeyOriginName } from "./keyOrigin.ts";
export {
  type Carry,
  NODE_FAILURES,
  NODE_PATHS,
  type NodeFailure,
  type NodeFailureCode,
  type NodeOffer,
  type PreexecuteRequest,
  type PreexecuteResponse,
  type QuoteRequest,
  type QuoteResponse,
  stringifyMessage,
} from "./nodeApi.ts";
export { NODE_CALL_TYPES, NodeCallError, signNodeCall, verifyNodeCall } from "./nodeCall.ts";
export { type OfferScore, type OfferToScore, scoreOffer } from "./nodeSearch.ts";
export { formatOpg, parseOpg } from "./opg.ts";
export type { PipeNetwork } from "./pipeContracts.ts";
export {
  AllNodesFailedError,
  CallRevertsError,
  CarryImpossibleError,
  FeeAboveCapError,
  type NodeReport,
  NoNodeServesError,
  PayerCannotPayError,
  type Shortage,
  SimulationFailedError,
} from "./pipeError.ts";
export { type CarriedCall, PipeSigner, type PipeSignerOptions } from "./pipeSigner.ts";
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
export { bundleSigner, carriedDigest, contextOf, signedResultsOf } from "./signedBundle.ts";
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
export {
  compareWays,
  OnChainModelWrongError,
  type Protection,
  type WayComparison,
  type WayMissingCode,
  type WayNetwork,
  type WayOptions,
  type WayQuery,
  type WayQuote,
} from "./wayQuote.ts";

import { NetworkError } from "@opg-network/sdk/errors";

const PROBLEMS = {
  "artifact-uri-refused": { retryable: false, text: "This node does not fetch from this URI" },
  "artifact-address-refused": {
    retryable: false,
    text: "The artifact's host is at an address that is off limits",
  },
  "artifact-redirect-refused": {
    retryable: false,
    text: "The artifact's host redirects where this node does not follow",
  },
  "artifact-encoding-refused": { retryable: false, text: "The artifact's host sends it encoded" },
  "artifact-not-found": { retryable: false, text: "There is no artifact at this URI" },
  "artifact-too-large": { retryable: false, text: "The artifact is larger than this node fetches" },
  "artifact-size-mismatch": { retryable: false, text: "The artifact is not as long as its release declares" },
  "artifact-digest-mismatch": { retryable: false, text: "The artifact is not what its release declares" },
  "artifact-unavailable": { retryable: true, text: "The artifact cannot be fetched now" },
  "artifact-timeout": { retryable: true, text: "The artifact took too long to arrive" },
  "cache-full": { retryable: true, text: "All models in the cache are in use and leave no room" },
  "cache-disk-full": { retryable: true, text: "The disk under the model cache is full" },
  "cache-unusable": { retryable: true, text: "The folder of the model cache cannot be used" },
} as const;

export type ArtifactErrorCode = keyof typeof PROBLEMS;

/** Why a file of a release is not here. `retryable` says whether the same fetch may succeed later. */
export class ArtifactError extends NetworkError {
  override readonly name = "ArtifactError";
  declare readonly code: ArtifactErrorCode;

  constructor(code: ArtifactErrorCode, data: Record<string, unknown>, cause?: unknown) {
    const { retryable, text } = PROBLEMS[code];
    const facts = Object.entries(data).map(([name, value]) => `${name} ${String(value)}`);
    super(code, `${text}: ${facts.join(", ")}`, { retryable, data, cause });
  }
}

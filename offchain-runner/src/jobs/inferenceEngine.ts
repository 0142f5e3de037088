import type { PublishedRelease } from "../hub/releaseCatalog.ts";

export interface PrepareOptions {
  /** Whether every result of an exact release is compared with the interpreter; without it, it is. */
  readonly checkExact: boolean;
}

/**
 * What runs models, as the jobs see it: encoded input to encoded output. Every failure is a `NetworkError` whose `code`
 * says what is wrong and whose `retryable` says whether another try can help.
 */
export interface InferenceEngine {
  /** Fetches, verifies and loads a release. */
  prepare(release: PublishedRelease, signal: AbortSignal, options?: PrepareOptions): Promise<void>;
  /** Throws when the input is not the canonical encoding of tensors that the release takes. */
  checkInput(release: PublishedRelease, input: Uint8Array): void;
  /** What a run alone takes, from the ones so far; undefined before the first. */
  expectedRunMs(releaseId: string): number | undefined;
  run(release: PublishedRelease, input: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

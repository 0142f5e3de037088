import type { InferenceResult } from "@opg-network/sdk/inferenceResult";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import { bundleDigest } from "@opg-network/sdk/resultBundle";
import type { Exactness, SubmissionLedger } from "./submissionLedger.ts";

/** Signs 32-byte digests with the operator's hot key; made by `chain/signerKey.ts`. */
export interface DigestSigner {
  readonly address: string;
  /** 65 bytes, r ‖ s ‖ v, low s. */
  signDigest(digest: string): string;
}

/** Signs results, one alone or several as one bundle, and never two outputs for one key. */
export class ResultSigner {
  readonly #key: DigestSigner;
  readonly #ledger: SubmissionLedger;
  readonly #domainSeparator: string;
  readonly #isExact: Exactness;

  constructor(key: DigestSigner, ledger: SubmissionLedger, domainSeparator: string, isExact: Exactness) {
    this.#key = key;
    this.#ledger = ledger;
    this.#domainSeparator = domainSeparator;
    this.#isExact = isExact;
  }

  get address(): string {
    return this.#key.address;
  }

  /**
   * One signature over all of `results`, in their order.
   * @throws OutputConflictError before anything is signed
   */
  sign(results: readonly InferenceResult[]): string {
    this.#ledger.checkAndInsert(results, this.#isExact);
    return this.#signed(results);
  }

  /**
   * The same without waiting for the disk: the signature must not be given away before the database is flushed.
   * @throws OutputConflictError before anything is signed
   */
  signAhead(results: readonly InferenceResult[]): string {
    this.#ledger.checkAndCommit(results, this.#isExact);
    return this.#signed(results);
  }

  #signed(results: readonly InferenceResult[]): string {
    return this.#key.signDigest(bundleDigest(this.#domainSeparator, results.map(resultHash)));
  }
}

/** The latest `validUntil` a result signed now may carry, seconds of chain time, or sooner as configured. */
export function validUntilFrom(chainNowSec: number, maxValiditySec: number, wantedSec: number): number {
  return chainNowSec + Math.min(maxValiditySec, wantedSec);
}

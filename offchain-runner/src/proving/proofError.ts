import { NetworkError } from "@opg-network/sdk/errors";

const PROBLEMS = {
  "proof-not-exact": "Only results of exact releases are proved",
  "proof-mode-not-offered": "The release does not offer mode ZK",
  "proof-not-committed": "The release commits to no key of this network's verifier",
  "proof-keys-missing": "The release's keys are not here",
  "proof-keys-invalid": "The folder of keys is not one that hub prove-setup made",
  "proof-key-mismatch": "The keys are not those of the release",
  "proof-circuit-mismatch": "The keys are of another circuit than the release's graph has",
  "proof-trial-failed": "The keys do not prove what the release's graph gives",
  "proof-key-not-stored": "The release's verifying key is not on chain",
  "proof-key-origin-refused": "This network's verifier takes no keys that were made so",
  "proof-key-refused": "This network's verifier refuses the release's key",
  "proof-key-not-admitted": "This network's verifier has not admitted the release's key yet",
  "proof-not-ready": "Proofs of the release cannot be made now",
  "proof-disagrees": "The circuit gives another output than the runtime",
  "proof-invalid": "The proof that was made does not verify",
} as const;

export type ProofErrorCode = keyof typeof PROBLEMS;

/** What somebody else may still put right, or this machine the next time. */
const RETRYABLE: ReadonlySet<ProofErrorCode> = new Set([
  "proof-mode-not-offered",
  "proof-keys-missing",
  "proof-key-not-stored",
  "proof-key-not-admitted",
  "proof-not-ready",
  "proof-invalid",
]);

/** Why a release is not served in mode ZK, or a result has no proof. */
export class ProofError extends NetworkError {
  override readonly name = "ProofError";
  declare readonly code: ProofErrorCode;

  constructor(
    code: ProofErrorCode,
    data: Readonly<Record<string, unknown>> & { reason: string },
    cause?: unknown,
  ) {
    super(code, `${PROBLEMS[code]}: ${data.reason}`, { data, cause, retryable: RETRYABLE.has(code) });
  }
}

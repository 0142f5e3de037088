import { decodeBundles, type ResultBundle } from "../carriedResults.ts";
import { resultHash } from "../inferenceResult.ts";
import { signedResultsOf } from "../signedBundle.ts";
import { hashHex } from "../words.ts";
import { EventData } from "./eventData.ts";
import { type Evidence, type EvidenceLog, evidenceOfBundle } from "./evidence.ts";
import { EVIDENCE_TOPICS } from "./evidenceAbi.ts";

const { ResultsLoaded, Inferred, Insured } = EVIDENCE_TOPICS;

/**
 * Every signed result that `Pipe` was paid for, out of its logs alone.
 * @param logs in chain order, with all of `pipe` in each of their transactions; others are passed over
 * @throws EvidenceMalformedError, or CarriedResultsError where a log holds no bundle: the contract writes neither
 */
export function pipeEvidence(logs: readonly EvidenceLog[], pipe: string): Evidence[] {
  const of = pipe.toLowerCase();
  const own = logs.filter(({ address }) => address.toLowerCase() === of);
  const inputs = new Map<string, string>();
  for (const log of own) {
    const [topic] = log.topics;
    if (topic !== Inferred && topic !== Insured) continue;
    const event = new EventData(log);
    const input = event.bytes(topic === Inferred ? 0 : 1);
    inputs.set(placeOf(log, event.topic(2), hashHex(input)), input);
  }
  return own.flatMap((log) => {
    if (log.topics[0] !== ResultsLoaded) return [];
    const event = new EventData(log);
    const by = { signer: event.addressTopic(1), payer: event.addressTopic(2) };
    return decodeBundles(event.bytes(0)).flatMap((bundle) => evidenceIn(bundle, by, log, inputs));
  });
}

function evidenceIn(
  bundle: ResultBundle,
  { signer, payer }: { signer: string; payer: string },
  log: EvidenceLog,
  inputs: ReadonlyMap<string, string>,
): Evidence[] {
  const results = signedResultsOf(bundle, payer);
  const members = results.map((result, i) => ({
    result,
    output: bundle.results[i]?.output ?? "0x",
    input: inputs.get(placeOf(log, result.release, result.inputHash)),
  }));
  return evidenceOfBundle({ signer, signature: bundle.signature }, results.map(resultHash), members, log);
}

/** A use names release and input alone, and can only be of what its own transaction loaded. */
function placeOf({ transactionHash }: EvidenceLog, release: string, inputHash: string): string {
  return `${transactionHash}:${release}:${inputHash}`;
}

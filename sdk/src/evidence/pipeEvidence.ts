import { keccak256 } from "ethers";
import { decodeBundles, type ResultBundle } from "../carriedResults.ts";
import { resultHash } from "../inferenceResult.ts";
import { signedResultsOf } from "../signedBundle.ts";
import { type Evidence, type EvidenceLog, evidenceOfBundle } from "./evidence.ts";
import { PIPE_EVIDENCE } from "./evidenceAbi.ts";

/**
 * Every signed result that `Pipe` was paid for, out of its logs alone.
 * @param logs in chain order, with all of `pipe` in each of their transactions; others are passed over
 * @throws CarriedResultsError where a log holds no bundle, which the contract never writes
 */
export function pipeEvidence(logs: readonly EvidenceLog[], pipe: string): Evidence[] {
  const own = logs.filter(({ address }) => address.toLowerCase() === pipe.toLowerCase());
  const events = own.flatMap((log) => {
    const event = PIPE_EVIDENCE.parseLog(log);
    return event === null ? [] : [{ log, name: event.name, args: event.args }];
  });
  const inputs = new Map<string, string>();
  for (const { log, name, args } of events) {
    if (name === "Inferred") inputs.set(placeOf(log, args.release, keccak256(args.input)), args.input);
  }
  return events.flatMap(({ log, name, args }) =>
    name === "ResultsLoaded"
      ? decodeBundles(args.bundle).flatMap((bundle) =>
          evidenceIn(bundle, { signer: args.signer, payer: args.payer }, log, inputs),
        )
      : [],
  );
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

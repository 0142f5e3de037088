import { decodeBundles } from "@opg-network/sdk/carriedResults";
import { firstBlockOf } from "@opg-network/sdk/deployment";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import { signedResultsOf } from "@opg-network/sdk/signedBundle";
import { keccak256 } from "ethers";
import type { InsuredResult } from "../../offchain-runner/src/cover/coverClaims.ts";
import { allEvents } from "../eventLogs.ts";
import { signedBundlesIn } from "../inference/signedResults.ts";
import type { Session } from "../session.ts";

/** Every result that insured `beneficiary`, rebuilt from the logs alone; each once. */
export async function insuredResults(session: Session, beneficiary: string): Promise<InsuredResult[]> {
  const found = [...(await ofPipe(session, beneficiary)), ...(await ofRequests(session, beneficiary))];
  const byHash = new Map(found.map((insured) => [resultHash(insured.result), insured]));
  return [...byHash.values()];
}

async function ofPipe(session: Session, beneficiary: string): Promise<InsuredResult[]> {
  const { pipe, operators } = await session.readOnly();
  const coverer = await pipe.getAddress();
  const from = firstBlockOf(await session.deployment());
  const filter = pipe.filters.Insured(undefined, undefined, beneficiary);
  const found: InsuredResult[] = [];
  for (const event of await allEvents(pipe, filter, from)) {
    const inputHash = keccak256(event.args.input);
    const { logs } = await event.getTransactionReceipt();
    for (const log of logs) {
      const loaded = log.address === coverer ? pipe.interface.parseLog(log) : null;
      if (loaded?.name !== "ResultsLoaded") continue;
      const { operatorId } = await operators.standingOf(loaded.args.signer);
      const results = decodeBundles(loaded.args.bundle).flatMap((bundle) =>
        signedResultsOf(bundle, loaded.args.payer),
      );
      for (const result of results)
        if (result.maxCover !== 0n && result.inputHash === inputHash && result.release === event.args.release)
          found.push({ operatorId: Number(operatorId), coverer, result });
    }
  }
  return found;
}

async function ofRequests(session: Session, beneficiary: string): Promise<InsuredResult[]> {
  const { requests } = await session.readOnly();
  const coverer = await requests.getAddress();
  const from = firstBlockOf(await session.deployment());
  const found: InsuredResult[] = [];
  const filter = requests.filters.RequestInsured(undefined, beneficiary);
  for (const event of await allEvents(requests, filter, from)) {
    const bundles = await signedBundlesIn(session, await event.getTransactionReceipt());
    for (const { operatorId, result } of bundles.flatMap(({ answers }) => answers))
      if (result.context === event.args.id) found.push({ operatorId, coverer, result });
  }
  return found;
}

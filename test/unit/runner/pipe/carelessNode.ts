import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { hexlify } from "ethers";
import { systemClock } from "../../../../offchain-runner/src/clock.ts";
import { ServedResults } from "../../../../offchain-runner/src/pipe/servedResults.ts";
import { UnpaidQuota } from "../../../../offchain-runner/src/pipe/unpaidQuota.ts";
import { ResultSigner } from "../../../../offchain-runner/src/proofs/resultSigner.ts";
import {
  OutputConflictError,
  SubmissionLedger,
} from "../../../../offchain-runner/src/proofs/submissionLedger.ts";
import { openDatabase } from "../../../../offchain-runner/src/store/database.ts";
import { pipeConfig } from "../fakes/pipeConfig.ts";
import { RELEASE } from "../fakes/someRequest.ts";

// A program of its own, which a test ends while it works: books and signs answers of a model that never says the same
// twice, and says what it gave away as soon as it can.

export const KEYS = 40;
export const OUTPUTS_A_BUNDLE = 2;

const hash = (value: number): string => `0x${value.toString(16).padStart(64, "0")}`;

function work(folder: string): void {
  const database = openDatabase(folder);
  const served = new ServedResults(database, systemClock);
  const quota = new UnpaidQuota(served, pipeConfig().unpaid, systemClock);
  const key = { address: "0x", signDigest: (digest: string) => digest };
  const signer = new ResultSigner(key, new SubmissionLedger(database, systemClock), hash(0), () => false);
  const caller = { id: "alice", isAnonymous: false, network: "n" };
  for (let round = 0; ; ++round) {
    const results = Array.from({ length: OUTPUTS_A_BUNDLE }, (_, index) => ({
      ...{ context: hash(1), release: RELEASE, mode: 0, codec: 1, fee: 0n, maxCover: 0n, validUntil: round },
      inputHash: hash((round * OUTPUTS_A_BUNDLE + index) % KEYS),
      outputHash: hexlify(randomBytes(32)),
    }));
    quota.charge(caller, results);
    for (const { inputHash } of results) writeSync(1, `booked ${inputHash}\n`);
    try {
      signer.signAhead(results);
      for (const { inputHash, outputHash } of results) writeSync(1, `signed ${inputHash} ${outputHash}\n`);
    } catch (error) {
      if (!(error instanceof OutputConflictError)) throw error;
    }
  }
}

if (import.meta.main) work(process.argv[2] ?? "");

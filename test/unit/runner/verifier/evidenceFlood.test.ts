import { encodeBundle } from "@opg-network/sdk/carriedResults";
import { expect } from "chai";
import { hexlify, id, keccak256, toBeHex, ZeroAddress, ZeroHash } from "ethers";
import type { ChainLog } from "../../../../offchain-runner/src/chain/chainReader.ts";
import { pipeInterface } from "../../../../offchain-runner/src/chain/contracts.ts";
import { EvidenceHandler } from "../../../../offchain-runner/src/verifier/evidenceHandler.ts";
import { EvidenceStore } from "../../../../offchain-runner/src/verifier/evidenceStore.ts";
import { silentLogger } from "../fakes/silentLogger.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";
import { TempDatabase } from "../fakes/tempDatabase.ts";
import { INPUT, NOW_SEC, RELEASE, SIGNER } from "./someEvidence.ts";

const PIPE = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const REQUESTS = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";

describe("EvidenceHandler, of many results", () => {
  let temp: TempDatabase;
  let store: EvidenceStore;

  beforeEach(() => {
    temp = new TempDatabase();
    store = new EvidenceStore(temp.database, new SteppedClock(), 86_400);
  });

  afterEach(() => temp.dispose());

  function handler({ share = 1, backlog = 1_000, interest = true } = {}): EvidenceHandler {
    return new EvidenceHandler(
      { store, isOfInterest: () => interest, onNew: () => undefined, logger: silentLogger },
      { requests: REQUESTS, pipe: PIPE, share, backlog },
    );
  }

  function log(name: "ResultsLoaded" | "Inferred", values: unknown[], transaction: string): ChainLog {
    const { data, topics } = pipeInterface.encodeEventLog(name as "Inferred", values as never);
    const where = { blockNumber: 1, blockHash: ZeroHash, index: 0 };
    return { address: PIPE, data, topics, transactionHash: id(transaction), ...where };
  }

  /** A transaction that loads one result and uses it, as far as `isUsed` says. */
  function used(number: number, isUsed = true): ChainLog[] {
    const result = {
      release: RELEASE,
      inputHash: keccak256(INPUT),
      mode: 0,
      codec: 1,
      fee: 0n,
      maxCover: 0n,
    };
    const bundle = encodeBundle({
      ...{ consumer: ZeroAddress, validUntil: NOW_SEC, signature: `0x${"01".repeat(65)}` },
      results: [{ ...result, output: toBeHex(number, 32), proof: "0x" }],
    });
    const inferred = isUsed ? [log("Inferred", [PIPE, RELEASE, hexlify(INPUT)], `${number}`)] : [];
    return [log("ResultsLoaded", [SIGNER.address, PIPE, bundle], `${number}`), ...inferred];
  }

  const flood = (count: number): ChainLog[] => Array.from({ length: count }, (_, i) => used(i)).flat();

  it("keeps every result once, with its input, however often the logs come", () => {
    const each = handler();
    for (let turn = 0; turn < 2; ++turn) each.apply(flood(5));
    expect(store.due(100)).to.have.length(5);
    expect(store.backlog).to.equal(5);
    expect(store.inputOf(keccak256(INPUT))).to.deep.equal(INPUT);
  });

  it("keeps what was not used without an input", () => {
    handler().apply(used(1, false));
    expect(store.due(100)).to.have.length(1);
    expect(store.inputOf(keccak256(INPUT))).to.equal(undefined);
  });

  it("lets no flood fill its backlog, and forgets no result of it", () => {
    handler({ backlog: 10 }).apply(flood(200));
    expect(store.backlog).to.equal(10);
    const kept = store.due(1_000);
    expect(kept).to.have.length(200);
    // Chance decides: all of the first ten, and none after them, would be one case in 10^50.
    const sampled = kept.flatMap(({ isSampled }, place) => (isSampled ? [place] : []));
    expect(sampled).to.not.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("takes its share, by chance", () => {
    handler({ share: 0.5 }).apply(flood(200));
    expect(store.backlog).to.be.within(50, 150);
  });

  it("passes over releases that are known to be approximate, and logs of other contracts", () => {
    handler({ interest: false }).apply(flood(3));
    handler().apply(flood(3).map((each) => ({ ...each, address: REQUESTS })));
    expect(store.due(100)).to.have.length(0);
  });

  it("goes on after a transaction whose logs are no evidence", () => {
    const spoiled = used(7).map((each) => ({ ...each, data: each.data.slice(0, 130) }));
    handler().apply([...used(6), ...spoiled, ...used(8)]);
    expect(store.due(100)).to.have.length(2);
  });
});

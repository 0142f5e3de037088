import { evidenceSigner } from "@opg-network/sdk/evidence/evidence";
import { resultHash } from "@opg-network/sdk/inferenceResult";
import { packRequest } from "@opg-network/sdk/request";
import { bundleDigest } from "@opg-network/sdk/resultBundle";
import { expect } from "chai";
import { hexlify, id, keccak256, ZeroHash } from "ethers";
import type { ChainLog } from "../../../../offchain-runner/src/chain/chainReader.ts";
import { EvidenceHandler } from "../../../../offchain-runner/src/verifier/evidenceHandler.ts";
import { EvidenceStore } from "../../../../offchain-runner/src/verifier/evidenceStore.ts";
import { InferenceRequests__factory } from "../../../../types/factories/contracts/InferenceRequests__factory.ts";
import { silentLogger } from "../fakes/silentLogger.ts";
import { INPUT, idOf, RELEASE, REQUESTS_ADDRESS, someRequest } from "../fakes/someRequest.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";
import { TempDatabase } from "../fakes/tempDatabase.ts";
import { DOMAIN, SIGNER, WRONG } from "./someEvidence.ts";

const REQUESTS = InferenceRequests__factory.createInterface();
const FLOAT = id("float release");
const WINDOW_SEC = 86_400;
const VALID_UNTIL = 2_500;

describe("EvidenceHandler", () => {
  const temp = new TempDatabase();
  let store: EvidenceStore;
  let handler: EvidenceHandler;

  beforeEach(() => {
    store = new EvidenceStore(temp.database, new SteppedClock(), WINDOW_SEC);
    handler = new EvidenceHandler(
      { store, isOfInterest: (release) => release !== FLOAT, onNew: () => undefined, logger: silentLogger },
      { requests: REQUESTS_ADDRESS, pipe: undefined, share: 1, backlog: 100 },
    );
  });

  after(() => temp.dispose());

  function log(name: string, values: readonly unknown[], transactionHash: string): ChainLog {
    const { data, topics } = REQUESTS.encodeEventLog(name, values);
    return {
      address: REQUESTS_ADDRESS,
      topics,
      data,
      blockNumber: 1,
      blockHash: ZeroHash,
      transactionHash,
      index: 0,
    };
  }

  it("RULES 9: finds a lie that shares its signature with the answer of an approximate release", () => {
    const requests = [someRequest({ release: FLOAT, lane: 1 }), someRequest({ release: RELEASE, lane: 2 })];
    for (const request of requests) {
      const values = [
        idOf(request),
        request.requester,
        request.release,
        packRequest(request),
        hexlify(INPUT),
      ];
      handler.apply([log("RequestOpened", values, id(`opened ${request.lane}`))]);
    }
    const leaves = requests.map((request) =>
      resultHash({
        ...request,
        context: idOf(request),
        outputHash: keccak256(WRONG),
        maxCover: 0n,
        validUntil: VALID_UNTIL,
      }),
    );
    const { serialized } = SIGNER.signingKey.sign(bundleDigest(DOMAIN, leaves));
    handler.apply([
      log("ResultsSigned", [SIGNER.address, VALID_UNTIL, serialized], id("answered")),
      ...requests.map((request) =>
        log("RequestFulfilled", [idOf(request), 1, request.fee, hexlify(WRONG)], id("answered")),
      ),
    ]);

    const [found, ...others] = store.due(10);
    expect(others).to.deep.equal([]);
    expect(found?.signed.result.release).to.equal(RELEASE);
    expect(found && evidenceSigner(found.signed, DOMAIN)).to.equal(SIGNER.address);
    expect(store.inputOf(keccak256(INPUT))).to.deep.equal(INPUT);
  });
});

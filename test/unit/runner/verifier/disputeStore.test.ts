import type { Claim } from "@opg-network/sdk/evidence/claim";
import { expect } from "chai";
import { id } from "ethers";
import { DisputeStore, type NewDispute } from "../../../../offchain-runner/src/verifier/disputeStore.ts";
import { SteppedClock } from "../fakes/steppedClock.ts";
import { TempDatabase } from "../fakes/tempDatabase.ts";
import { RELEASE, SIGNER } from "./someEvidence.ts";

const KEY = id("key");
const CLAIM: Claim = {
  operatorId: 1,
  era: 0,
  release: RELEASE,
  codec: 1,
  inputHash: id("input"),
  outputHash: id("output"),
};
const FOUND: NewDispute = {
  key: KEY,
  kind: "wrong-output",
  state: "found",
  claim: CLAIM,
  signer: SIGNER.address,
  signed: undefined,
  other: undefined,
  input: undefined,
  evidenceUntil: 1_000,
  salt: id("salt"),
};

describe("DisputeStore", () => {
  let temp: TempDatabase;
  let store: DisputeStore;

  beforeEach(() => {
    temp = new TempDatabase();
    store = new DisputeStore(temp.database, new SteppedClock());
  });

  afterEach(() => temp.dispose());

  it("knows the challenge that was opened before the lie was found, by whomever", () => {
    store.noteChallenge(KEY, 7);
    store.noteChallenge(id("another"), 8);
    store.open(FOUND);
    expect(store.get(KEY)?.challengeBlock).to.equal(7);
  });

  it("takes the newest of several, since the others have lapsed", () => {
    store.noteChallenge(KEY, 7);
    store.noteChallenge(KEY, 9);
    store.open(FOUND);
    expect(store.get(KEY)?.challengeBlock).to.equal(9);
  });

  it("forgets a challenge whose block is no longer part of the chain", () => {
    store.noteChallenge(KEY, 7);
    store.rollback(6);
    store.open(FOUND);
    expect(store.get(KEY)?.challengeBlock).to.equal(undefined);
  });
});

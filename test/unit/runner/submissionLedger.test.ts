import type { InferenceResult } from "@opg-network/sdk/inferenceResult";
import { expect } from "chai";
import { Wallet, ZeroHash } from "ethers";
import { ResultSigner, validUntilFrom } from "../../../offchain-runner/src/proofs/resultSigner.ts";
import {
  OutputConflictError,
  SubmissionLedger,
} from "../../../offchain-runner/src/proofs/submissionLedger.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

const hash = (byte: string): string => `0x${byte.repeat(32)}`;
const RESULT: InferenceResult = {
  context: hash("01"),
  release: hash("02"),
  mode: 0,
  codec: 1,
  inputHash: hash("03"),
  outputHash: hash("04"),
  fee: 5n,
  maxCover: 0n,
  validUntil: 1_000,
};
const OTHER_OUTPUT = { ...RESULT, outputHash: hash("05") };
const approximate = (): boolean => false;
const exact = (): boolean => true;

describe("SubmissionLedger", () => {
  let temp: TempDatabase;
  let ledger: SubmissionLedger;

  beforeEach(() => {
    temp = new TempDatabase();
    ledger = new SubmissionLedger(temp.database, new SteppedClock());
  });

  afterEach(() => temp.dispose());

  it("checks what it does not wait for the disk with just as well", () => {
    ledger.checkAndCommit([RESULT], approximate);
    ledger = new SubmissionLedger(temp.reopen(), new SteppedClock());
    expect(() => ledger.checkAndCommit([OTHER_OUTPUT], approximate)).to.throw(OutputConflictError);
    expect(() => ledger.checkAndInsert([OTHER_OUTPUT], approximate)).to.throw(OutputConflictError);
  });

  it("lets the same output through again, whatever fee and validity it is signed with", () => {
    ledger.checkAndInsert([RESULT], approximate);
    ledger.checkAndInsert([{ ...RESULT, fee: 6n, validUntil: 2_000 }], approximate);
    expect(ledger.outputHashOf(RESULT)).to.equal(RESULT.outputHash);
  });

  it("refuses a second output for one key, in another process too", () => {
    ledger.checkAndInsert([RESULT], approximate);
    ledger = new SubmissionLedger(temp.reopen(), new SteppedClock());
    expect(() => ledger.checkAndInsert([OTHER_OUTPUT], approximate))
      .to.throw(OutputConflictError)
      .with.nested.property("data.signed", RESULT.outputHash);
  });

  it("refuses it in another mode as well: the mode is not part of the comparison", () => {
    ledger.checkAndInsert([RESULT], approximate);
    expect(() => ledger.checkAndInsert([{ ...OTHER_OUTPUT, mode: 1 }], approximate)).to.throw(
      OutputConflictError,
    );
  });

  it("takes another output of an approximate release in another context", () => {
    ledger.checkAndInsert([RESULT], approximate);
    ledger.checkAndInsert([{ ...OTHER_OUTPUT, context: hash("06") }], approximate);
  });

  it("refuses another output of an exact release in every context", () => {
    ledger.checkAndInsert([RESULT], exact);
    expect(ledger.outputHashOf({ ...RESULT, context: ZeroHash })).to.equal(RESULT.outputHash);
    expect(() => ledger.checkAndInsert([{ ...OTHER_OUTPUT, context: hash("06") }], exact)).to.throw(
      OutputConflictError,
    );
  });

  it("refuses another output of an exact release also while nobody knows that it is exact, and afterwards", () => {
    const unknown = (): undefined => undefined;
    const elsewhere = { ...OTHER_OUTPUT, context: hash("06") };
    ledger.checkAndInsert([RESULT], exact);
    expect(() => ledger.checkAndInsert([elsewhere], unknown)).to.throw(OutputConflictError);
    const [first, second] = [
      { ...RESULT, inputHash: hash("08") },
      { ...elsewhere, inputHash: hash("08") },
    ];
    ledger.checkAndInsert([first], unknown);
    expect(() => ledger.checkAndInsert([second], exact)).to.throw(OutputConflictError);
    ledger.checkAndInsert([first], exact);
    ledger.checkAndInsert([second], approximate);
  });

  it("records all of a bundle or none of it", () => {
    const fresh = { ...RESULT, inputHash: hash("07") };
    ledger.checkAndInsert([RESULT], approximate);
    expect(() => ledger.checkAndInsert([fresh, OTHER_OUTPUT], approximate)).to.throw(OutputConflictError);
    expect(ledger.outputHashOf(fresh)).to.equal(undefined);
  });

  it("refuses a bundle that contradicts itself", () => {
    expect(() => ledger.checkAndInsert([RESULT, OTHER_OUTPUT], approximate)).to.throw(OutputConflictError);
  });
});

describe("ResultSigner", () => {
  it("records before it signs, and signs nothing that conflicts", () => {
    const temp = new TempDatabase();
    try {
      const ledger = new SubmissionLedger(temp.database, new SteppedClock());
      const { address, signingKey } = Wallet.createRandom();
      let signatures = 0;
      const key = {
        address,
        signDigest(digest: string) {
          signatures += 1;
          expect(ledger.outputHashOf(RESULT)).to.equal(RESULT.outputHash);
          return signingKey.sign(digest).serialized;
        },
      };
      const signer = new ResultSigner(key, ledger, hash("0a"), approximate);
      expect(signer.sign([RESULT])).to.match(/^0x[0-9a-f]{130}$/);
      expect(signer.signAhead([RESULT])).to.equal(signer.sign([RESULT]));
      for (const sign of [() => signer.sign([OTHER_OUTPUT]), () => signer.signAhead([OTHER_OUTPUT])])
        expect(sign).to.throw(OutputConflictError);
      expect(signatures).to.equal(3);
    } finally {
      temp.dispose();
    }
  });

  it("never signs further ahead than the protocol allows", () => {
    expect(validUntilFrom(1_000, 3_600, 600)).to.equal(1_600);
    expect(validUntilFrom(1_000, 300, 600)).to.equal(1_300);
  });
});

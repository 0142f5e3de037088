import type { CarriedResult } from "@opg-network/sdk/carriedResults";
import type { Cover } from "@opg-network/sdk/cover";
import { expect } from "chai";
import { parseEther, ZeroAddress } from "ethers";
import { CoverBook } from "../../../../offchain-runner/src/pipe/coverBook.ts";
import { RELEASE } from "../fakes/someRequest.ts";

const BENEFICIARY = `0x${"11".repeat(20)}`;
const [PAYER, OTHER] = [`0x${"22".repeat(20)}`, `0x${"33".repeat(20)}`];
const CONFIG = {
  rateBps: 150,
  perResult: parseEther("100"),
  perPayer: parseEther("150"),
  total: parseEther("200"),
};

describe("CoverBook", () => {
  let coverable: bigint;
  let isExact: boolean;
  let now: number;

  beforeEach(() => {
    coverable = parseEther("1000");
    isExact = true;
    now = 1_000;
  });

  const bookOf = (config: typeof CONFIG | undefined) =>
    new CoverBook(config, {
      coverable: async () => coverable,
      isExact: async () => isExact,
      nowSec: () => now,
    });
  const cover = (opg: string): Cover => ({ amount: parseEther(opg), beneficiary: BENEFICIARY });
  const promised = (opg: string, input = "00") =>
    [{ release: RELEASE, inputHash: `0x${input}`, maxCover: parseEther(opg) }] as CarriedResult[];

  it("prices a cover at its rate, in whole grains", async () => {
    const book = bookOf(CONFIG);
    expect(await book.termsFor(undefined, RELEASE)).to.deep.equal({ kind: "insured", amount: 0n, price: 0n });
    expect(await book.termsFor(cover("100"), RELEASE)).to.deep.equal({
      ...{ kind: "insured", amount: parseEther("100"), price: parseEther("1.5") },
    });
    expect(await book.termsFor(cover("0.000001"), RELEASE)).to.include({ price: 10n ** 12n });
  });

  it("refuses for good what nobody can insure", async () => {
    const book = bookOf(CONFIG);
    const invalid = { kind: "refused", code: "cover-invalid" };
    expect(await book.termsFor({ amount: 0n, beneficiary: BENEFICIARY }, RELEASE)).to.deep.equal(invalid);
    expect(await book.termsFor({ amount: 1n, beneficiary: BENEFICIARY }, RELEASE)).to.deep.equal(invalid);
    expect(await book.termsFor({ amount: 10n ** 18n, beneficiary: ZeroAddress }, RELEASE)).to.deep.equal(
      invalid,
    );
    isExact = false;
    expect(await book.termsFor(cover("1"), RELEASE)).to.deep.equal({
      ...{ kind: "refused", code: "cover-needs-exact" },
    });
  });

  it("leaves to others what it does not sell", async () => {
    expect(await bookOf(undefined).termsFor(cover("1"), RELEASE)).to.include({ code: "cover-not-sold" });
    expect(await bookOf(CONFIG).termsFor(cover("100.000001"), RELEASE)).to.include({
      code: "cover-above-limit",
    });
  });

  it("keeps within what a payer, all payers and the chain leave", async () => {
    const book = bookOf(CONFIG);
    book.promise(promised("100"), PAYER, now + 300);
    expect(await book.termsFor(cover("51"), RELEASE, PAYER)).to.include({ code: "cover-above-limit" });
    expect(await book.termsFor(cover("50"), RELEASE, PAYER)).to.include({ kind: "insured" });
    expect(await book.termsFor(cover("100"), RELEASE, OTHER)).to.include({ kind: "insured" });
    coverable = parseEther("199");
    expect(await book.termsFor(cover("100"), RELEASE, OTHER)).to.include({ code: "cover-exhausted" });
    coverable = parseEther("1000");
    book.promise(promised("50", "01"), OTHER, now + 300);
    expect(await book.termsFor(cover("51"), RELEASE, OTHER)).to.include({ code: "cover-exhausted" });
  });

  it("counts what is signed again once, and what has expired no more", async () => {
    const book = bookOf(CONFIG);
    for (let i = 0; i < 5; ++i) book.promise(promised("100"), PAYER, now + 300);
    expect(await book.termsFor(cover("50"), RELEASE, PAYER)).to.include({ kind: "insured" });
    now += 301;
    expect(await book.termsFor(cover("100"), RELEASE, PAYER)).to.include({ kind: "insured" });
  });
});

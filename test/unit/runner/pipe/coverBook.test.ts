import type { Cover } from "@opg-network/sdk/cover";
import { expect } from "chai";
import { parseEther, toBeHex, ZeroAddress, ZeroHash } from "ethers";
import type { CoverUse } from "../../../../offchain-runner/src/cover/coverUse.ts";
import { NO_COVER_USE } from "../../../../offchain-runner/src/cover/coverUse.ts";
import type { InsuredResult } from "../../../../offchain-runner/src/pipe/coverBook.ts";
import { CoverBook } from "../../../../offchain-runner/src/pipe/coverBook.ts";
import { PromisedCovers } from "../../../../offchain-runner/src/pipe/promisedCovers.ts";
import { RELEASE } from "../fakes/someRequest.ts";
import { TempDatabase } from "../fakes/tempDatabase.ts";

const BENEFICIARY = `0x${"11".repeat(20)}`;
const [PAYER, OTHER] = [`0x${"22".repeat(20)}`, `0x${"33".repeat(20)}`];
const GRAIN = 10n ** 12n;
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
  let requested: CoverUse;
  let temp: TempDatabase;

  beforeEach(() => {
    [coverable, isExact, now, requested] = [parseEther("1000"), true, 1_000, NO_COVER_USE];
    temp = new TempDatabase();
  });
  afterEach(() => temp.dispose());

  const bookOf = (config: typeof CONFIG | undefined) =>
    new CoverBook(config, {
      promised: new PromisedCovers(temp.database),
      requested: () => requested,
      coverable: async () => coverable,
      isExact: async () => isExact,
      nowSec: () => now,
    });
  const cover = (opg: string): Cover => ({ amount: parseEther(opg), beneficiary: BENEFICIARY });
  const insured = (opg: string, input: number, overrides: Partial<InsuredResult> = {}): InsuredResult => ({
    ...{ context: ZeroHash, release: RELEASE, mode: 0, codec: 1, inputHash: toBeHex(input, 32), fee: GRAIN },
    ...{ maxCover: parseEther(opg), validUntil: now + 300 },
    ...overrides,
  });
  const sign = (book: CoverBook, payer: string, ...results: InsuredResult[]) =>
    book.signWith(
      results.map((result) => ({ ...result, outputHash: ZeroHash })),
      payer,
      () => "signed",
    );
  const room = (book: CoverBook, opg: string, payer: string) => book.refusalOf(parseEther(opg), payer);

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
    const none = bookOf(undefined);
    expect(await none.termsFor(cover("1"), RELEASE)).to.include({ code: "cover-not-sold" });
    expect(await none.openTab(PAYER).take(insured("1", 1))).to.equal("cover-not-sold");
    expect(await bookOf(CONFIG).termsFor(cover("100.000001"), RELEASE)).to.include({
      code: "cover-above-limit",
    });
  });

  it("keeps within what a payer, all payers and the chain leave", async () => {
    const book = bookOf(CONFIG);
    sign(book, PAYER, insured("100", 1));
    expect(await room(book, "51", PAYER)).to.equal("cover-above-limit");
    expect(await room(book, "50", PAYER)).to.equal(undefined);
    expect(await room(book, "100", OTHER)).to.equal(undefined);
    coverable = parseEther("199");
    expect(await room(book, "100", OTHER)).to.equal("cover-exhausted");
    coverable = parseEther("1000");
    sign(book, OTHER, insured("50", 2));
    expect(await room(book, "51", OTHER)).to.equal("cover-exhausted");
  });

  it("counts another validity, consumer or fee for what it is: another cover", async () => {
    const book = bookOf(CONFIG);
    sign(book, PAYER, insured("40", 1));
    sign(book, PAYER, insured("40", 1, { validUntil: now + 299 }));
    sign(book, PAYER, insured("40", 1, { context: toBeHex(7, 32) }));
    expect(await room(book, "31", PAYER)).to.equal("cover-above-limit");
    sign(book, PAYER, insured("30", 1, { fee: 2n * GRAIN }));
    expect(await room(book, "0.000001", PAYER)).to.equal("cover-above-limit");
  });

  it("counts what is signed again once, and what has expired no more", async () => {
    const book = bookOf(CONFIG);
    for (let i = 0; i < 5; ++i) sign(book, PAYER, insured("100", 1));
    expect(await room(book, "50", PAYER)).to.equal(undefined);
    now += 300;
    expect(await room(book, "51", PAYER), "a block of this time may use it").to.equal("cover-above-limit");
    now += 1;
    expect(await room(book, "100", PAYER)).to.equal(undefined);
  });

  it("holds what is offered from that moment on, and gives it back once", async () => {
    const book = bookOf(CONFIG);
    const tabs = Array.from({ length: 20 }, () => book.openTab(PAYER));
    const refusals = await Promise.all(tabs.map((tab, i) => tab.take(insured("10", i))));
    expect(refusals.filter((refusal) => refusal === undefined)).to.have.length(15);
    expect(new Set(refusals.slice(15))).to.deep.equal(new Set(["cover-above-limit"]));
    tabs[0]?.close();
    tabs[0]?.close();
    expect(await room(book, "10", PAYER)).to.equal(undefined);
    expect(await room(book, "10.000001", PAYER)).to.equal("cover-above-limit");
    for (const tab of tabs) tab.close();
    expect(await room(book, "150", PAYER)).to.equal(undefined);
  });

  it("counts one result once, however many ask for it at a time, until the last has let go", async () => {
    const book = bookOf(CONFIG);
    const tabs = [book.openTab(PAYER), book.openTab(PAYER)];
    for (const tab of tabs) expect(await tab.take(insured("100", 1))).to.equal(undefined);
    tabs[0]?.close();
    expect(await room(book, "51", PAYER)).to.equal("cover-above-limit");
    sign(book, PAYER, insured("100", 1));
    expect(await room(book, "50", PAYER)).to.equal(undefined);
    tabs[1]?.close();
    expect(await room(book, "51", PAYER)).to.equal("cover-above-limit");
  });

  it("remembers what it signed after a restart, and only that", async () => {
    const before = bookOf(CONFIG);
    await before.openTab(PAYER).take(insured("20", 1));
    sign(before, PAYER, insured("100", 2));
    expect(() =>
      before.signWith([{ ...insured("30", 3), outputHash: ZeroHash }], PAYER, () => {
        throw new Error("no second output");
      }),
    ).to.throw("no second output");
    temp.reopen();
    const book = bookOf(CONFIG);
    expect(await room(book, "50", PAYER)).to.equal(undefined);
    expect(await room(book, "51", PAYER)).to.equal("cover-above-limit");
    expect(await book.openTab(PAYER).take(insured("100", 2)), "the same again").to.equal(undefined);
  });

  it("keeps to the payer's last validity while half of it is left, so that asking again is the same", () => {
    const book = bookOf(CONFIG);
    expect(book.validUntilFor(PAYER, now + 300)).to.equal(now + 300);
    sign(book, PAYER, insured("1", 1));
    const until = now + 300;
    now += 150;
    expect(book.validUntilFor(PAYER, now + 300)).to.equal(until);
    expect(book.validUntilFor(OTHER, now + 300)).to.equal(now + 300);
    now += 1;
    expect(book.validUntilFor(PAYER, now + 300)).to.equal(now + 300);
    expect(book.validUntilFor(PAYER, now + 10), "never longer than asked for").to.equal(now + 10);
  });

  it("shares its limits with requests, and not their part of the stake", async () => {
    const book = bookOf(CONFIG);
    requested = { ofPayer: parseEther("140"), total: parseEther("140"), lockable: parseEther("140") };
    coverable = parseEther("10");
    expect(await room(book, "10", PAYER)).to.equal(undefined);
    expect(await room(book, "10.000001", PAYER)).to.equal("cover-above-limit");
  });

  it("reckons with locks that are rounded up, one by one", async () => {
    const book = bookOf(CONFIG);
    // 10 grains of stake: a cover of 3 locks them, three of 1 would lock 12.
    coverable = 3n * GRAIN;
    sign(book, PAYER, insured("0.000001", 1));
    expect(await book.refusalOf(GRAIN, PAYER)).to.equal("cover-exhausted");
  });
});

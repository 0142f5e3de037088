import { GRAIN } from "@opg-network/sdk/request";
import { expect } from "chai";
import { parseEther } from "ethers";
import fc from "fast-check";
import { leastFee, PriceList } from "../../../../offchain-runner/src/pipe/priceList.ts";
import { RELEASE } from "../fakes/someRequest.ts";

const SERVED = {
  release: RELEASE,
  minFee: parseEther("0.1"),
  modes: ["VANILLA" as const],
  expectedRunMs: 50,
};

describe("PriceList", () => {
  it("asks what is configured, in whole grains, for calls before for requests", async () => {
    const prices = new PriceList(500n, async () => ({ royalty: 0n, minStake: 0n }));
    expect(await prices.feeOf(RELEASE, { ...SERVED, pipeFee: undefined }, 0)).to.equal(parseEther("0.1"));
    expect(await prices.feeOf(RELEASE, { ...SERVED, pipeFee: 1n }, 0)).to.equal(GRAIN);
  });

  it("asks its own fee for a proof, where one is configured", async () => {
    const prices = new PriceList(500n, async () => ({ royalty: 0n, minStake: 0n }));
    const served = { ...SERVED, pipeFee: parseEther("0.05"), zkFee: parseEther("0.3") };
    expect(await prices.feeOf(RELEASE, served, 0)).to.equal(parseEther("0.05"));
    expect(await prices.feeOf(RELEASE, served, 1)).to.equal(parseEther("0.3"));
    expect(await prices.feeOf(RELEASE, { ...served, zkFee: undefined }, 1)).to.equal(parseEther("0.05"));
  });

  it("never asks less than royalty and protocol take", async () => {
    const prices = new PriceList(500n, async () => ({ royalty: parseEther("0.19"), minStake: 0n }));
    expect(await prices.feeOf(RELEASE, { ...SERVED, pipeFee: 0n }, 0)).to.equal(parseEther("0.2"));
  });

  it("finds the least fee that the contract takes", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 9n), fc.bigInt(0n, 2_000n), (royaltyGrains, bps) => {
        const royalty = royaltyGrains * GRAIN;
        const takes = (fee: bigint): boolean => fee >= royalty + (fee * bps) / 10_000n;
        const least = leastFee(royalty, bps);
        expect(least % GRAIN).to.equal(0n);
        expect(takes(least)).to.equal(true);
        if (least > 0n) expect(takes(least - GRAIN)).to.equal(false);
      }),
    );
  });

  it("reads the terms of a release once, and again after a failure", async () => {
    let reads = 0;
    const prices = new PriceList(0n, async () => {
      reads += 1;
      if (reads === 1) throw new Error("no answer");
      return { royalty: 0n, minStake: 5n };
    });
    await prices.termsOf(RELEASE).then(
      () => expect.fail("answered"),
      () => undefined,
    );
    await Promise.all([prices.termsOf(RELEASE), prices.termsOf(RELEASE)]);
    expect((await prices.termsOf(RELEASE)).minStake).to.equal(5n);
    expect(reads).to.equal(2);
  });
});

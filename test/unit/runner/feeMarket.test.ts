import { expect } from "chai";
import { parseEther, toBeHex } from "ethers";
import { ChainTime } from "../../../offchain-runner/src/chain/chainTime.ts";
import { FeeMarket } from "../../../offchain-runner/src/chain/feeMarket.ts";
import { createFeeReader, type FeeReader } from "../../../offchain-runner/src/chain/feeReader.ts";
import type { ProofGas } from "../../../offchain-runner/src/chain/gasModel.ts";
import type { ResilientProvider } from "../../../offchain-runner/src/chain/provider.ts";
import { answerWork } from "../../../offchain-runner/src/jobs/answerWork.ts";
import { GasCost } from "../../../offchain-runner/src/jobs/gasCost.ts";
import { silentLogger } from "./fakes/silentLogger.ts";
import { SteppedClock } from "./fakes/steppedClock.ts";

const ROLLUP = {
  data: { base: 10_000n, from: 1_000n, rise: 50_000n, run: 10_000n },
  operator: { base: 7n, from: 0n, rise: 500_000n, run: 1_000_000n },
};

function market(reader: FeeReader, maxTip = 10n): FeeMarket {
  const clock = new SteppedClock();
  const time = new ChainTime(clock);
  time.observe({ number: 1, hash: "0x1", parentHash: "0x0", timestamp: 1, baseFee: 100n });
  return new FeeMarket({ reader, time, clock, logger: silentLogger }, maxTip);
}

describe("FeeMarket", () => {
  it("counts base fee, tip, data and the operator's fee", async () => {
    const fees = market({ suggestedTip: async () => 3n, rollupFees: async () => ROLLUP });
    await fees.refresh();
    // 1,800 bytes and the envelope are 2,000: 5 wei a byte beyond 1,000.
    expect(fees.besideGas(1_000n, 1_800)).to.equal(15_000n + 507n);
    expect(fees.costOf(1_000n, 1_800)).to.equal(103_000n + 15_507n);
    expect(fees.operatorFee(2_000n)).to.equal(1_007n);
  });

  it("bids no tip above the cap, so counts none", async () => {
    const fees = market({ suggestedTip: async () => 30n, rollupFees: async () => undefined });
    await fees.refresh();
    expect(fees.costOf(1_000n, 1_800)).to.equal(110_000n);
  });

  it("keeps the prices while they cannot be read", async () => {
    let isDown = false;
    const reader: FeeReader = {
      suggestedTip: async () => 3n,
      rollupFees: async () => (isDown ? Promise.reject(new Error("down")) : ROLLUP),
    };
    const fees = market(reader);
    await fees.refresh();
    const before = fees.costOf(1_000n, 1_800);
    isDown = true;
    await fees.refresh().catch(() => undefined);
    expect(fees.costOf(1_000n, 1_800)).to.equal(before);
  });
});

describe("FeeReader", () => {
  it("takes no refusal of an endpoint for data that costs nothing", async () => {
    let isRefused = false;
    const fee = (wei: number): { result: string } => ({ result: toBeHex(wei, 32) });
    const provider = {
      getCode: async () => "0x01",
      sendAlone: async (_method: string, [{ data }]: [{ data: string }]) =>
        isRefused ? { error: { code: -32_016 } } : fee(data.length),
    };
    const reader = createFeeReader(provider as unknown as ResilientProvider);
    const before = await reader.rollupFees();
    expect(before?.data.base).to.be.a("bigint").that.is.not.equal(0n);
    isRefused = true;
    expect(await reader.rollupFees()).to.deep.equal(before);
  });
});

describe("GasCost", () => {
  it("is what a transaction costs at the price of the coin, and nothing without one", () => {
    const costOf = (): bigint => parseEther("0.001");
    const work = { gas: 1n, calldataBytes: 1 };
    expect(new GasCost({ costOf }, parseEther("30000")).of(work)).to.equal(parseEther("30"));
    expect(new GasCost({ costOf }, 0n).of(work)).to.equal(0n);
  });
});

describe("answerWork", () => {
  it("counts the callback at its limit, and a second transaction where it waits for the window", () => {
    const [bare, called] = [0, 500_000].map((callbackGas) =>
      answerWork({ callbackGas, delivery: 0 }, { outputBytes: 100 }),
    );
    expect((called?.gas ?? 0n) - (bare?.gas ?? 0n)).to.equal(500_000n);
    const later = answerWork({ callbackGas: 500_000, delivery: 1 }, { outputBytes: 100 });
    expect(later.gas > (called?.gas ?? 0n) + 21_000n).to.equal(true);
    expect(later.calldataBytes).to.equal(2 * (called?.calldataBytes ?? 0));
  });

  it("counts a proof with the input that goes along", () => {
    const worked = (proof?: ProofGas) =>
      answerWork({ callbackGas: 0, delivery: 0 }, { outputBytes: 100, proof });
    const bare = worked();
    for (const [system, bytes] of [
      ["groth16", 256],
      ["plonk", 768],
    ] as const) {
      const proved = worked({ system, inputBytes: 1_000, signals: 30 });
      expect(proved.calldataBytes - bare.calldataBytes).to.be.within(1_000 + bytes, 1_344 + bytes);
      expect(proved.gas - bare.gas > 200_000n).to.equal(true);
    }
  });

  it("counts the floor of calldata where that is more than the execution", () => {
    const large = answerWork({ callbackGas: 0, delivery: 0 }, { outputBytes: 20_000 });
    expect(large.gas >= 21_000n + 40n * 20_000n).to.equal(true);
  });
});

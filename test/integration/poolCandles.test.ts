import { expect } from "chai";
import { MaxUint256, parseEther } from "ethers";
import { network } from "hardhat";
import { PoolCandles } from "../../bench/market/replay/poolCandles.ts";
import { seededRandom } from "../../bench/market/replay/seededRandom.ts";
import { fastCheckSeed } from "../fixtures/campaign.ts";
import { pricesOf } from "../fixtures/compactPrice.ts";
import { shippedContract } from "../fixtures/exact/shippedContract.ts";

const START_SEC = 1_900_000_000;
const SWAPS = 150;

// The replay of the pool stands on candles of its own: here they meet the contract's.
describe("the replay's candles", () => {
  it("are the contract's, after swaps at any time and of any size", async () => {
    const { ethers, networkHelpers } = await network.create("op");
    const [owner] = await ethers.getSigners();
    if (owner === undefined) throw new Error("the network has no accounts");
    const pipe = await ethers.deployContract("MockPipe");
    const token0 = await ethers.deployContract("OPG", [owner]);
    const token1 = await ethers.deployContract("OPG", [owner]);
    const terms = { slope: 0n, baseFee: parseEther("0.003"), maxInferenceFee: 0n, minStake: 0n };
    const { creationCode } = await shippedContract("eth-volatility-1h-exact");
    const model = await (await owner.sendTransaction({ data: creationCode })).wait();
    const parts = [pipe, ethers.id("release"), model?.contractAddress, token0, token1, terms];
    const pool = await ethers.deployContract("VolatilityPool", parts);
    for (const token of [token0, token1]) await token.approve(pool, MaxUint256);
    const price = async (): Promise<number> => {
      const [reserve0, reserve1] = await pool.reserves();
      return Number(reserve1) / Number(reserve0);
    };

    let now = START_SEC;
    await networkHelpers.time.setNextBlockTimestamp(now);
    await pool.deposit(parseEther("1000"), parseEther("2000000"), 0, 0, owner, MaxUint256);
    const candles = new PoolCandles(await price(), now);
    const random = seededRandom(fastCheckSeed);
    for (let i = 0; i < SWAPS; i++) {
      // Mostly minutes apart, at times hours, and by a few percent of the pool or almost nothing.
      now += 1 + Math.floor(random() < 0.1 ? random() * 9_000 : random() * 1_800);
      const size = 10 ** (random() * 3 - 1.5);
      const amount = parseEther((size * (i % 2 === 0 ? 1 : 2_000)).toFixed(6));
      candles.record(await price(), now);
      await networkHelpers.time.setNextBlockTimestamp(now);
      await pool.swap(i % 2 === 0 ? token0 : token1, amount, 0, owner, MaxUint256);
    }

    const [isComplete, day] = await pool.lastDay();
    expect(isComplete).to.equal(true);
    const close = pricesOf(day[23] ?? 0n)[3];
    const expected = day.flatMap((candle) => pricesOf(candle)).map((value) => value / close - 1);
    const replayed = [...(candles.input() ?? [])];
    expect(replayed).to.have.length(96);
    expect(Math.max(...expected.map(Math.abs)) > 0.005).to.equal(true);
    const apart = replayed.map((value, i) => Math.abs(value - (expected[i] ?? Number.NaN)));
    expect(Math.max(...apart) < 1e-7, String(Math.max(...apart))).to.equal(true);
  });
});

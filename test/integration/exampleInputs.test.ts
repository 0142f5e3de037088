import { readFileSync } from "node:fs";
import { decodeTensors, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { integersFromTensor, tensorFromNumbers } from "@opg-network/sdk/tensorValues";
import { expect } from "chai";
import { getBytes, hexlify, parseEther } from "ethers";
import { network } from "hardhat";
import { MODELS } from "../../scripts/local/paths.ts";

interface Sample {
  cases: { name: string; candles: [number, number, number, number][] }[];
}

// The models' own samples: prices with two decimals.
const { cases } = JSON.parse(readFileSync(`${MODELS}/eth-volatility-1h/sample.json`, "utf8")) as Sample;

describe("the input that an example's contract makes", () => {
  let ethers: Awaited<ReturnType<typeof network.create>>["ethers"];

  before(async () => {
    ({ ethers } = await network.create("op"));
  });

  for (const { name, candles } of cases) {
    const prices = candles.map((hour) => hour.map((price) => BigInt(Math.round(price * 100)))) as never;
    const lastClose = candles[23]?.[3] ?? Number.NaN;
    const relative = candles.flat().map((price) => price / lastClose - 1);
    const expected = hexlify(encodeTensors([tensorFromNumbers("float32", [1, 24, 4], relative)]));

    it(`is the model's own encoding of the ${name} sample, bit by bit`, async () => {
      const harness = await ethers.deployContract("ModelInputHarness");
      expect(await harness.volatilityInput(prices)).to.equal(expected);
    });

    it(`is the exact model's own encoding of the ${name} sample, to the last millionth`, async () => {
      const harness = await ethers.deployContract("ModelInputHarness");
      const [tensor] = decodeTensors(getBytes(await harness.exactVolatilityInput(prices)));
      if (tensor === undefined) throw new Error("the input has one tensor");
      expect([tensor.dtype, tensor.shape]).to.deep.equal(["int32", [1, 24, 4]]);
      const exact = candles.flat().map((price) => (price * 1_000_000) / lastClose - 1_000_000);
      // Prices are kept to one part in 2^54, rounded down: at a whole millionth that may be the one below.
      const apart = integersFromTensor(tensor).map((value, i) => (exact[i] ?? Number.NaN) - Number(value));
      expect(Math.min(...apart) > -1e-6 && Math.max(...apart) < 1 + 1e-6, String(apart)).to.equal(true);
    });

    it(`is the same in VolatilityFeed for the ${name} sample`, async () => {
      const one = "0x0000000000000000000000000000000000000001";
      const feed = await ethers.deployContract("VolatilityFeed", [one, ethers.id("release"), one, 1n]);
      expect(await feed.encodeInput(prices)).to.equal(expected);
    });

    it(`holds forecast, range and return of the ${name} sample for the drawdown model`, async () => {
      const harness = await ethers.deployContract("ModelInputHarness");
      const highest = Math.max(...candles.map(([, high]) => high));
      const lowest = Math.min(...candles.map(([, , low]) => low));
      const state = [0.0042, highest / lowest - 1, lastClose / (candles[0]?.[0] ?? Number.NaN) - 1];
      expect(await harness.drawdownInput(parseEther("0.0042"), prices)).to.equal(
        hexlify(encodeTensors([tensorFromNumbers("float32", [1, 3], state)])),
      );
    });
  }
});

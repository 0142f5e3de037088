import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { readManifest } from "../../../../sdk/src/manifest.ts";
import { expectNear } from "../../../fixtures/near.ts";
import { agreedOutputs } from "./agreement.ts";

const MODELS = fileURLToPath(new URL("../../../../models/", import.meta.url));

interface Case {
  image?: number[][][];
  candles?: number[][][];
  features?: number[];
  digit?: number;
  score?: number;
  scores?: number[];
  volatility?: number;
  float?: number;
}

function json(file: string): { cases: Case[]; headline: { float: number; exact: number } } {
  return JSON.parse(readFileSync(`${MODELS}${file}`, "utf8"));
}

async function shipped(name: string) {
  const manifest = await readManifest(`${MODELS}${name}/manifest.json`);
  expect(manifest.arithmetic).to.equal("exact");
  const { inputs, outputs } = manifest;
  return { model: new Uint8Array(readFileSync(`${MODELS}${name}/model.onnx`)), inputs, outputs };
}

describe("shipped exact models", () => {
  for (const name of ["eth-volatility-1h-exact", "btc-volatility-1h-exact"]) {
    it(`gives the sample's outputs bit for bit: ${name}`, async () => {
      const { cases } = json(`${name}/sample.json`);
      const samples = cases.map(({ candles = [] }) => {
        const data = Int32Array.from(candles.flat(2));
        return new Map([["candles", { dims: [1, 24, 4], data }]]);
      });
      const outputs = await agreedOutputs(await shipped(name), samples);
      expect(cases.length).to.be.greaterThan(2);
      cases.forEach(({ volatility, float = 0 }, index) => {
        expect(outputs[index]).to.deep.equal([[BigInt(volatility ?? -1)]]);
        expectNear(Number(volatility) / 1e6, float, 3e-4);
      });
    });

    it(`stays inside its bounds at the ends of its input: ${name}`, async () => {
      const extremes = [-(2 ** 31), 2 ** 31 - 1, 0, -1_000_000];
      const samples = extremes.flatMap((a) =>
        extremes.map((b) => {
          const data = Int32Array.from({ length: 96 }, (_, index) => (index % 3 === 0 ? a : b));
          return new Map([["candles", { dims: [1, 24, 4], data }]]);
        }),
      );
      for (const [[volatility = 0n] = []] of await agreedOutputs(await shipped(name), samples)) {
        expect(Number(volatility)).to.be.within(100, 50_000);
      }
    });
  }

  it("reads the held-out digits as often right as its evaluation says", async () => {
    const rows = readFileSync(`${MODELS}digits/held-out.txt`, "utf8").trim().split("\n");
    const samples = rows.map((row) => {
      const data = Uint8Array.from(row.slice(2), (pixel) => Number.parseInt(pixel, 17));
      return new Map([["image", { dims: [1, 1, 8, 8], data }]]);
    });
    const outputs = await agreedOutputs(await shipped("digits"), samples);
    const right = outputs.filter(([digit], index) => digit?.[0] === BigInt(rows[index]?.[0] ?? -1)).length;
    const { headline } = json("digits/evaluation.json");
    expectNear(right / rows.length, headline.exact, 1e-5);
    expect(headline.float - headline.exact <= 0.01).to.equal(true);
  });

  it("scores the held-out credits as well as its evaluation says, and the sample's bit for bit", async () => {
    const rows = readFileSync(`${MODELS}credit-score/held-out.txt`, "utf8").trim().split("\n");
    const held = rows.map((row) => row.split(" ").map(Number));
    const { cases } = json("credit-score/sample.json");
    const sample = (features: number[]) =>
      new Map([["features", { dims: [1, 7], data: Uint8Array.from(features) }]]);
    const samples = [
      ...held.map(([, ...features]) => features),
      ...cases.map(({ features = [] }) => features),
    ];
    const outputs = await agreedOutputs(await shipped("credit-score"), samples.map(sample));
    const scores = outputs.map(([score]) => Number(score?.[0]));
    expect(scores.slice(held.length)).to.deep.equal(cases.map(({ score }) => score));
    const { headline } = json("credit-score/evaluation.json");
    const [repaid, not] = [1, 0].map((end) => scores.filter((_, row) => held[row]?.[0] === end));
    expectNear(area(repaid ?? [], not ?? []), headline.exact, 1e-5);
    expect(headline.float - headline.exact <= 0.005).to.equal(true);
  });

  it("gives a score of 0 to 1000 for any bytes", async () => {
    const model = await shipped("credit-score");
    const sample = (features: number[]) =>
      new Map([["features", { dims: [1, 7], data: Uint8Array.from(features) }]]);
    const ends = Array.from({ length: 128 }, (_, bits) =>
      Array.from({ length: 7 }, (_, place) => (bits >> place) & 1 && 255),
    );
    for (const [score] of await agreedOutputs(model, ends.map(sample)))
      expect(Number(score?.[0])).to.be.within(0, 1000);
  });

  it("gives the digits' sample bit for bit, and something for any bytes", async () => {
    const { cases } = json("digits/sample.json");
    const sample = (data: Uint8Array) => new Map([["image", { dims: [1, 1, 8, 8], data }]]);
    const shippedDigits = await shipped("digits");
    const images = cases.map(({ image = [] }) => sample(Uint8Array.from(image.flat(2))));
    const outputs = await agreedOutputs(shippedDigits, images);
    cases.forEach(({ digit = -1, scores = [] }, index) => {
      expect(outputs[index]).to.deep.equal([[BigInt(digit)], scores.map(BigInt)]);
    });
    const extremes = [0, 255].map((byte) => sample(new Uint8Array(64).fill(byte)));
    const checkered = sample(
      Uint8Array.from({ length: 64 }, (_, index) => 255 * ((index + (index >> 3)) % 2)),
    );
    expect(await agreedOutputs(shippedDigits, [...extremes, checkered])).to.have.lengthOf(3);
  });
});

/** How often one of the first has the higher score than one of the second, ties counted half. */
function area(first: readonly number[], second: readonly number[]): number {
  const wins = first.flatMap((a) => second.map((b): number => (a > b ? 1 : a === b ? 0.5 : 0)));
  return wins.reduce((sum, win) => sum + win, 0) / wins.length;
}

import { readFileSync } from "node:fs";
import { expect } from "chai";
import { network } from "hardhat";
import { ExactInterpreter } from "../../../offchain-runner/src/exact/interpreter.ts";
import { lowerRelease } from "../../../offchain-runner/src/exact/lowering.ts";
import { parseManifest } from "../../../sdk/src/manifest.ts";
import type { Tensor } from "../../../sdk/src/tensor.ts";
import { encodeTensors } from "../../../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../../../sdk/src/tensorValues.ts";
import { campaign, recordCases } from "../../fixtures/campaign.ts";
import { disagreement } from "../../fixtures/exact/agreement.ts";
import { ChainMachine } from "../../fixtures/exact/chainMachine.ts";
import { QUICK } from "../../fixtures/exact/comparison.ts";
import type { ExactGraph } from "../../fixtures/exact/exactGraph.ts";
import { SeededRandom } from "../../fixtures/exact/seededRandom.ts";

const MODELS = new URL("../../../models/", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, MODELS));
/** Of the inputs, the share that the machine computes too. */
const STEP = campaign.runs(25, 1);
const DRAWN = campaign.runs(200, 2_000);
const INT32 = [-(2 ** 31), 2 ** 31 - 1, 0, -1_000_000, 999_999];

function shipped(name: string): ExactGraph {
  const schema = parseManifest(JSON.parse(read(`${name}/manifest.json`).toString()), name);
  const bytes = new Uint8Array(read(`${name}/model.onnx`));
  return { seed: 0, bytes, schema, lowered: lowerRelease(bytes, schema), operators: [name] };
}

/** All images that the model was scored on, and what no scanner gives. */
function images(): Tensor[] {
  const rows = read("digits/held-out.txt").toString().trim().split("\n");
  const scans = rows.map((row) => [...row.slice(2)].map((pixel) => Number.parseInt(pixel, 17)));
  const odd = [0, 16, 17, 255].map((pixel) => new Array<number>(64).fill(pixel));
  return [...odd, ...scans].map((pixels) => tensorFromNumbers("uint8", [1, 1, 8, 8], pixels));
}

/** All credits that the model was scored on, and what no form has. */
function credits(): Tensor[] {
  const rows = read("credit-score/held-out.txt").toString().trim().split("\n");
  const forms = rows.map((row) => row.split(" ").slice(1).map(Number));
  const odd = [0, 1, 4, 127, 255].map((value) => new Array<number>(7).fill(value));
  return [...odd, ...forms].map((features) => tensorFromNumbers("uint8", [1, 7], features));
}

/** Candles as markets make them, from calm to torn, and the ends of the type. */
function candles(random: SeededRandom): Tensor[] {
  const walks = Array.from({ length: DRAWN }, () => {
    const pace = 10 ** (1 + 4.5 * random.next());
    let price = 1e6;
    const hours = Array.from({ length: 24 }, () => {
      const open = price;
      const moves = [0, 0, 0].map(() => open + (random.next() - 0.5) * pace);
      price = Math.max(1, moves[2] as number);
      return [open, Math.max(...moves, open), Math.max(1, Math.min(...moves, open)), price];
    });
    return hours.flat().map((value) => Math.floor((value * 1e6) / price) - 1_000_000);
  });
  const ends = INT32.flatMap((a) =>
    INT32.map((b) => Array.from({ length: 96 }, (_, i) => (i % 3 === 0 ? a : b))),
  );
  return [...ends, ...walks].map((values) => tensorFromNumbers("int32", [1, 24, 4], values));
}

describe("shipped exact models in the machine", function () {
  this.timeout(campaign.runs(300_000, 3_600_000));
  let machine: ChainMachine;

  before(async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    machine = await ChainMachine.deploy(ethers);
  });

  async function compare(name: string, tensors: readonly Tensor[]): Promise<void> {
    const graph = shipped(name);
    const { graphRoot, root } = graph.lowered;
    const interpreter = new ExactInterpreter(graph.lowered);
    const cases = tensors.map((tensor) => {
      const input = encodeTensors([tensor]);
      return { kind: "random" as const, inputs: [tensor], input, expected: interpreter.evaluate(input) };
    });
    expect(await disagreement(graph, QUICK, cases)).to.equal(undefined);
    await machine.place(graph.lowered);
    for (const [i, { input, expected }] of cases.entries()) {
      if (i >= INT32.length && i % STEP !== 0) continue;
      const end = await machine.evaluate(graphRoot, input);
      if (end.status !== "given") throw new Error(`input ${i}: ${JSON.stringify(end)}`);
      expect(end.value, `input ${i}`).to.deep.equal(expected);
      expect(end.gas).to.be.at.most(Number(root.gasBound));
    }
    recordCases("exact-shipped", cases.length);
  }

  it("read every held-out digit as the runtime does", () => compare("digits", images()));

  it("score every held-out credit as the runtime does", () => compare("credit-score", credits()));

  for (const coin of ["eth", "btc"]) {
    it(`forecast the volatility of ${coin} as the runtime does, whatever the candles`, () =>
      compare(`${coin}-volatility-1h-exact`, candles(new SeededRandom(Number(campaign.seed & 0xffffffn)))));
  }
});

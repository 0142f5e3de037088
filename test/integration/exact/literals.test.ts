import { decodeTensors, encodeTensors } from "@opg-network/sdk/tensorCodec";
import { expect } from "chai";
import { getBytes, hexlify } from "ethers";
import hre, { network } from "hardhat";
import type { StoredGraph } from "../../../offchain-runner/src/exact/blobs.ts";
import { ExactError } from "../../../offchain-runner/src/exact/exactError.ts";
import { ExactInterpreter } from "../../../offchain-runner/src/exact/interpreter.ts";
import { literalContract } from "../../../offchain-runner/src/exact/literals/literalContract.ts";
import { compileLiteralContract } from "../../../tasks/hub/contractCompiler.ts";
import { differenceOf } from "../../../tasks/hub/contractTrial.ts";
import { IOnChainModel__factory } from "../../../types/index.ts";
import { campaign, recordCases } from "../../fixtures/campaign.ts";
import { FEEDS } from "../../fixtures/exact/agreement.ts";
import { drawGraph, type ExactGraph, focusOf } from "../../fixtures/exact/exactGraph.ts";
import { inputsOf, openSession, runtimeOutputs } from "../../fixtures/exact/runtime.ts";
import { SeededRandom } from "../../fixtures/exact/seededRandom.ts";
import { shippedGraph } from "../../fixtures/exact/shippedContract.ts";
import { graphOf, ProgramMaker } from "./randomPrograms.ts";

const GRAPHS = campaign.runs(60, 1_000);
const MODEL = "0x0000000000000000000000000000000000000b0b";
const GAS = 2n ** 24n;

describe("contracts of literals", function () {
  this.timeout(campaign.runs(300_000, 7_200_000));

  it("give the bits of interpreter and onnxruntime for graphs drawn at random", async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    const model = IOnChainModel__factory.connect(MODEL, ethers.provider);
    const seeds = new SeededRandom(Number(campaign.seed & 0xffffffffn) ^ 0x117e);
    const refused: string[] = [];
    let compared = 0;
    for (let index = 0; compared < GRAPHS; index++) {
      const graph = await drawGraph(seeds.whole(0, 2 ** 32 - 1), focusOf(index));
      if (graph === undefined) continue;
      const code = await codeOf(graph.lowered, refused);
      if (code === undefined) continue;
      await ethers.provider.send("hardhat_setCode", [MODEL, code]);
      const about = `seed ${graph.seed}, ${graph.operators.join(" ")}`;
      for (const { input, expected } of await answersOf(graph)) {
        const given = await model.evaluate(input, { gasLimit: GAS });
        expect(given, about).to.equal(hexlify(expected));
      }
      compared++;
    }
    recordCases("exact.literals", compared);
    // What is refused is too large; else the sample would say little.
    expect(
      refused.every((code) => code === "exact-contract-too-large"),
      refused.join(" "),
    ).to.equal(true);
    expect(refused.length).to.be.below(compared);
  });

  for (const name of ["eth-volatility-1h-exact", "btc-volatility-1h-exact"]) {
    it(`give the bits of the interpreter for ${name}, at every extreme`, async () => {
      const graph = shippedGraph(name);
      const { runtimeCode } = await compileLiteralContract(literalContract(graph, name));
      expect(await differenceOf(hre, runtimeCode, graph, 60)).to.equal(undefined);
    });
  }

  it("refuse every input but the one encoding, as the machine does", async () => {
    const graph = shippedGraph("eth-volatility-1h-exact");
    const { runtimeCode } = await compileLiteralContract(literalContract(graph, "hostile"));
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    await ethers.provider.send("hardhat_setCode", [MODEL, runtimeCode]);
    const model = IOnChainModel__factory.connect(MODEL, ethers.provider);
    const interpreter = new ExactInterpreter(graph);
    const right = encodeTensors([{ dtype: "int32", shape: [1, 24, 4], data: new Uint8Array(384).fill(3) }]);
    const wrong = [
      new Uint8Array(),
      right.slice(0, -32),
      Uint8Array.of(...right, ...new Uint8Array(32)),
      encodeTensors([{ dtype: "int32", shape: [24, 4], data: new Uint8Array(384) }]),
      encodeTensors([{ dtype: "uint32", shape: [1, 24, 4], data: new Uint8Array(384) }]),
      encodeTensors([
        { dtype: "int32", shape: [1, 24, 4], data: new Uint8Array(384) },
        { dtype: "int32", shape: [1, 24, 4], data: new Uint8Array(384) },
      ]),
      // Every word before the data, changed in its lowest and in its highest bit.
      ...Array.from({ length: 11 }, (_, word) => [
        flipped(right, word * 32),
        flipped(right, word * 32 + 31),
      ]).flat(),
    ];
    for (const input of wrong) {
      expect(() => interpreter.evaluate(input)).to.throw(ExactError);
      await expect(model.evaluate(input))
        .to.be.revertedWithCustomError(model, "InputInvalid")
        .withArgs(graph.graphRoot);
    }
    expect(await model.evaluate(right)).to.equal(hexlify(interpreter.evaluate(right)));
    expect(await model.graphRoot()).to.equal(graph.graphRoot);
  });

  it("refuse padding that is not zero, and truth that is neither 0 nor 1", async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    const model = IOnChainModel__factory.connect(MODEL, ethers.provider);
    for (const dtype of ["bool", "uint8"] as const) {
      const op = { kind: "copy", src: 0, dst: 0, loops: [{ count: 1, srcStride: 1, dstStride: 1 }] } as const;
      const place = { dtype, shape: [5], offset: 0 };
      const base = graphOf({
        arenaWords: 5,
        steps: [{ ...op, loops: [...op.loops] }],
        constants: new Uint8Array(),
      });
      const graph = { ...base, root: { ...base.root, inputs: [place], outputs: [place] } };
      const { runtimeCode } = await compileLiteralContract(literalContract(graph, dtype));
      await ethers.provider.send("hardhat_setCode", [MODEL, runtimeCode]);
      const right = encodeTensors([{ dtype, shape: [5], data: Uint8Array.of(0, 1, 1, 0, 1) }]);
      expect(await model.evaluate(right)).to.equal(hexlify(right));
      const padded = right.slice();
      padded[padded.length - 1] = 1;
      const two = right.slice();
      two[two.length - 32] = 2;
      for (const input of dtype === "bool" ? [padded, two] : [padded]) {
        await expect(model.evaluate(input)).to.be.revertedWithCustomError(model, "InputInvalid");
      }
    }
  });

  it("are refused with the step where a value could leave what is computed exactly", async () => {
    const maker = new ProgramMaker("literals", 8);
    const steps = [
      {
        kind: "zip",
        zip: "mul",
        a: 0,
        b: 0,
        dst: 1,
        loops: [{ count: 2, aStride: 1, bStride: 1, dstStride: 1 }],
      },
    ] as const;
    const program = {
      arenaWords: 8,
      steps: steps.map((step) => ({ ...step, loops: [...step.loops] })),
      constants: new Uint8Array(),
    };
    expect(maker.arenaWords).to.equal(8);
    const error = refusalOf(() => literalContract(graphOf(program), "wide"));
    expect(error.code).to.equal("exact-contract-unsupported");
    expect(error.data).to.include({ node: "step 0", operator: "zip" });
  });

  it("are named by any model, and have the same code under every name", async () => {
    const graph = shippedGraph("eth-volatility-1h-exact");
    const names = ["eth", "24h", "", "error", "*/ } selfdestruct", "ünï-cödé\n// x", "a".repeat(64)];
    const codes = new Set<string>();
    for (const name of names)
      codes.add((await compileLiteralContract(literalContract(graph, name))).creationCode);
    expect(codes.size).to.equal(1);
  });

  it("are refused where they would not fit into a contract", async () => {
    const error = refusalOf(() => literalContract(shippedGraph("digits"), "digits"));
    expect(error.code).to.equal("exact-contract-too-large");
  });
});

/** Runtime code, or none where the graph makes no contract; why is put on the list. */
async function codeOf(graph: StoredGraph, refused: string[]): Promise<string | undefined> {
  try {
    return (await compileLiteralContract(literalContract(graph, "drawn"))).runtimeCode;
  } catch (error) {
    if (!(error instanceof ExactError)) throw error;
    refused.push(error.code);
    return undefined;
  }
}

/** What interpreter and runtime both give. */
async function answersOf({ bytes, schema, lowered, seed }: ExactGraph) {
  const session = await openSession(bytes, { optimisation: "all", threads: 1 });
  const random = new SeededRandom(seed);
  const interpreter = new ExactInterpreter(lowered);
  const answers: { input: Uint8Array; expected: Uint8Array }[] = [];
  for (const kind of FEEDS) {
    const inputs = inputsOf(schema.inputs, random, kind);
    const input = encodeTensors(inputs);
    const expected = interpreter.evaluate(input);
    const names = schema.outputs.map(({ name }) => name);
    const runtime = await runtimeOutputs(session, schema.inputs, inputs, names);
    expect(runtime, `seed ${seed}`).to.deep.equal(decodeTensors(expected));
    answers.push({ input, expected });
  }
  await session.release();
  return answers;
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = getBytes(hexlify(bytes)).slice();
  changed[at] = (changed[at] as number) ^ 1;
  return changed;
}

function refusalOf(work: () => unknown): ExactError {
  try {
    work();
  } catch (error) {
    if (error instanceof ExactError) return error;
    throw error;
  }
  throw new Error("it is not refused");
}

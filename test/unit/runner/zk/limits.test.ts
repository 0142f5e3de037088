import { writeFileSync } from "node:fs";
import { expect } from "chai";
import type { Op, TensorPlace } from "../../../../offchain-runner/src/exact/program.ts";
import { circuitSource } from "../../../../offchain-runner/src/zk/circuit.ts";
import type { CircuitErrorCode } from "../../../../offchain-runner/src/zk/circuitError.ts";
import { CircuitError } from "../../../../offchain-runner/src/zk/circuitError.ts";
import { NetworkError } from "../../../../sdk/src/errors.ts";
import { encodeTensors } from "../../../../sdk/src/tensorCodec.ts";
import { CircuitBench, graphOfSteps } from "../../../fixtures/zk/circuits.ts";
import { graphOf, vectorOf } from "../../../integration/exact/randomPrograms.ts";
import { UNDEFINED_PROGRAMS } from "../../../integration/exact/undefinedPrograms.ts";
import { expectError } from "../expectError.ts";

const WORDS = 1_024;
const ONE = { outer: 1, channels: 1, inner: 1, perChannel: false as const };
const FREE = { divisor: 1n, lo: -(2n ** 63n), hi: 2n ** 63n - 1n };
const DENSE = { kind: "dense" as const, x: 0, y: 8, xRowStride: 0, k: 2, n: 2, weights: 0, weightOffset: 0 };

function refusal(
  dtype: TensorPlace["dtype"],
  steps: Op[],
  output: TensorPlace["dtype"] = "int64",
): CircuitErrorCode {
  const inputs = [{ dtype, shape: [4], offset: 0 }];
  const outputs = [{ dtype: output, shape: [1], offset: 8 }];
  // Two weights of each row in a word, and the columns' parameters.
  const constants = new Uint8Array(2 * 32 + 2 * 16);
  try {
    circuitSource(graphOfSteps({ steps, constants, arenaWords: WORDS, inputs, outputs }));
  } catch (error) {
    if (error instanceof CircuitError) return error.code;
    throw error;
  }
  throw new Error("no refusal");
}

describe("circuits are refused", () => {
  it("where a product of bytes takes something else", () => {
    const dense: Op = { ...DENSE, rows: 1, yRowStride: 2, divisor: 1n, lo: 0n, hi: 255n };
    expect(refusal("int8", [dense])).to.equal("circuit-range");
    expect(refusal("uint16", [dense])).to.equal("circuit-range");
  });

  it("where an index can leave its table", () => {
    const table = {
      kind: "table" as const,
      src: 0,
      dst: 8,
      count: 1,
      rowLength: 1,
      width: 1,
      signed: false,
    } as const;
    expect(refusal("uint8", [{ ...table, low: 0n, rows: 90, table: 0 }])).to.equal("circuit-range");
    expect(refusal("int8", [{ ...table, low: 0n, rows: 90, table: 0 }])).to.equal("circuit-range");
  });

  it("where a value can leave int64, or an output its type", () => {
    const map: Op = { kind: "map", src: 0, dst: 8, ...ONE, ...FREE, m: 3n, b: 0n };
    const add: Op = {
      kind: "zip",
      zip: "add",
      a: 0,
      b: 1,
      dst: 8,
      loops: [{ count: 1, aStride: 1, bStride: 1, dstStride: 1 }],
    };
    expect(refusal("int64", [add])).to.equal("circuit-range");
    expect(refusal("uint8", [map], "uint8")).to.equal("circuit-range");
    expect(refusal("int8", [map], "uint32")).to.equal("circuit-range");
  });

  it("or give what the interpreter gives, for programs that no lowering writes", async function () {
    this.timeout(120_000);
    const bench = new CircuitBench();
    const refusals: string[] = [];
    try {
      for (const { what, program, values } of UNDEFINED_PROGRAMS) {
        const graph = graphOf(program);
        try {
          circuitSource(graph);
        } catch (error) {
          refusals.push(error instanceof NetworkError ? error.code : String(error));
          continue;
        }
        const tested = await bench.build(graph);
        expect(await tested.disagreement(encodeTensors([vectorOf(values)])), what).to.equal(undefined);
      }
    } finally {
      await bench.stop();
    }
    const known = ["circuit-range", "circuit-step-undefined", "circuit-too-large", "program-malformed"];
    expect([...new Set(refusals)].sort()).to.deep.equal(known);
    expect(refusals.filter((code) => code === "circuit-step-undefined")).to.have.length.above(4);
  });

  it("where a step writes over what it has still to read", () => {
    const map: Op = { kind: "map", src: 0, dst: 0, ...ONE, inner: 4, ...FREE, m: 1n, b: 0n };
    expect(refusal("int8", [{ ...map, dst: 1 }])).to.equal("circuit-step-undefined");
    expect(refusal("int8", [{ ...map, src: 1, dst: 0 }])).to.equal("circuit-step-undefined");
    const reduce: Op = {
      kind: "reduce",
      reduce: "sum",
      src: 0,
      dst: 1,
      outer: [{ count: 2, srcStride: 2, dstStride: 1 }],
      inner: [{ count: 2, srcStride: 1 }],
    };
    expect(refusal("int8", [reduce])).to.equal("circuit-step-undefined");
    const dense: Op = { ...DENSE, y: 1, rows: 1, yRowStride: 2, divisor: 1n, lo: 0n, hi: 255n };
    expect(refusal("uint8", [dense])).to.equal("circuit-step-undefined");
    const table = { kind: "table", count: 2, low: 0n, rows: 256, width: 1, signed: false, table: 0 } as const;
    expect(refusal("uint8", [{ ...table, src: 0, dst: 1, rowLength: 1 }])).to.equal("circuit-step-undefined");
    expect(refusal("uint8", [{ ...table, src: 0, dst: 0, rowLength: 2 }])).to.equal("circuit-step-undefined");
  });

  it("where there is more than the compiler can take", () => {
    const loop = (count: number) => ({ count, srcStride: 0, dstStride: 0 });
    const steps: Op[] = [{ kind: "copy", src: 0, dst: 8, loops: [loop(1_000), loop(1_000)] }];
    expect(refusal("uint8", steps)).to.equal("circuit-too-large");
    const dense: Op = { ...DENSE, rows: 200_000, yRowStride: 0, divisor: 1n, lo: 0n, hi: 255n };
    expect(refusal("uint8", [dense])).to.equal("circuit-too-large");
    const zip: Op = {
      kind: "zip",
      zip: "max",
      a: 0,
      b: 1,
      dst: 8,
      loops: [{ count: 40_000, aStride: 0, bStride: 0, dstStride: 0 }],
    };
    expect(refusal("int32", [zip])).to.equal("circuit-too-large");
  });

  it("where the compiler fails, with what it said", async function () {
    this.timeout(60_000);
    const bench = new CircuitBench();
    try {
      writeFileSync(
        `${bench.folder}/circuit.circom`,
        "template Main() { signal x <== y; }\ncomponent main = Main();\n",
      );
      await expectError(
        bench.prover.run({ kind: "compile", folder: bench.folder }),
        "circuit-compiler-failed",
      );
    } finally {
      await bench.stop();
    }
  });
});

import { expect } from "chai";
import { exactModelNames, readExactModel } from "../../../../bench/exactRelease.ts";
import type { OpKind } from "../../../../offchain-runner/src/exact/program.ts";
import { CircuitError } from "../../../../offchain-runner/src/zk/circuitError.ts";
import { determinacyOf } from "../../../../offchain-runner/src/zk/determinacy.ts";
import { encodeTensors } from "../../../../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../../../../sdk/src/tensorValues.ts";
import { campaign, recordCases } from "../../../fixtures/campaign.ts";
import type { TestedCircuit } from "../../../fixtures/zk/circuits.ts";
import { CircuitBench } from "../../../fixtures/zk/circuits.ts";
import { comparisons, lookups, requantisations } from "../../../fixtures/zk/gadgetGraphs.ts";
import { drawnInputs } from "../../../fixtures/zk/modelInputs.ts";
import { graphOf, ProgramMaker, vectorOf } from "../../../integration/exact/randomPrograms.ts";

/** The network of the other volatility model is the same, with other weights. */
const SHIPPED = exactModelNames().filter((name) => campaign.full || name !== "btc-volatility-1h-exact");
const INPUTS = campaign.runs(40, 1_000);
const PROGRAMS = campaign.runs(1, 20);
const KINDS: readonly OpKind[] = ["fill", "copy", "dense", "map", "zip", "table", "reduce"];

describe("circuits", () => {
  let bench: CircuitBench;
  before(() => {
    bench = new CircuitBench();
  });
  after(async () => {
    await bench.stop();
  });

  async function expectAgreement(tested: TestedCircuit, inputs: Iterable<Uint8Array>): Promise<number> {
    let count = 0;
    for (const input of inputs) {
      expect(await tested.disagreement(input), `input ${count}`).to.equal(undefined);
      count += 1;
    }
    return count;
  }

  function expectNoFreedom({ r1cs }: TestedCircuit): void {
    expect(determinacyOf(r1cs, "inputs").undecided, "wires that the inputs leave open").to.deep.equal([]);
    expect(determinacyOf(r1cs, "statement").undecided, "wires that the statement leaves open").to.deep.equal(
      [],
    );
  }

  it("divide and clip as the interpreter does, for every byte and every kind of bounds", async function () {
    this.timeout(600_000);
    const tested = await bench.build(requantisations());
    expectNoFreedom(tested);
    await expectAgreement(tested, bytes("int8", -128, 127, campaign.runs(5, 1)));
  });

  it("compare, multiply and reduce as the interpreter does", async function () {
    this.timeout(600_000);
    const tested = await bench.build(comparisons());
    expectNoFreedom(tested);
    const values = [-128, -127, -1, 0, 1, 126, 127];
    const triples = values.flatMap((a) => values.flatMap((b) => values.map((c) => [a, b, c])));
    const chosen = triples.filter((_, i) => i % campaign.runs(4, 1) === 0);
    await expectAgreement(
      tested,
      chosen.map((triple) => encodeTensors([tensorFromNumbers("int8", [3], triple)])),
    );
  });

  it("look up every row of a table", async function () {
    this.timeout(600_000);
    const tested = await bench.build(lookups());
    expectNoFreedom(tested);
    await expectAgreement(tested, bytes("uint8", 0, 255, campaign.runs(3, 1)));
  });

  for (const kind of KINDS) {
    it(`give the interpreter's output for programs drawn around ${kind}`, async function () {
      this.timeout(campaign.runs(600_000, 7_200_000));
      let inputs = 0;
      for (let i = 0, done = 0; done < PROGRAMS; i++) {
        expect(i, "draws without a program whose values stay in int64").to.be.below(40 * PROGRAMS);
        const maker = new ProgramMaker(`${campaign.seed}/${kind}/${i}`, 12 + (i % 28));
        const others = [maker.pick(KINDS), maker.pick(KINDS)];
        const graph = graphOf(maker.program([kind, ...others.filter((other) => other !== "table")]));
        const tested = await bench.build(graph).catch((error: unknown) => {
          if (error instanceof CircuitError && error.code === "circuit-range") return undefined;
          throw error;
        });
        if (tested === undefined) continue;
        done += 1;
        expectNoFreedom(tested);
        const words = graph.root.arenaWords;
        const draws = Array.from({ length: 6 }, () => Array.from({ length: words }, () => maker.i64()));
        inputs += await expectAgreement(
          tested,
          draws.map((values) => encodeTensors([vectorOf(values)])),
        );
      }
      recordCases(`zk-${kind}`, inputs);
    });
  }

  for (const name of SHIPPED) {
    it(`give the interpreter's output for ${name}`, async function () {
      this.timeout(campaign.runs(600_000, 7_200_000));
      const model = readExactModel(name);
      const tested = await bench.build(model.graph);
      expectNoFreedom(tested);
      recordCases(
        `zk-${name}`,
        await expectAgreement(tested, drawnInputs(model, INPUTS, `${campaign.seed}`)),
      );
    });
  }
});

function* bytes(dtype: "int8" | "uint8", from: number, to: number, step: number): Generator<Uint8Array> {
  for (let value = from; value <= to; value += step)
    yield encodeTensors([tensorFromNumbers(dtype, [1], [value])]);
}

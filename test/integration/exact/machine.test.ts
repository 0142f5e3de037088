import { expect } from "chai";
import { network } from "hardhat";
import type { StoredGraph } from "../../../offchain-runner/src/exact/blobs.ts";
import type { OpKind } from "../../../offchain-runner/src/exact/program.ts";
import { decodeProgram } from "../../../offchain-runner/src/exact/programCodec.ts";
import { decodeTensors, encodeTensors } from "../../../sdk/src/tensorCodec.ts";
import { integersFromTensor } from "../../../sdk/src/tensorValues.ts";
import type { ExactMachineMeter } from "../../../types/index.ts";
import { campaign, recordCases } from "../../fixtures/campaign.ts";
import { exactMachine, type MachineFixture } from "../../fixtures/exactMachine.ts";
import { graphOf, ProgramMaker, type RandomProgram, vectorOf } from "./randomPrograms.ts";
import { runStep } from "./referenceSteps.ts";

const KINDS: readonly OpKind[] = ["fill", "copy", "dense", "map", "zip", "table", "reduce"];
const GAS = 2n ** 24n;
const CASES = campaign.runs(30, 600);

describe("the machine on random programs", function () {
  this.timeout(campaign.runs(180_000, 3_600_000));
  let fixture: MachineFixture;
  let meter: ExactMachineMeter;

  before(async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    fixture = await exactMachine(ethers);
    meter = (await ethers.deployContract("ExactMachineMeter")) as unknown as ExactMachineMeter;
  });

  async function evaluate(graph: StoredGraph, values: readonly bigint[]) {
    await fixture.place(graph);
    const input = encodeTensors([vectorOf(values)]);
    const [gas, output] = await meter.evaluate(fixture.machine, graph.graphRoot, input, { gasLimit: GAS });
    const [tensor] = decodeTensors(output);
    if (tensor === undefined) throw new Error("the graph has one output");
    return { gas: Number(gas), values: integersFromTensor(tensor) };
  }

  function expected({ constants }: RandomProgram, graph: StoredGraph, values: readonly bigint[]): bigint[] {
    const arena = [...values];
    expect(graph.stream.length).to.equal(graph.root.programBytes + constants.length);
    for (const { op } of decodeProgram(graph.stream.slice(0, graph.root.programBytes))) {
      runStep(op, arena, graph.stream);
    }
    return arena;
  }

  for (const kind of KINDS) {
    it(`gives every ${kind} step the values of its definition, within its bound of gas`, async () => {
      let worst = 0;
      for (let i = 0; i < CASES; i++) {
        const maker = new ProgramMaker(`${kind} ${i} ${campaign.seed}`);
        const program = maker.program([kind]);
        const values = Array.from({ length: program.arenaWords }, () => maker.i64());
        const graph = graphOf(program);
        const before = await evaluate(graphOf({ ...program, steps: program.steps.slice(0, -1) }), values);
        const after = await evaluate(graph, values);
        const about = `${kind} ${i}: ${JSON.stringify(program.steps.at(-1), (_, v) => (typeof v === "bigint" ? `${v}` : v))}`;
        expect(after.values, about).to.deep.equal(expected(program, graph, values));
        const bound = lastBoundOf(graph);
        expect(after.gas - before.gas, about).to.be.at.most(bound);
        expect(after.gas, about).to.be.at.most(Number(graph.root.gasBound));
        worst = Math.max(worst, (after.gas - before.gas) / bound);
      }
      recordCases("exact.steps", CASES);
      // Bounds that nothing comes near would only make bonds dear.
      expect(worst).to.be.above(0.5);
    });
  }
});

function lastBoundOf({ root, stream }: StoredGraph): number {
  return decodeProgram(stream.slice(0, root.programBytes)).at(-1)?.gasBound ?? 0;
}

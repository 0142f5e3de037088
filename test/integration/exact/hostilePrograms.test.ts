import { expect } from "chai";
import { network } from "hardhat";
import type { StoredGraph } from "../../../offchain-runner/src/exact/blobs.ts";
import { ExactInterpreter } from "../../../offchain-runner/src/exact/interpreter.ts";
import type { OpKind } from "../../../offchain-runner/src/exact/program.ts";
import { encodeTensors } from "../../../sdk/src/tensorCodec.ts";
import { campaign, recordCases } from "../../fixtures/campaign.ts";
import { casesOf } from "../../fixtures/exact/agreement.ts";
import { ChainMachine } from "../../fixtures/exact/chainMachine.ts";
import { drawGraph, focusOf } from "../../fixtures/exact/exactGraph.ts";
import type { HostileCounts } from "../../fixtures/exact/hostilePrograms.ts";
import {
  evaluateBoth,
  mutated,
  mutatedGraph,
  runBoth,
  runChanged,
} from "../../fixtures/exact/hostilePrograms.ts";
import { SeededRandom } from "../../fixtures/exact/seededRandom.ts";
import { graphOf, ProgramMaker, vectorOf } from "./randomPrograms.ts";

const GRAPHS = campaign.runs(40, 1_500);
/** Of each graph: with other bytes in program, constants or root. */
const MUTANTS = 5;
const KINDS: readonly OpKind[] = ["fill", "copy", "dense", "map", "zip", "table", "reduce"];
/** What the machine declares that a program's bytes, an input or a checkpoint can be refused for. */
const REFUSALS = [
  "GraphMalformed",
  "GraphVersionUnknown",
  "StepMalformed",
  "StepOutsideArena",
  "StepIndexOutOfRange",
  "StreamExceeded",
  "InputInvalid",
];

interface Subject {
  readonly graph: StoredGraph;
  readonly input: Uint8Array;
}

/** A lowered graph and steps drawn at random, in turn. */
async function subjectOf(index: number, random: SeededRandom): Promise<Subject | undefined> {
  if (index % 2 === 0) {
    const drawn = await drawGraph(random.whole(0, 2 ** 32 - 1), focusOf(index / 2));
    return drawn && { graph: drawn.lowered, input: random.one(casesOf(drawn)).input };
  }
  const maker = new ProgramMaker(`hostile ${index} ${campaign.seed}`, random.whole(16, 300));
  const program = maker.program(Array.from({ length: maker.int(1, 4) }, () => maker.pick(KINDS)));
  const values = Array.from({ length: program.arenaWords }, () => maker.i64());
  return { graph: graphOf(program), input: encodeTensors([vectorOf(values)]) };
}

describe("machine and interpreter on hostile bytes", function () {
  this.timeout(campaign.runs(300_000, 7_200_000));

  it("give the same bytes or both refuse them: programs, roots, inputs and checkpoints with bytes changed", async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    const machine = await ChainMachine.deploy(ethers);
    const random = new SeededRandom(Number((campaign.seed >> 16n) & 0xffffffffn));
    const counts: HostileCounts = { ends: new Map(), faults: [] };
    for (let index = 0; index < GRAPHS; index++) {
      const subject = await subjectOf(index, random);
      if (subject === undefined) continue;
      const { graph, input } = subject;
      const judge = (what: string, fault: string | undefined) =>
        fault !== undefined && counts.faults.push(`graph ${index}, ${what}: ${fault}`);
      for (let i = 0; i < MUTANTS; i++) {
        const mutant = mutatedGraph(graph, random);
        await machine.place(mutant);
        judge(`mutant ${i}`, await evaluateBoth(machine, mutant, input, counts));
        judge(`mutant ${i} in steps`, await runChanged(machine, mutant, input, counts));
        await machine.remove(mutant);
      }
      await machine.place(graph);
      judge("input", await evaluateBoth(machine, graph, mutated(input, random), counts));
      const interpreter = new ExactInterpreter(graph);
      const pc = random.one(interpreter.stops.slice(0, -1));
      const { state } = interpreter.resume({ pc: 0, state: input }, pc);
      judge(`state at ${pc}`, await runBoth(machine, graph, { pc, state: mutated(state, random) }, counts));
    }
    recordCases(
      "exact-hostile",
      [...counts.ends.values()].reduce((sum, times) => sum + times, 0),
    );
    expect(counts.faults).to.deep.equal([]);
    for (const refusal of ["given", ...REFUSALS])
      expect(counts.ends.get(refusal), refusal).to.be.greaterThan(0);
  });
});

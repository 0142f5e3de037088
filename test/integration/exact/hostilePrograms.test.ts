import { expect } from "chai";
import { network } from "hardhat";
import type { StoredGraph } from "../../../offchain-runner/src/exact/blobs.ts";
import { storeGraph } from "../../../offchain-runner/src/exact/blobs.ts";
import { ExactInterpreter } from "../../../offchain-runner/src/exact/interpreter.ts";
import type { OpKind } from "../../../offchain-runner/src/exact/program.ts";
import { ProgramError } from "../../../offchain-runner/src/exact/programError.ts";
import { encodeTensors } from "../../../sdk/src/tensorCodec.ts";
import { campaign, recordCases } from "../../fixtures/campaign.ts";
import { casesOf } from "../../fixtures/exact/agreement.ts";
import { ALL_GAS, ChainMachine } from "../../fixtures/exact/chainMachine.ts";
import { drawGraph, focusOf } from "../../fixtures/exact/exactGraph.ts";
import type { HostileCounts } from "../../fixtures/exact/hostilePrograms.ts";
import {
  evaluateBoth,
  interpreterOf,
  mutated,
  mutatedGraph,
  runBoth,
  runChanged,
  withByte,
} from "../../fixtures/exact/hostilePrograms.ts";
import { SeededRandom } from "../../fixtures/exact/seededRandom.ts";
import { graphOf, ProgramMaker, vectorOf } from "./randomPrograms.ts";
import { UNDEFINED_PROGRAMS } from "./undefinedPrograms.ts";

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

  it("give the same where the format gives no meaning", async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    const machine = await ChainMachine.deploy(ethers);
    const counts: HostileCounts = { ends: new Map(), faults: [] };
    for (const { what, program, values } of UNDEFINED_PROGRAMS) {
      const graph = graphOf(program);
      await machine.place(graph);
      const fault = await evaluateBoth(machine, graph, encodeTensors([vectorOf(values)]), counts);
      if (fault !== undefined) counts.faults.push(`${what}: ${fault}`);
    }
    expect(counts.faults).to.deep.equal([]);
    expect(Object.fromEntries(counts.ends)).to.deep.equal({
      given: UNDEFINED_PROGRAMS.length - 1,
      StreamExceeded: 1,
    });
  });

  it("look at segments only where they save them, and take a program of no steps", async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    const machine = await ChainMachine.deploy(ethers);
    const counts: HostileCounts = { ends: new Map(), faults: [] };
    const [dst, count, values] = [0, 4, [1n, 2n, 3n, 4n]];
    const steps = [5n, 6n].map((value) => ({ kind: "fill" as const, dst, count, value }));
    const graph = graphOf({ arenaWords: count, steps, constants: new Uint8Array() });
    const input = encodeTensors([vectorOf(values)]);
    // The second record: 8 bytes of head behind the first's 24, then offset, count and width of its segment.
    for (const [at, byte] of [
      [24 + 8 + 8, 3],
      [24 + 8 + 3, 1],
    ] as const) {
      const broken = withByte(graph, at, byte);
      await machine.place(broken);
      expect(await evaluateBoth(machine, broken, input, counts)).to.equal(undefined);
      const { status } = await machine.run(broken.graphRoot, { pc: 0, state: input }, ALL_GAS);
      expect(status).to.equal("refused");
      expect(() => interpreterOf(broken).resume({ pc: 0, state: input }, 24)).to.throw(ProgramError);
    }
    const empty = graphOf({ arenaWords: count, steps: [], constants: new Uint8Array() });
    await machine.place(empty);
    expect(await evaluateBoth(machine, empty, input, counts)).to.equal(undefined);
  });

  it("refuse to call anything but 0 and 1 a bool", async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    const machine = await ChainMachine.deploy(ethers);
    const counts: HostileCounts = { ends: new Map(), faults: [] };
    const shape = [3];
    const graph = storeGraph({
      steps: [{ kind: "copy", src: 0, dst: 3, loops: [{ count: 3, srcStride: 1, dstStride: 1 }] }],
      live: [],
      constants: new Uint8Array(),
      arenaWords: 6,
      inputs: [{ dtype: "uint8", shape, offset: 0 }],
      outputs: [{ dtype: "bool", shape, offset: 3 }],
    });
    await machine.place(graph);
    for (const data of [Uint8Array.of(0, 1, 1), Uint8Array.of(0, 1, 2)]) {
      const input = encodeTensors([{ dtype: "uint8", shape, data }]);
      expect(await evaluateBoth(machine, graph, input, counts)).to.equal(undefined);
    }
    expect(Object.fromEntries(counts.ends)).to.deep.equal({ given: 1, OutputInvalid: 1 });
  });

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

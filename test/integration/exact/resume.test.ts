import { expect } from "chai";
import { network } from "hardhat";
import { randomStream } from "../../../bench/randomStream.ts";
import type { StoredGraph } from "../../../offchain-runner/src/exact/blobs.ts";
import { checkpointGas } from "../../../offchain-runner/src/exact/gasModel.ts";
import type { OpKind } from "../../../offchain-runner/src/exact/program.ts";
import { decodeProgram } from "../../../offchain-runner/src/exact/programCodec.ts";
import { encodeTensors } from "../../../sdk/src/tensorCodec.ts";
import type { ExactMachineMeter } from "../../../types/index.ts";
import { campaign, recordCases } from "../../fixtures/campaign.ts";
import { exactMachine, type MachineFixture } from "../../fixtures/exactMachine.ts";
import { graphOf, ProgramMaker, vectorOf } from "./randomPrograms.ts";

const KINDS: readonly OpKind[] = ["fill", "copy", "dense", "map", "zip", "table", "reduce"];
const GAS = 2n ** 24n;
/** More than a run can leave, so that it stops after the first step. */
const ALL_GAS = 2n ** 255n;
const PROGRAMS = campaign.runs(8, 60);

type Checkpoint = { pc: bigint; state: string };

describe("the machine's resumable runs", function () {
  this.timeout(campaign.runs(180_000, 3_600_000));
  let fixture: MachineFixture;
  let meter: ExactMachineMeter;

  before(async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    fixture = await exactMachine(ethers);
    meter = (await ethers.deployContract("ExactMachineMeter")) as unknown as ExactMachineMeter;
  });

  async function placed(index: number): Promise<{ graph: StoredGraph; input: Uint8Array }> {
    const maker = new ProgramMaker(`resume ${index} ${campaign.seed}`);
    const program = maker.program(Array.from({ length: maker.int(3, 6) }, () => maker.pick(KINDS)));
    const graph = graphOf(program);
    await fixture.place(graph);
    const values = Array.from({ length: program.arenaWords }, () => maker.i64());
    return { graph, input: encodeTensors([vectorOf(values)]) };
  }

  async function run(
    { graphRoot }: StoredGraph,
    { pc, state }: Checkpoint,
    reserve: bigint,
  ): Promise<Checkpoint> {
    const [nextPc, nextState] = await fixture.machine.run(graphRoot, pc, state, reserve, { gasLimit: GAS });
    return { pc: nextPc, state: nextState };
  }

  it("gives the same output wherever it is interrupted", async () => {
    let points = 0;
    for (let i = 0; i < PROGRAMS; i++) {
      const { graph, input } = await placed(i);
      const output = await fixture.machine.evaluate(graph.graphRoot, input, { gasLimit: GAS });
      const end = BigInt(graph.root.programBytes);
      const pcs = decodeProgram(graph.stream.slice(0, graph.root.programBytes)).map(({ nextPc }) => nextPc);
      let point: Checkpoint = { pc: 0n, state: `0x${Buffer.from(input).toString("hex")}` };
      for (const pc of pcs) {
        expect(await run(graph, point, 0n)).to.deep.equal({ pc: end, state: output });
        point = await run(graph, point, ALL_GAS);
        expect(point.pc).to.equal(BigInt(pc));
        points++;
      }
      expect(point).to.deep.equal({ pc: end, state: output });
    }
    recordCases("exact.splits", points);
  });

  it("leaves the gas that it was asked to leave, and gets to the end in pieces", async () => {
    const random = randomStream(`pieces ${campaign.seed}`);
    for (let i = 0; i < PROGRAMS; i++) {
      const { graph, input } = await placed(i);
      const output = await fixture.machine.evaluate(graph.graphRoot, input, { gasLimit: GAS });
      const records = decodeProgram(graph.stream.slice(0, graph.root.programBytes));
      const dearest = Math.max(...records.map(({ gasBound, live }) => gasBound + 2 * checkpointGas(live)));
      const leaving = Number(graph.root.gasBound) - records.reduce((sum, { gasBound }) => sum + gasBound, 0);
      const least = dearest + leaving;
      let point: Checkpoint = { pc: 0n, state: `0x${Buffer.from(input).toString("hex")}` };
      while (point.pc < graph.root.programBytes) {
        const given = BigInt(least + Math.floor(random() * least));
        const reserve = BigInt(Math.floor(random() * 100_000));
        const [used, pc, state] = await meter.run(
          fixture.machine,
          graph.graphRoot,
          point.pc,
          point.state,
          reserve,
          given + reserve,
          { gasLimit: GAS },
        );
        expect(pc).to.be.above(point.pc);
        expect(used).to.be.at.most(given);
        point = { pc, state };
      }
      expect(point.state).to.equal(output);
    }
  });
});

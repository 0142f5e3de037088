import { expect } from "chai";
import { exactModelNames, readExactModel } from "../../../bench/exactRelease.ts";
import { determinacyOf } from "../../../offchain-runner/src/zk/determinacy.ts";
import { campaign, recordCases } from "../../fixtures/campaign.ts";
import { casesOf } from "../../fixtures/exact/agreement.ts";
import type { GraphContents } from "../../fixtures/exact/machineComparison.ts";
import { tooFew } from "../../fixtures/exact/machineComparison.ts";
import type { TestedCircuit } from "../../fixtures/zk/circuits.ts";
import { CircuitBench } from "../../fixtures/zk/circuits.ts";
import { drawnCircuits } from "../../fixtures/zk/drawnCircuits.ts";
import { drawnInputs } from "../../fixtures/zk/modelInputs.ts";
import { ProofChain } from "../../fixtures/zk/proofChain.ts";

const SEED = Number((campaign.seed >> 16n) & 0xffffffffn);
/** Graphs with keys of their own, and how many hold each operator and each kind of step at least. */
const GRAPHS = campaign.runs(8, 100);
const LEAST = campaign.runs(0, 5);
/** Of a circuit: keys of the least one take a second, of the largest one four. */
const MAX_BITS = campaign.runs(400, 3_400);
const INPUTS = campaign.runs(1, 6);
const MODEL_INPUTS = campaign.runs(2, 320);
/** Every so many are settled by a request as well. */
const SETTLED = campaign.runs(2, 20);
/** Outside of a campaign the smallest one: keys of the others take ten seconds each. */
const MODELS = campaign.full ? exactModelNames() : ["credit-score"];

describe("a proof of what the interpreter gives", () => {
  let bench: CircuitBench;
  let chain: ProofChain;
  before(async () => {
    bench = new CircuitBench();
    chain = await ProofChain.deploy(bench.prover);
  });
  after(async () => {
    await bench.stop();
  });

  /** Proves for every input, and with every proof three other statements. */
  async function expectProofs(tested: TestedCircuit, inputs: Iterable<Uint8Array>): Promise<number> {
    for (const given of ["inputs", "statement"] as const)
      expect(determinacyOf(tested.r1cs, given).undecided, `wires that the ${given} leave open`).to.deep.equal(
        [],
      );
    const published = await chain.publish(tested, bench.folder);
    let count = 0;
    for (const input of inputs) {
      expect(await chain.fault(published, input, SEED + 7_919 * count)).to.equal(undefined);
      if (count % SETTLED === 0) await chain.settle(published, input, SEED + count);
      count += 1;
    }
    return count;
  }

  it("is taken on chain, and for nothing else, for graphs of the profile drawn at random", async function () {
    this.timeout(campaign.runs(300_000, 7_200_000));
    const found: GraphContents = { operators: new Map(), steps: new Map() };
    let [graphs, proofs] = [0, 0];
    const drawn = drawnCircuits({ graphs: GRAPHS, least: LEAST, seed: SEED, maxBits: MAX_BITS }, found);
    for await (const graph of drawn) {
      const tested = await bench.build(graph.lowered);
      const inputs = casesOf(graph).slice(0, INPUTS);
      proofs += await expectProofs(
        tested,
        inputs.map(({ input }) => input),
      );
      graphs += 1;
    }
    recordCases("zk-graphs-on-chain", graphs);
    recordCases("zk-graph-proofs-on-chain", proofs);
    expect(graphs).to.be.at.least(GRAPHS);
    expect(tooFew(found, LEAST)).to.deep.equal([]);
  });

  for (const name of MODELS) {
    it(`is taken on chain, and for nothing else, for ${name}`, async function () {
      this.timeout(campaign.runs(300_000, 7_200_000));
      const model = readExactModel(name);
      const tested = await bench.build(model.graph);
      const inputs = drawnInputs(model, MODEL_INPUTS, `${campaign.seed}/on chain`);
      recordCases(`zk-${name}-on-chain`, await expectProofs(tested, inputs));
    });
  }
});

import { expect } from "chai";
import { network } from "hardhat";
import { campaign, recordCases } from "../../fixtures/campaign.ts";
import { ChainMachine } from "../../fixtures/exact/chainMachine.ts";
import { compareInMachine, tooFew } from "../../fixtures/exact/machineComparison.ts";

const GRAPHS = campaign.runs(180, 2_000);
const SPLIT_GRAPHS = campaign.runs(12, 100);
/** How many graphs hold each operator and each kind of step at least. */
const LEAST = campaign.runs(2, 20);

describe("machine, interpreter and onnxruntime", () => {
  it("give the same bits for graphs of the profile drawn at random, wherever a run is cut, within their bounds of gas", async function () {
    this.timeout(campaign.runs(300_000, 7_200_000));
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    const found = await compareInMachine(await ChainMachine.deploy(ethers), {
      graphs: GRAPHS,
      seed: Number((campaign.seed >> 8n) & 0xffffffffn),
      splitGraphs: SPLIT_GRAPHS,
      least: LEAST,
    });
    recordCases("exact-graphs-machine", found.graphs);
    recordCases("exact-splits", found.splits);
    expect(found.disagreements).to.deep.equal([]);
    expect(found.graphs).to.be.at.least(GRAPHS);
    expect(found.splitGraphs).to.equal(SPLIT_GRAPHS);
    expect(tooFew(found, LEAST)).to.deep.equal([]);
  });
});

import { expect } from "chai";
import { OPERATORS } from "../../../../offchain-runner/src/exact/operators.ts";
import { campaign, recordCases } from "../../../fixtures/campaign.ts";
import { compareGraphs } from "../../../fixtures/exact/comparison.ts";
import { NODE_MAKERS } from "../../../fixtures/exact/nodeMakers.ts";

const GRAPHS = campaign.runs(420, 5_200);
const LEAST = campaign.runs(8, 20);

describe("interpreter and onnxruntime", () => {
  it("give the same bits for graphs of the profile drawn at random, optimised or not, on one thread and several", async function () {
    this.timeout(campaign.runs(300_000, 7_200_000));
    const { graphs, operators, disagreements } = await compareGraphs(
      GRAPHS,
      Number(campaign.seed & 0xffffffffn),
      {
        whole: campaign.full,
      },
    );
    recordCases("exact-graphs", graphs);
    expect(disagreements).to.deep.equal([]);
    expect(graphs).to.equal(GRAPHS);
    for (const operator of Object.keys(NODE_MAKERS))
      expect(operators.get(operator), operator).to.be.at.least(LEAST);
  });

  it("are compared on every operator of the profile", () => {
    expect(Object.keys(NODE_MAKERS).sort()).to.deep.equal([...OPERATORS.keys()].sort());
  });
});

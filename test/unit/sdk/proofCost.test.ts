import { proofCost } from "@opg-network/sdk/proofCost";
import { expect } from "chai";
import { readFigures } from "../../../bench/figures.ts";
import { expectNear } from "../../fixtures/near.ts";

/** What `gas.zk.pipe` carries: 256 bytes of elements in one tensor. */
const INPUT_BYTES = 256 + 288;
const CHUNK = 31;

describe("proofCost", () => {
  const figures = readFigures();
  const figure = (name: string) => figures[name] ?? Number.NaN;
  const gasOf = (origin: "ceremony" | "universal", inputBytes = INPUT_BYTES) =>
    proofCost("ZK", origin, inputBytes).gas;

  it("tells the proof systems apart by as much as was measured", () => {
    const measured = figure("gas.zk.pipe.plonk") - figure("gas.zk.pipe");
    const at256 = gasOf("universal", 288) - gasOf("ceremony", 288);
    expectNear(at256, measured, 0.1 * measured);
    expect(proofCost("ZK", "universal", 0).bytes - proofCost("ZK", "single", 0).bytes).to.equal(768 - 256);
  });

  it("grows by a signal for each 31 bytes", () => {
    for (const [origin, name] of [
      ["ceremony", "gas.zk.chunk"],
      ["universal", "gas.zk.chunk.plonk"],
    ] as const) {
      const grown = gasOf(origin, INPUT_BYTES + CHUNK) - gasOf(origin);
      expectNear(grown, figure(name), 0.15 * figure(name));
    }
  });

  it("is nothing where nothing is proved", () => {
    expect(proofCost("VANILLA", "none", 1_000)).to.deep.equal({ gas: 0, bytes: 0 });
  });
});

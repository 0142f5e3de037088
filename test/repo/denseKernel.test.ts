import { readFileSync } from "node:fs";
import { expect } from "chai";
import { denseKernelSource, KERNEL_FILE } from "../../scripts/exact/denseKernel.ts";

describe("contracts/exact/DenseKernel.sol", () => {
  it("is what scripts/exact/denseKernel.ts writes", () => {
    expect(readFileSync(KERNEL_FILE, "utf8")).to.equal(denseKernelSource());
  });
});

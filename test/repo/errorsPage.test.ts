import { readFileSync } from "node:fs";
import { expect } from "chai";
import hre from "hardhat";
import { ERRORS_FILE, errorsPage } from "../../scripts/docs/errors.ts";

describe("docs/errors.md", () => {
  it("is what scripts/docs/errors.ts writes, and leaves no error of ours without its meaning", async () => {
    expect(readFileSync(ERRORS_FILE, "utf8")).to.equal(await errorsPage(hre.artifacts));
  });
});

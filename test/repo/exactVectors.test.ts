import { expect } from "chai";
import { exactVectors } from "../../scripts/exact/vectors.ts";
import { readExactVectors } from "../fixtures/exactVectors.ts";

describe("test/fixtures/exactVectors.json", () => {
  it("is what scripts/exact/vectors.ts writes", async () => {
    expect(readExactVectors()).to.deep.equal(JSON.parse(JSON.stringify(await exactVectors())));
  });
});

import { formatVersion, parseVersion } from "@opg-network/sdk/releaseVersion";
import { expect } from "chai";
import fc from "fast-check";

describe("release versions", () => {
  it("reads back what it wrote, with and without the v", () => {
    const number = fc.integer({ min: 0, max: 65_535 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), number, (major, minor) => {
        const text = formatVersion({ major, minor });
        expect(parseVersion(text)).to.deep.equal({ major, minor });
        expect(parseVersion(text.slice(1))).to.deep.equal({ major, minor });
      }),
    );
  });

  it("writes two digits for the minor", () => {
    expect(formatVersion({ major: 1, minor: 0 })).to.equal("v1.00");
    expect(formatVersion({ major: 12, minor: 7 })).to.equal("v12.07");
  });

  it("refuses what could be read in two ways, and what cannot exist", () => {
    for (const text of [
      "1",
      "v1",
      "v1.1",
      "v1.001",
      "v0.00",
      "v01.00",
      "v1.00.00",
      "v65536.00",
      "v1.65536",
      "latest",
      "",
    ]) {
      expect(parseVersion(text), text).to.equal(undefined);
    }
  });
});

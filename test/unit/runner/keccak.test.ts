import { expect } from "chai";
import { hexlify, keccak256 } from "ethers";
import fc from "fast-check";
import { registerKeccak } from "../../../offchain-runner/src/keccak.ts";
import { fastCheckSeed } from "../../fixtures/campaign.ts";

describe("the keccak of the node", () => {
  it("agrees with that of ethers", async () => {
    await registerKeccak();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (data) => {
        expect(keccak256(data)).to.equal(hexlify(keccak256._(data)));
      }),
      { seed: fastCheckSeed },
    );
  });
});

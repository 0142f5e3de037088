import { expect } from "chai";
import fc from "fast-check";
import {
  type DenseParts,
  denseBytes,
  packDense,
  unpackDense,
} from "../../../../offchain-runner/src/exact/denseLayout.ts";
import { fastCheckSeed } from "../../../fixtures/campaign.ts";
import { expectProgramError } from "./expectProgramError.ts";

const K = [1, 2, 255, 256, 257, 513];
const N = [1, 9, 10, 11, 20, 21, 29, 30, 31, 61];

function partsOf(k: number, n: number, byte: (index: number) => number): DenseParts {
  return {
    k,
    n,
    weights: Uint8Array.from({ length: k * n }, (_, i) => byte(i)),
    m: Array.from({ length: n }, (_, j) => (j % 2 === 0 ? -1n : 1n) * 2n ** BigInt(j)),
    b: Array.from({ length: n }, (_, j) => -(2n ** 63n) + BigInt(j)),
  };
}

describe("the layout of dense layers", () => {
  it("puts column c of a group at bit 24·(c mod 10) + 8·⌊c/10⌋ of its word", () => {
    const n = 30;
    for (let column = 0; column < n; column++) {
      const parts = partsOf(1, n, (i) => (i === column ? 0xab : 0));
      const word = BigInt(`0x${Buffer.from(packDense(parts).slice(0, 32)).toString("hex")}`);
      expect(word).to.equal(0xabn << BigInt(24 * (column % 10) + 8 * Math.floor(column / 10)));
    }
  });

  it("gives back what it packed, at every size that leaves a rest", () => {
    for (const k of K) {
      for (const n of N) {
        const parts = partsOf(k, n, (i) => (i * 31 + 7) % 256);
        const packed = packDense(parts);
        expect(packed.length).to.equal(denseBytes(k, n));
        expect(unpackDense(new Uint8Array([1, 2, 3, ...packed]), 3, k, n)).to.deep.equal(parts);
      }
    }
  });

  it("refuses bytes that lie in no lane", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 29 }), fc.nat({ max: 31 }), (n, byte) => {
        const packed = packDense(partsOf(1, n, () => 0));
        packed[byte] = 1;
        const bit = 8 * (31 - byte);
        const column = Math.floor(bit / 24) + 10 * ((bit % 24) / 8);
        if (bit < 240 && column < n) expect(unpackDense(packed, 0, 1, n).weights[column]).to.equal(1);
        else expectProgramError(() => unpackDense(packed, 0, 1, n), "program-malformed");
      }),
      { seed: fastCheckSeed },
    );
  });

  it("refuses a stream that ends early and parts that do not fit", () => {
    const parts = partsOf(3, 11, () => 1);
    const packed = packDense(parts);
    expectProgramError(() => unpackDense(packed.slice(0, -1), 0, 3, 11), "program-truncated");
    expectProgramError(() => packDense({ ...parts, m: parts.m.slice(1) }), "program-malformed");
    expectProgramError(() => packDense({ ...parts, weights: parts.weights.slice(1) }), "program-malformed");
  });
});

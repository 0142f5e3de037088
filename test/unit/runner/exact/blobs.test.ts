import { expect } from "chai";
import fc from "fast-check";
import {
  blobCreationCode,
  blobDigest,
  cutStream,
  joinStream,
  storeGraph,
} from "../../../../offchain-runner/src/exact/blobs.ts";
import { packDense } from "../../../../offchain-runner/src/exact/denseLayout.ts";
import { BLOB_DATA_BYTES, type Op } from "../../../../offchain-runner/src/exact/program.ts";
import { decodeProgram } from "../../../../offchain-runner/src/exact/programCodec.ts";
import { decodeRoot, encodeRoot } from "../../../../offchain-runner/src/exact/rootCodec.ts";
import { fastCheckSeed } from "../../../fixtures/campaign.ts";
import { expectProgramError } from "./expectProgramError.ts";

const K = 900;
const layer: Op = {
  kind: "dense",
  x: 0,
  y: K,
  rows: 1,
  xRowStride: K,
  yRowStride: 31,
  k: K,
  n: 31,
  weights: 0,
  weightOffset: 128,
  divisor: 1n,
  lo: -(2n ** 63n),
  hi: 2n ** 63n - 1n,
};

function storedLayer() {
  const constants = packDense({
    k: K,
    n: 31,
    weights: new Uint8Array(K * 31).fill(7),
    m: new Array<bigint>(31).fill(1n),
    b: new Array<bigint>(31).fill(0n),
  });
  return storeGraph({
    steps: [layer],
    live: [],
    constants,
    arenaWords: K + 31,
    inputs: [{ dtype: "uint8", shape: [1, K], offset: 0 }],
    outputs: [{ dtype: "int64", shape: [1, 31], offset: K }],
  });
}

describe("blobs of a lowered graph", () => {
  it("cuts a stream into full blobs and a rest", () => {
    const sizes = (length: number) => cutStream(new Uint8Array(length)).map((piece) => piece.length);
    expect(sizes(0)).to.deep.equal([]);
    expect(sizes(1)).to.deep.equal([1]);
    expect(sizes(BLOB_DATA_BYTES)).to.deep.equal([BLOB_DATA_BYTES]);
    expect(sizes(BLOB_DATA_BYTES + 1)).to.deep.equal([BLOB_DATA_BYTES, 1]);
  });

  it("refuses data that no contract code can hold", () => {
    expect(blobCreationCode(new Uint8Array(BLOB_DATA_BYTES)).length).to.equal(BLOB_DATA_BYTES + 11);
    expectProgramError(() => blobDigest(new Uint8Array(BLOB_DATA_BYTES + 1)), "blob-too-large");
  });

  it("stores a graph whose root gives everything back", () => {
    const { graphRoot, root, rootBytes, stream, blobs } = storedLayer();
    expect(decodeRoot(rootBytes)).to.deep.equal(root);
    expect(blobDigest(rootBytes)).to.equal(graphRoot);
    expect(blobs.length).to.equal(3 + 1);
    expect(joinStream(blobs)).to.deep.equal(stream);
    const [record] = decodeProgram(stream.slice(0, root.programBytes));
    expect(record?.op).to.deep.equal({ ...layer, weights: root.programBytes });
  });

  it("refuses blobs in another order and of other contents", () => {
    const [first, second, third, root] = storedLayer().blobs as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    expectProgramError(() => joinStream([second, first, third, root]), "program-malformed");
    expectProgramError(() => joinStream([first, second, root]), "program-malformed");
    third[5] = (third[5] as number) ^ 1;
    expectProgramError(() => joinStream([first, second, third, root]), "program-malformed");
  });

  it("keeps a stream that fits in the root, which is then all of the graph", () => {
    const fill: Op = { kind: "fill", dst: 0, count: 1, value: 1n };
    const stored = (constants: number) =>
      storeGraph({
        steps: [fill],
        live: [],
        constants: new Uint8Array(constants).fill(7),
        arenaWords: 1,
        inputs: [],
        outputs: [{ dtype: "int64", shape: [1], offset: 0 }],
      });
    const { rootBytes } = stored(0);
    const room = BLOB_DATA_BYTES - rootBytes.length;
    const whole = stored(room);
    expect(whole.blobs).to.deep.equal([whole.rootBytes]);
    expect(whole.rootBytes.length).to.equal(BLOB_DATA_BYTES);
    expect(decodeRoot(whole.rootBytes)).to.deep.equal(whole.root);
    expect(joinStream(whole.blobs)).to.deep.equal(whole.stream);
    expectProgramError(() => joinStream([whole.stream, ...whole.blobs]), "program-malformed");
    const cut = stored(room + 1);
    expect(cut.blobs.length).to.equal(2);
    expect(joinStream(cut.blobs)).to.deep.equal(cut.stream);
    for (let length = 0; length < rootBytes.length; length++) {
      expectProgramError(() => decodeRoot(rootBytes.slice(0, length)), "program-truncated");
    }
    expectProgramError(() => decodeRoot(new Uint8Array([...rootBytes, 0])), "program-malformed");
  });

  it("refuses every truncation and extension of a root", () => {
    const { rootBytes } = storedLayer();
    for (let length = 0; length < rootBytes.length; length++) {
      expectProgramError(() => decodeRoot(rootBytes.slice(0, length)), "program-truncated");
    }
    expectProgramError(() => decodeRoot(new Uint8Array([...rootBytes, 0])), "program-malformed");
  });

  it("refuses roots of other versions, with larger arenas, with floats, and with tensors outside the arena", () => {
    const { root, stream } = storedLayer();
    const [input] = root.inputs;
    if (input === undefined) throw new Error("the graph has an input");
    const refusal = (changed: Partial<typeof root>) => () =>
      decodeRoot(encodeRoot({ ...root, ...changed }, stream));
    expectProgramError(refusal({ loweringVersion: 2 }), "program-version-unknown");
    expectProgramError(refusal({ arenaWords: 16_385 }), "program-limit");
    expectProgramError(refusal({ inputs: [{ ...input, dtype: "float32" }] }), "program-malformed");
    expectProgramError(refusal({ inputs: [{ ...input, shape: [1, 0] }] }), "program-malformed");
    expectProgramError(refusal({ inputs: [{ ...input, offset: 32 }] }), "program-out-of-bounds");
    expectProgramError(refusal({ programBytes: root.streamBytes + 1 }), "program-malformed");
  });

  it("names different data differently", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 64 }), (p, q) => {
        expect(blobDigest(p) === blobDigest(q)).to.equal(Buffer.from(p).equals(Buffer.from(q)));
      }),
      { seed: fastCheckSeed },
    );
  });
});

import { expect } from "chai";
import { AbiCoder, dataSlice, hexlify, keccak256 } from "ethers";
import type { GraphRoot } from "../../../../offchain-runner/src/exact/program.ts";
import { bindingOf, publicSignals, statementForm } from "../../../../offchain-runner/src/zk/statement.ts";
import { encodeTensors } from "../../../../sdk/src/tensorCodec.ts";
import { tensorFromNumbers } from "../../../../sdk/src/tensorValues.ts";

const ROOT: GraphRoot = {
  loweringVersion: 1,
  programBytes: 0,
  streamBytes: 0,
  arenaWords: 64,
  gasBound: 0n,
  inputs: [
    { dtype: "uint8", shape: [1, 30], offset: 0 },
    { dtype: "int16", shape: [2], offset: 30 },
  ],
  outputs: [{ dtype: "int64", shape: [], offset: 32 }],
  blobDigests: [],
};
const FIRST = Array.from({ length: 30 }, (_, i) => i + 1);
const INPUT = encodeTensors([
  tensorFromNumbers("uint8", [1, 30], FIRST),
  tensorFromNumbers("int16", [2], [-2, 0x0304]),
]);
const OUTPUT = encodeTensors([tensorFromNumbers("int64", [], [-3n])]);

/** The first byte highest. */
function numberOf(bytes: number[]): bigint {
  return BigInt(hexlify(Uint8Array.from(bytes)));
}

describe("statement", () => {
  it("is the elements' bytes of inputs and outputs without gaps, then the binding, 31 to a signal", () => {
    const bytes = [...FIRST, 0xfe, 0xff, 0x04, 0x03, 0xfd, ...new Array<number>(7).fill(0xff)];
    const binding = Array.from({ length: 16 }, (_, i) => 0x80 + i);
    const rest = [...bytes.slice(31), ...binding, ...new Array<number>(4).fill(0)];
    const signals = [bytes.slice(0, 31), rest];
    expect(publicSignals(ROOT, INPUT, OUTPUT, numberOf(binding))).to.deep.equal(signals.map(numberOf));
    expect(statementForm(ROOT).chunks).to.equal(2);
  });

  it("has a signal of its own for the binding, or for a part of it, where no room is left", () => {
    for (const [elements, chunks] of [
      [2, 1],
      [15, 1],
      [16, 2],
      [31, 2],
      [46, 2],
      [47, 3],
    ] as const) {
      const place = { dtype: "uint8", offset: 0 } as const;
      const inputs = [{ ...place, shape: [elements - 1] }];
      const root = { ...ROOT, inputs, outputs: [{ ...place, shape: [1] }] };
      expect(statementForm(root).chunks).to.equal(chunks);
    }
  });

  it("says where the elements lie, and what everything around them is", () => {
    for (const [encoding, frame] of [
      [INPUT, statementForm(ROOT).input],
      [OUTPUT, statementForm(ROOT).output],
    ] as const) {
      const empty = Uint8Array.from(encoding);
      for (const { at, bytes } of frame.parts) empty.fill(0, at, at + bytes);
      expect(frame.length).to.equal(encoding.length);
      expect(frame.digest).to.equal(keccak256(empty));
    }
    const { parts } = statementForm(ROOT).input;
    expect(parts.map(({ at, bytes }) => [...INPUT.subarray(at, at + bytes)])).to.deep.equal([
      FIRST,
      [0xfe, 0xff, 0x04, 0x03],
    ]);
  });

  it("binds operator, chain, verifier and release", () => {
    const binding = {
      operatorId: 0x01020304,
      chainId: 84_532n,
      verifier: `0x${"ab".repeat(20)}`,
      release: `0x${"cd".repeat(32)}`,
    };
    const digest = keccak256(
      AbiCoder.defaultAbiCoder().encode(
        ["uint32", "uint256", "address", "bytes32"],
        [binding.operatorId, binding.chainId, binding.verifier, binding.release],
      ),
    );
    expect(bindingOf(binding)).to.equal(BigInt(dataSlice(digest, 0, 16)));
    const others = [
      { ...binding, operatorId: 1 },
      { ...binding, chainId: 1n },
      { ...binding, verifier: `0x${"ac".repeat(20)}` },
      { ...binding, release: `0x${"ce".repeat(32)}` },
    ].map(bindingOf);
    expect(new Set([bindingOf(binding), ...others]).size).to.equal(5);
  });
});

import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";
import type { GraphRoot } from "../../../../offchain-runner/src/exact/program.ts";
import {
  operatorSignal,
  publicSignals,
  statementForm,
} from "../../../../offchain-runner/src/zk/statement.ts";
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

describe("statement", () => {
  it("is the elements' bytes of inputs and outputs without gaps, 31 to a signal, and the operator", () => {
    const bytes = [...FIRST, 0xfe, 0xff, 0x04, 0x03, 0xfd, ...new Array<number>(7).fill(0xff)];
    const signals = [bytes.slice(0, 31), [...bytes.slice(31), ...new Array<number>(20).fill(0)]];
    expect(publicSignals(ROOT, INPUT, OUTPUT, 99n)).to.deep.equal([
      ...signals.map((chunk) => BigInt(`0x${Buffer.from(chunk).toString("hex")}`)),
      99n,
    ]);
    expect(statementForm(ROOT).chunks).to.equal(2);
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
        ["uint256", "address", "bytes32"],
        [binding.chainId, binding.verifier, binding.release],
      ),
    );
    expect(operatorSignal(binding)).to.equal(BigInt(`0x01020304${digest.slice(-54)}`));
    const others = [
      { ...binding, operatorId: 1 },
      { ...binding, chainId: 1n },
      { ...binding, verifier: `0x${"ac".repeat(20)}` },
      { ...binding, release: `0x${"ce".repeat(32)}` },
    ].map(operatorSignal);
    expect(new Set([operatorSignal(binding), ...others]).size).to.equal(5);
  });
});

import { expect } from "chai";
import { AbiCoder, getBytes, hexlify, keccak256 } from "ethers";
import fc from "fast-check";
import { DTYPES, type Dtype } from "../../../sdk/src/dtype.ts";
import { NetworkError } from "../../../sdk/src/errors.ts";
import type { Tensor } from "../../../sdk/src/tensor.ts";
import { decodeTensors, encodeTensors, hashTensors } from "../../../sdk/src/tensorCodec.ts";
import { TensorError } from "../../../sdk/src/tensorError.ts";
import { campaign } from "../../fixtures/campaign.ts";
import { checkProperty } from "../../fixtures/checkProperty.ts";
import { nearEncodings, tensorLists } from "../../fixtures/tensorArbitraries.ts";
import { expectTensorError, tensorErrorOf } from "../../fixtures/tensorErrors.ts";
import { codeOf, tensorOf, vectors } from "../../fixtures/tensorVectors.ts";

const ABI = ["tuple(uint8 dtype, uint32[] shape, bytes data)[]"];

function abiEncode(tensors: readonly { dtype: number; shape: readonly number[]; data: string }[]): string {
  return AbiCoder.defaultAbiCoder().encode(ABI, [tensors]);
}

describe("encodeTensors", function () {
  this.timeout(campaign.runs(120_000, 3_600_000));
  for (const { name, tensors, encoded, hash } of vectors.encodings) {
    it(`encodes ${name}`, () => {
      expect(hexlify(encodeTensors(tensors.map(tensorOf)))).to.equal(encoded);
      expect(hashTensors(tensors.map(tensorOf)))
        .to.equal(hash)
        .and.to.equal(keccak256(encoded));
      expect(abiEncode(tensors), "the vector itself").to.equal(encoded);
    });
  }

  for (const { name, tensors, error } of vectors.invalid) {
    it(`refuses ${name}`, () => {
      const thrown = tensorErrorOf(() => encodeTensors(tensors.map(tensorOf)));
      expect(thrown.code).to.equal(codeOf(error));
    });
  }

  it("refuses what the type system would not let through", () => {
    const tensor: Tensor = { dtype: "int8", shape: [1], data: new Uint8Array(1) };
    for (const dimension of [-1, 1.5, Number.NaN, 2 ** 32, "1", null]) {
      const shape = [dimension as number];
      expectTensorError(() => encodeTensors([{ ...tensor, shape }]), "tensor-dimension-invalid", {
        axis: 0,
        dimension,
      });
    }
    const dtype = (name: string) => () => encodeTensors([{ ...tensor, dtype: name as Dtype }]);
    expectTensorError(dtype("string"), "tensor-strings-refused", {});
    expectTensorError(dtype("float16"), "tensor-dtype-unsupported", { dtype: "float16" });
    expectTensorError(dtype("toString"), "tensor-dtype-unsupported", { dtype: "toString" });
  });

  it(`agrees with the ABI coder, and decodes to what it was given`, () => {
    const property = fc.property(tensorLists, (tensors) => {
      const encoded = encodeTensors(tensors);
      const abi = tensors.map(({ dtype, shape, data }) => ({
        dtype: DTYPES[dtype].number,
        shape,
        data: hexlify(data),
      }));
      expect(hexlify(encoded)).to.equal(abiEncode(abi));
      expect(decodeTensors(encoded)).to.deep.equal(tensors);
    });
    checkProperty("tensor-codec", property, 300, 20_000);
  });
});

describe("decodeTensors", function () {
  this.timeout(campaign.runs(120_000, 3_600_000));
  for (const { name, tensors, encoded } of vectors.encodings) {
    it(`decodes ${name}`, () => expect(decodeTensors(encoded)).to.deep.equal(tensors.map(tensorOf)));
  }

  for (const { name, encoded, error } of vectors.malformed) {
    it(`refuses ${name}`, () =>
      expect(tensorErrorOf(() => decodeTensors(encoded)).code).to.equal(codeOf(error)));
  }

  it("refuses what is not bytes", () => {
    for (const value of [undefined, null, 5, "", "0x1", "bytes", [0]]) {
      const act = () => decodeTensors(value as string);
      expectTensorError(act, "tensor-encoding-not-bytes", { type: typeof value });
    }
  });

  it("reads a view into a larger buffer, and gives each tensor an aligned buffer of its own", () => {
    const encoded = encodeTensors([{ dtype: "float64", shape: [2], data: new Uint8Array(16).fill(7) }]);
    const larger = new Uint8Array(encoded.length + 3);
    larger.set(encoded, 1);
    const [tensor] = decodeTensors(larger.subarray(1, 1 + encoded.length)) as [Tensor];
    expect(tensor.data.byteOffset).to.equal(0);
    expect(tensor.data.buffer.byteLength).to.equal(16);
    larger.fill(0);
    expect(tensor.data).to.deep.equal(new Uint8Array(16).fill(7));
  });

  it(`accepts no other bytes than encodeTensors makes`, () => {
    const property = fc.property(nearEncodings, (mutated) => {
      let decoded: Tensor[];
      try {
        decoded = decodeTensors(mutated);
      } catch (error) {
        expect(error).to.be.instanceOf(TensorError);
        return;
      }
      expect(encodeTensors(decoded)).to.deep.equal(mutated);
    });
    checkProperty("tensor-codec", property, 1_000, 100_000);
  });

  it("refuses an announced size without reserving memory for it", () => {
    const word = (value: bigint) => value.toString(16).padStart(64, "0");
    const encoded = `0x${[32n, 1n, 32n, 2n, 96n, 160n, 1n, 2n ** 32n - 1n, 2n ** 32n - 1n].map(word).join("")}`;
    expectTensorError(() => decodeTensors(encoded), "tensor-encoding-truncated", {
      length: getBytes(encoded).length,
      needed: 9 * 32 + 2 ** 32,
    });
  });
});

describe("TensorError", () => {
  it("is a NetworkError with a code, the values and a message for people", () => {
    const error = new TensorError("tensor-rank-wrong", { rank: 3, expected: 2 }, "candles");
    expect(error).to.be.instanceOf(NetworkError);
    expect(error).to.include({ name: "TensorError", code: "tensor-rank-wrong", retryable: false });
    expect(error.data).to.deep.equal({ rank: 3, expected: 2, tensor: "candles" });
    expect(error.message).to.equal('tensor "candles": rank is 3, expected 2');
  });
});

import { expect } from "chai";
import { getBytes, hexlify, type Interface } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { DTYPES, type Dtype, type FloatDtype, isDtype } from "../../sdk/src/dtype.ts";
import { fixedFromFloat, floatFromFixed } from "../../sdk/src/float.ts";
import type { Tensor } from "../../sdk/src/tensor.ts";
import { decodeTensors, encodeTensors } from "../../sdk/src/tensorCodec.ts";
import { TensorError } from "../../sdk/src/tensorError.ts";
import { integersFromTensor, tensorFromFixed, tensorFromNumbers } from "../../sdk/src/tensorValues.ts";
import { campaign, fastCheckSeed, recordCases } from "../fixtures/campaign.ts";
import {
  decimals,
  dtypes,
  fixedValues,
  floatBits,
  floatDtypes,
  nearEncodings,
  tensorLists,
  tensors,
} from "../fixtures/tensorArbitraries.ts";
import { codeOf } from "../fixtures/tensorVectors.ts";

/** How many calls go into one `eth_call`. */
const BATCH = 50;

/** One function of the harness, its arguments, and what TypeScript makes of the same. */
type Case = { call: string; args: readonly unknown[]; ours: () => unknown };

/** What one side said: a value, or an error by code and values, in a form that both sides can have. */
type Answer = { value: string } | { code: string; data: string[] };

describe(`tensor codec in Solidity and in TypeScript`, function () {
  this.timeout(campaign.runs(120_000, 3_600_000));
  let abi: Interface;
  let attempt: (calls: string[]) => Promise<[boolean[], string[]]>;

  before(async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    const harness = await ethers.deployContract("TensorCodecHarness");
    abi = harness.interface;
    attempt = async (calls) => {
      const [ok, results] = await harness.getFunction("attempt").staticCall(calls, { gasLimit: 2n ** 24n });
      return [[...ok], [...results]];
    };
  });

  async function compare(
    cases: fc.Arbitrary<Case>,
    count: number,
  ): Promise<{ values: number; errors: number }> {
    const seen = { values: 0, errors: 0 };
    const all = fc.sample(cases, { seed: fastCheckSeed, numRuns: count });
    for (let from = 0; from < all.length; from += BATCH) {
      const batch = all.slice(from, from + BATCH);
      const [ok, results] = await attempt(batch.map(({ call, args }) => abi.encodeFunctionData(call, args)));
      for (const [i, item] of batch.entries()) {
        const theirs = answerOfContract(item.call, ok[i] === true, results[i] as string);
        expect(answerOf(item.ours), describeCase(item)).to.deep.equal(theirs);
        seen["value" in theirs ? "values" : "errors"]++;
      }
    }
    recordCases("tensor-differential", count);
    return seen;
  }

  function answerOfContract(call: string, ok: boolean, result: string): Answer {
    if (ok) return { value: plain(abi.decodeFunctionResult(call, result).toArray(true)[0]) };
    const error = abi.parseError(result);
    if (error === null) throw new Error(`${call} reverted without a known error: ${result}`);
    return { code: codeOf(error.signature), data: error.args.toArray().map(String) };
  }

  it("encode any tensors to the same bytes", async () => {
    const cases = tensorLists.map((list): Case => {
      return { call: "encode", args: [list.map(abiOf)], ours: () => hexlify(encodeTensors(list)) };
    });
    expect((await compare(cases, campaign.runs(300, 20_000))).errors).to.equal(0);
  });

  it("decode what is canonical alike, and refuse all else for the same reason", async () => {
    const cases = fc.oneof(nearEncodings, tensorLists.map(encodeTensors)).map((encoded): Case => {
      return { call: "decode", args: [encoded], ours: () => decodeTensors(encoded).map(abiOf) };
    });
    const { values, errors } = await compare(cases, campaign.runs(600, 50_000));
    expect(values).to.be.greaterThan(100);
    expect(errors).to.be.greaterThan(100);
  });

  it("refuse the same invalid tensors for the same reason", async () => {
    const cases = fc.tuple(tensors, dtypes, fc.nat({ max: 40 })).map(([tensor, dtype, length]): Case => {
      const data = Uint8Array.from({ length }, (_, i) => tensor.data[i] ?? i % 3);
      const changed = { dtype, shape: tensor.shape, data };
      return { call: "encode", args: [[abiOf(changed)]], ours: () => hexlify(encodeTensors([changed])) };
    });
    const { values, errors } = await compare(cases, campaign.runs(300, 20_000));
    expect(values).to.be.greaterThan(0);
    expect(errors).to.be.greaterThan(100);
  });

  it("turn fixed-point numbers into the same floats", async () => {
    const cases = fc.tuple(fixedValues, decimals, floatDtypes).map(([value, places, dtype]): Case => {
      const args = [value, places, DTYPES[dtype].number];
      return { call: "floatOf", args, ours: () => floatFromFixed(value, places, dtype) };
    });
    const { values, errors } = await compare(cases, campaign.runs(1_000, 100_000));
    expect(values).to.be.greaterThan(500);
    expect(errors).to.be.greaterThan(10);
  });

  it("turn floats into the same fixed-point numbers", async () => {
    const floats = floatDtypes.chain((dtype) => fc.tuple(fc.constant(dtype), floatBits(dtype), decimals));
    const cases = floats.map(([dtype, bits, places]): Case => {
      const args = [bits, places, DTYPES[dtype].number];
      return { call: "fixedOf", args, ours: () => fixedFromFloat(bits, places, dtype) };
    });
    const { values, errors } = await compare(cases, campaign.runs(1_000, 100_000));
    expect(values).to.be.greaterThan(300);
    expect(errors).to.be.greaterThan(100);
  });

  it("build the same float tensors", async () => {
    const lists = fc.array(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), { maxLength: 40 });
    const cases = fc
      .tuple(lists, decimals, dtypes, fc.boolean())
      .map(([list, places, dtype, right]): Case => {
        const shape = [list.length + (right ? 0 : 1)];
        const values = list.map(BigInt);
        return {
          call: "fromFixed",
          args: [values, places, shape, DTYPES[dtype].number],
          ours: () => abiOf(tensorFromFixed(dtype as FloatDtype, shape, values, places)),
        };
      });
    expect((await compare(cases, campaign.runs(200, 10_000))).values).to.be.greaterThan(5);
  });

  it("build and read the same integer tensors", async () => {
    const integers = dtypes.filter((dtype) => DTYPES[dtype].kind !== "float");
    const near = fc.tuple(fc.nat({ max: 65 }), fc.integer({ min: -2, max: 2 }), fc.boolean());
    const value = near.map(
      ([bits, nudge, negative]) => (negative ? -1n : 1n) * (2n ** BigInt(bits) + BigInt(nudge)),
    );
    const building = fc.tuple(fc.array(value, { maxLength: 3 }), integers).map(([values, dtype]): Case => {
      const shape = [values.length];
      const args = [values, shape, DTYPES[dtype].number];
      return { call: "fromInts", args, ours: () => abiOf(tensorFromNumbers(dtype, shape, values)) };
    });
    const reading = tensors.map((tensor): Case => {
      return { call: "toInts", args: [abiOf(tensor)], ours: () => integersFromTensor(tensor) };
    });
    const { values, errors } = await compare(fc.oneof(building, reading), campaign.runs(400, 20_000));
    expect(values).to.be.greaterThan(100);
    expect(errors).to.be.greaterThan(50);
  });
});

function abiOf({ dtype, shape, data }: Tensor): [number, readonly number[], string] {
  return [DTYPES[dtype].number, shape, hexlify(data)];
}

function answerOf(act: () => unknown): Answer {
  try {
    return { value: plain(act()) };
  } catch (error) {
    if (!(error instanceof TensorError)) throw error;
    return { code: error.code, data: Object.values(error.data).map(plainDatum) };
  }
}

/** Solidity's errors name a dtype by its number. */
function plainDatum(value: unknown): string {
  return isDtype(value) ? String(DTYPES[value as Dtype].number) : String(value);
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === "number" || typeof item === "bigint") return String(item);
    return item;
  });
}

function describeCase({ call, args }: Case): string {
  return `${call}(${plain(args.map((arg) => (arg instanceof Uint8Array ? hexlify(getBytes(arg)) : arg)))})`;
}

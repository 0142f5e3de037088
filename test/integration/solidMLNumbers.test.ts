import { expect } from "chai";
import type { Interface } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { DTYPES, type FloatDtype } from "../../sdk/src/dtype.ts";
import { floatFromFixed } from "../../sdk/src/float.ts";
import { campaign, fastCheckSeed, recordCases } from "../fixtures/campaign.ts";
import { floatBits, floatDtypes } from "../fixtures/tensorArbitraries.ts";

/** How many calls go into one `eth_call`. */
const BATCH = 50;
const INT128_MAX = 2n ** 127n - 1n;
const MAX_OUTPUT_DECIMALS = 54;

type Answer = { value: string } | { error: string };

/** A function of the harness, its arguments, and what TypeScript makes of the same. */
interface Case {
  call: "fromFloat" | "toElements";
  args: readonly unknown[];
  ours: Answer;
}

const EXTREMES: Readonly<Record<FloatDtype, readonly bigint[]>> = {
  // ±0, least and greatest denormal, least and greatest normal, 1, ±2^127 and its neighbours, infinities, NaN.
  float32: [
    0n,
    0x80000000n,
    1n,
    0x80000001n,
    0x7fffffn,
    0x800000n,
    0x3f800000n,
    0x7effffffn,
    0x7f000000n,
    0xff000000n,
    0xff000001n,
    0x7f7fffffn,
    0x7f800000n,
    0xff800000n,
    0x7fc00000n,
    0xffffffffn,
  ],
  float64: [
    0n,
    1n << 63n,
    1n,
    0x000fffffffffffffn,
    0x0010000000000000n,
    0x3ff0000000000000n,
    0x3fb999999999999an,
    0x47dfffffffffffffn,
    0x47e0000000000000n,
    0xc7e0000000000000n,
    0xc7e0000000000001n,
    0x7fefffffffffffffn,
    0x7ff0000000000000n,
    0xfff0000000000000n,
    0x7ff8000000000000n,
    0xffffffffffffffffn,
  ],
};

describe("numbers of the published interface in Solidity and in TypeScript", function () {
  this.timeout(campaign.runs(120_000, 3_600_000));
  let abi: Interface;
  let attempt: (calls: string[]) => Promise<[boolean[], string[]]>;

  before(async () => {
    const { ethers } = await network.create({ network: "op", chainType: "op" });
    const harness = await ethers.deployContract("NumbersHarness");
    abi = harness.interface;
    attempt = async (calls) => {
      const [ok, results] = await harness.getFunction("attempt").staticCall(calls, { gasLimit: 2n ** 24n });
      return [[...ok], [...results]];
    };
  });

  async function compare(cases: readonly Case[]): Promise<{ values: number; errors: number }> {
    const seen = { values: 0, errors: 0 };
    for (let from = 0; from < cases.length; from += BATCH) {
      const batch = cases.slice(from, from + BATCH);
      const [ok, results] = await attempt(batch.map(({ call, args }) => abi.encodeFunctionData(call, args)));
      for (const [i, { call, args, ours }] of batch.entries()) {
        const theirs = answerOf(call, ok[i] === true, results[i] as string);
        expect(ours, `${call} ${plain(args)}`).to.deep.equal(theirs);
        seen["value" in theirs ? "values" : "errors"]++;
      }
    }
    recordCases("solidml-numbers", cases.length);
    return seen;
  }

  function answerOf(call: string, ok: boolean, result: string): Answer {
    if (ok) return { value: plain(abi.decodeFunctionResult(call, result).toArray(true)[0]) };
    const error = abi.parseError(result);
    if (error === null) throw new Error(`${call} reverted without a known error: ${result}`);
    return { error: error.name };
  }

  it("expand the extremes alike", async () => {
    const { values, errors } = await compare([
      ...EXTREMES.float32.map((bits) => expansion("float32", bits)),
      ...EXTREMES.float64.map((bits) => expansion("float64", bits)),
    ]);
    expect(values).to.be.greaterThan(15);
    expect(errors).to.be.greaterThan(8);
  });

  it("expand any floats alike", async () => {
    // From the codec's own arbitrary, which seeks its edges, and around 1, where models answer.
    const near = fc
      .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), floatDtypes)
      .map(([value, dtype]) => expansion(dtype, bitsOf(value, dtype)));
    const any = floatDtypes.chain((dtype) => floatBits(dtype).map((bits) => expansion(dtype, bits)));
    const cases = fc.sample(fc.oneof(near, any), {
      seed: fastCheckSeed,
      numRuns: campaign.runs(2_000, 100_000),
    });
    const { values, errors } = await compare(cases);
    expect(values).to.be.greaterThan(500);
    expect(errors).to.be.greaterThan(50);
  });

  it("round decimal numbers to the same floats", async () => {
    const value = fc.oneof(
      fc.bigInt({ min: -INT128_MAX - 1n, max: INT128_MAX }),
      fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
      fc.constantFrom(0n, INT128_MAX, -INT128_MAX - 1n, 2n ** 24n + 1n, 2n ** 53n + 1n),
    );
    const number = fc.tuple(value, fc.integer({ min: -1, max: 20 }), floatDtypes);
    const cases = fc.sample(number, { seed: fastCheckSeed, numRuns: campaign.runs(2_000, 100_000) });
    const { values, errors } = await compare(cases.map((args) => rounding(...args)));
    expect(values).to.be.greaterThan(1_000);
    expect(errors).to.be.greaterThan(100);
  });
});

function expansion(dtype: FloatDtype, bits: bigint): Case {
  return { call: "fromFloat", args: [bits, DTYPES[dtype].number], ours: expand(numberOf(bits, dtype)) };
}

/** By the rule as the documentation has it, on the ratio that the number is. */
function expand(number: number): Answer {
  if (!Number.isFinite(number)) return { error: "FloatNotFinite" };
  const [numerator, denominator] = ratioOf(Math.abs(number));
  const isNegative = number < 0;
  const limit = isNegative ? INT128_MAX + 1n : INT128_MAX;
  const answer = (value: bigint, decimals: number): Answer => ({
    value: plain([isNegative ? -value : value, decimals]),
  });
  if (numerator / denominator > limit) return { error: "FloatExceedsNumber" };
  for (let decimals = 0; decimals <= MAX_OUTPUT_DECIMALS; decimals++) {
    const scaled = numerator * 10n ** BigInt(decimals);
    if (scaled % denominator === 0n && scaled / denominator <= limit)
      return answer(scaled / denominator, decimals);
  }
  for (let decimals = MAX_OUTPUT_DECIMALS; ; decimals--) {
    const rounded = divideToEven(numerator * 10n ** BigInt(decimals), denominator);
    if (rounded === 0n) return answer(0n, 0);
    if (rounded <= limit) return answer(rounded, decimals);
  }
}

function rounding(value: bigint, decimals: number, dtype: FloatDtype): Case {
  const isValid = decimals >= 0 && decimals <= 18;
  const bits = () =>
    // The language itself rounds decimal text to the nearest double; no such thing is there for singles.
    dtype === "float64"
      ? bitsOf(Number(`${value}e-${decimals}`), dtype)
      : floatFromFixed(value, decimals, dtype);
  return {
    call: "toElements",
    args: [[[value, decimals]], DTYPES[dtype].number],
    ours: isValid ? { value: plain([bits()]) } : { error: "NumberDecimalsInvalid" },
  };
}

function numberOf(bits: bigint, dtype: FloatDtype): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, dtype === "float64" ? bits : bits << 32n);
  return dtype === "float64" ? view.getFloat64(0) : view.getFloat32(0);
}

function bitsOf(number: number, dtype: FloatDtype): bigint {
  const view = new DataView(new ArrayBuffer(8));
  if (dtype === "float64") view.setFloat64(0, number);
  else view.setFloat32(4, number);
  return view.getBigUint64(0);
}

/** A finite number, not negative, as a ratio; doubling is exact. */
function ratioOf(number: number): [bigint, bigint] {
  let [whole, denominator] = [number, 1n];
  while (!Number.isInteger(whole)) {
    whole *= 2;
    denominator *= 2n;
  }
  return [BigInt(whole), denominator];
}

function divideToEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  const isUp = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  return isUp ? quotient + 1n : quotient;
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_, item) =>
    typeof item === "bigint" || typeof item === "number" ? String(item) : item,
  );
}

import { getBytes, hexlify, Interface } from "ethers";
import { z } from "zod";
import type { ResilientProvider } from "./provider.ts";

/** What an OP-stack chain takes beside gas, wei, as straight lines: what data takes upwards of some 200 bytes. */
export interface RollupFees {
  data: Line;
  operator: Line;
}

interface Line {
  /** At `from`. */
  base: bigint;
  from: bigint;
  rise: bigint;
  run: bigint;
}

/** What fees are read from. */
export interface FeeReader {
  suggestedTip(): Promise<bigint>;
  /** Undefined on a chain without an oracle, where there are no such fees. */
  rollupFees(): Promise<RollupFees | undefined>;
}

/** Predeploy of every OP-stack chain (specs.optimism.io, protocol/predeploys). */
export const GAS_PRICE_ORACLE = "0x420000000000000000000000000000000000000F";

const oracle = new Interface([
  "function getL1Fee(bytes data) view returns (uint256)",
  "function getL1FeeUpperBound(uint256 unsignedSize) view returns (uint256)",
  "function getOperatorFee(uint256 gasUsed) view returns (uint256)",
]);
const SMALL_BYTES = 1_000;
const LARGE_BYTES = 11_000;
const MUCH_GAS = 1_000_000;
const NONE: Line = { base: 0n, from: 0n, rise: 0n, run: 1n };

const quantity = z.string().transform(BigInt);
const word = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform(BigInt);

export function createFeeReader(provider: ResilientProvider): FeeReader {
  let isThere: boolean | undefined;
  /** What was read last: an endpoint that refuses to answer has not made data free. */
  let known: RollupFees = { data: NONE, operator: NONE };
  /** Undefined where the oracle has no such function: it is older. */
  const ask = async (method: string, argument: unknown): Promise<bigint | undefined> => {
    const data = oracle.encodeFunctionData(method, [argument]);
    const call = [{ to: GAS_PRICE_ORACLE, data }, "latest"];
    const end = await provider.sendAlone("eth_call", call, new AbortController().signal);
    const answer = word.safeParse("result" in end ? end.result : undefined);
    return answer.success ? answer.data : undefined;
  };
  /** Fjord's bound, or what Ecotone and before take for data without a zero in it. */
  const dataFee = async (bytes: number): Promise<bigint | undefined> =>
    (await ask("getL1FeeUpperBound", bytes)) ??
    (await ask("getL1Fee", hexlify(new Uint8Array(bytes).fill(1))));
  return {
    async suggestedTip() {
      const end = await provider.sendAlone("eth_maxPriorityFeePerGas", [], new AbortController().signal);
      // Not every chain knows tips.
      return "result" in end ? quantity.parse(end.result) : 0n;
    },
    async rollupFees() {
      isThere ??= getBytes(await provider.getCode(GAS_PRICE_ORACLE)).length > 0;
      if (!isThere) return undefined;
      const [small, large] = await Promise.all([dataFee(SMALL_BYTES), dataFee(LARGE_BYTES)]);
      const [constant, much] = await Promise.all([ask("getOperatorFee", 0), ask("getOperatorFee", MUCH_GAS)]);
      const hasData = small !== undefined && large !== undefined;
      known = {
        data: hasData ? through([SMALL_BYTES, small], [LARGE_BYTES, large]) : known.data,
        operator: much === undefined ? known.operator : through([0, constant ?? 0n], [MUCH_GAS, much]),
      };
      return known;
    },
  };
}

function through([x1, y1]: [number, bigint], [x2, y2]: [number, bigint]): Line {
  return { base: y1, from: BigInt(x1), rise: y2 - y1, run: BigInt(x2 - x1) };
}

/** Rounded up. */
export function at(line: Line, x: bigint): bigint {
  const value = line.base + ((x - line.from) * line.rise + line.run - 1n) / line.run;
  return value > 0n ? value : 0n;
}

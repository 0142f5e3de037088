import { randomBytes } from "node:crypto";
import { dtypeInfo } from "@opg-network/sdk/dtype";
import type { Tensor } from "@opg-network/sdk/tensor";
import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import { getBytes, hexlify, type Interface } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { StoredGraph } from "../../offchain-runner/src/exact/blobs.ts";
import { ExactInterpreter } from "../../offchain-runner/src/exact/interpreter.ts";
import { elementCount, type TensorPlace } from "../../offchain-runner/src/exact/program.ts";
import { IOnChainModel__factory } from "../../types/index.ts";

const PLACE = "0x0000000000000000000000000000000000001234";
const GAS = "0x1000000";
const model: Interface = IOnChainModel__factory.createInterface();

/** Where a contract and the interpreter part. */
export interface Difference {
  readonly input: string;
  readonly expected: string;
  readonly given: string;
}

/**
 * Runs code on a chain of its own, in memory, and compares it with the interpreter: elements at both ends of their type,
 * at random, and mixed; and an input with a byte too many, which both must refuse.
 */
export async function differenceOf(
  { network }: Pick<HardhatRuntimeEnvironment, "network">,
  runtimeCode: string,
  graph: Pick<StoredGraph, "graphRoot" | "root" | "stream">,
  runs: number,
): Promise<Difference | undefined> {
  const connection = await network.create("op");
  try {
    await connection.provider.request({ method: "hardhat_setCode", params: [PLACE, runtimeCode] });
    const call = async (input: Uint8Array): Promise<string> => {
      const data = model.encodeFunctionData("evaluate", [input]);
      const params = [{ to: PLACE, data, gas: GAS }, "latest"];
      const returned = connection.provider.request({ method: "eth_call", params }) as Promise<string>;
      return await returned.then(
        (result) => hexlify(getBytes(model.decodeFunctionResult("evaluate", result)[0])),
        (error: { data?: unknown }) => (typeof error.data === "string" ? error.data : "reverted"),
      );
    };
    const interpreter = new ExactInterpreter(graph);
    for (let run = 0; run < runs; run++) {
      const input = encodeTensors(graph.root.inputs.map((place) => tensorOf(place, run)));
      const expected = hexlify(interpreter.evaluate(input));
      const given = await call(input);
      if (given !== expected) return { input: hexlify(input), expected, given };
    }
    const longer = Uint8Array.of(...encodeTensors(graph.root.inputs.map((place) => tensorOf(place, 0))), 0);
    const expected = model.encodeErrorResult("InputInvalid", [graph.graphRoot]);
    const given = await call(longer);
    return given === expected ? undefined : { input: hexlify(longer), expected, given };
  } finally {
    await connection.close();
  }
}

/** The first runs are the ends of the type, all elements alike; the others draw bytes, or one of the ends each. */
function tensorOf({ dtype, shape }: TensorPlace, run: number): Tensor {
  const { bytes, kind } = dtypeInfo(dtype);
  const count = elementCount(shape);
  const top = kind === "bool" ? 1 : kind === "signed" ? 0x7f : 0xff;
  const ends = [
    new Array<number>(bytes).fill(0),
    [...new Array<number>(bytes - 1).fill(kind === "bool" ? 0 : 0xff), top],
  ];
  if (kind === "signed") ends.push([...new Array<number>(bytes - 1).fill(0), 0x80]);
  const random = randomBytes(count * (bytes + 1));
  const element = (i: number): readonly number[] => {
    const drawn = random[i] as number;
    if (run < ends.length) return ends[run] as readonly number[];
    if (run % 2 === 0) return ends[drawn % ends.length] as readonly number[];
    const own = [...random.subarray(count + i * bytes, count + (i + 1) * bytes)];
    return kind === "bool" ? own.map((byte) => byte & 1) : own;
  };
  return { dtype, shape, data: Uint8Array.from(Array.from({ length: count }, (_, i) => element(i)).flat()) };
}

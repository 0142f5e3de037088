import { network } from "hardhat";
import { DTYPES } from "../../sdk/src/dtype.ts";
import type { Tensor } from "../../sdk/src/tensor.ts";
import { encodeTensors } from "../../sdk/src/tensorCodec.ts";
import { tensorFromFixed, tensorFromNumbers } from "../../sdk/src/tensorValues.ts";

/** Returns around 1 %, as candles have them, with 18 decimals. */
const RETURNS = Array.from({ length: 96 }, (_, i) => BigInt(((i * 7919 + 1) % 20_011) - 10_005) * 10n ** 12n);
const COUNTS = Array.from({ length: 96 }, (_, i) => (i * 7919) % 65_536);

const abiOf = ({ dtype, shape, data }: Tensor) => ({ dtype: DTYPES[dtype].number, shape, data });

/** Gas that a contract spends in the tensor codec for one element, and for 24 candles of four prices. */
export async function measure(): Promise<Record<string, number>> {
  const { ethers } = await network.create("op");
  const meter = await ethers.deployContract("TensorCodecMeter");
  const gasOf = async (name: string, argument: unknown) => Number(await meter.getFunction(name)(argument));

  const figures: Record<string, number> = {};
  for (const count of [1, 96]) {
    const fixed = RETURNS.slice(0, count);
    const floats = tensorFromFixed("float32", [count], fixed, 18);
    const integers = tensorFromNumbers("int32", [count], COUNTS.slice(0, count));
    figures[`gas.tensor.fromFixed.${count}`] = await gasOf("fromFixed", fixed);
    figures[`gas.tensor.toFixed.${count}`] = await gasOf("toFixed", abiOf(floats));
    figures[`gas.tensor.fromInts.${count}`] = await gasOf("fromInts", COUNTS.slice(0, count));
    figures[`gas.tensor.toInts.${count}`] = await gasOf("toInts", abiOf(integers));
    figures[`gas.tensor.encode.${count}`] = await gasOf("encode", abiOf(floats));
    figures[`gas.tensor.decode.${count}`] = await gasOf("decode", encodeTensors([floats]));
    if (count === 1) figures["gas.tensor.fixedAt"] = await gasOf("fixedAt", abiOf(floats));
  }
  return figures;
}

import { NetworkError } from "@opg-network/sdk/errors";
import type { TensorSpec } from "@opg-network/sdk/schema";
import { checkAgainstSchema } from "@opg-network/sdk/schema";
import type { Tensor } from "@opg-network/sdk/tensor";
import { decodeTensors } from "@opg-network/sdk/tensorCodec";
import { integersFromTensor, numbersFromTensor } from "@opg-network/sdk/tensorValues";

const SHOWN = 8;

/** One output for people and programs; integers of 64 bits and what JSON lacks (NaN) as text. */
export interface DecodedTensor {
  name: string;
  dtype: string;
  shape: readonly number[];
  values: (number | string)[];
}

/** The outputs of an answer, or what keeps it from being read. An operator can sign any bytes. */
export function decodeOutput(
  output: string,
  schema: readonly TensorSpec[],
): DecodedTensor[] | { problem: string } {
  try {
    const tensors = decodeTensors(output);
    checkAgainstSchema(tensors, schema);
    return tensors.map((tensor, i) => ({
      name: schema[i]?.name ?? "",
      dtype: tensor.dtype,
      shape: tensor.shape,
      values: valuesOf(tensor),
    }));
  } catch (error) {
    if (error instanceof NetworkError) return { problem: error.message };
    throw error;
  }
}

/** `volatility = 0.0042` */
export function describeOutput(decoded: DecodedTensor[] | { problem: string }): string[] {
  if ("problem" in decoded) return [`cannot be read: ${decoded.problem}`];
  return decoded.map(({ name, values }) => {
    const rest = values.length > SHOWN ? ` and ${values.length - SHOWN} more` : "";
    return `${name} = ${values.slice(0, SHOWN).join(", ")}${rest}`;
  });
}

function valuesOf(tensor: Tensor): (number | string)[] {
  const isWide = tensor.dtype === "int64" || tensor.dtype === "uint64";
  if (isWide) return integersFromTensor(tensor).map(String);
  return numbersFromTensor(tensor).map((value) => (Number.isFinite(value) ? value : String(value)));
}

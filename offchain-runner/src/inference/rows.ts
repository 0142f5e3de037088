import { DTYPES } from "@opg-network/sdk/dtype";
import type { Tensor } from "@opg-network/sdk/tensor";

/** Inputs of several runs, each of one row, as the inputs of one run of as many rows. */
export function joinRows(runs: readonly (readonly Tensor[])[]): Tensor[] {
  const [first = []] = runs;
  return first.map(({ dtype, shape }, index) => ({
    dtype,
    shape: [runs.length, ...shape.slice(1)],
    data: new Uint8Array(Buffer.concat(runs.map((tensors) => tensors[index]?.data ?? new Uint8Array()))),
  }));
}

/** The tensors of each row; `undefined` where they do not have as many. */
export function splitRows<Row extends Tensor>(tensors: readonly Row[], rows: number): Row[][] | undefined {
  const fits = ({ dtype, shape, data }: Row) =>
    shape[0] === rows && data.byteLength === shape.reduce((a, b) => a * b, DTYPES[dtype].bytes);
  if (!tensors.every(fits)) return undefined;
  return Array.from({ length: rows }, (_, row) =>
    tensors.map((tensor) => {
      const bytes = tensor.data.byteLength / rows;
      const data = tensor.data.subarray(row * bytes, (row + 1) * bytes);
      return { ...tensor, shape: [1, ...tensor.shape.slice(1)], data };
    }),
  );
}

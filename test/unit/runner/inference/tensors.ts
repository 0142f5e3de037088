import type { Tensor } from "../../../../sdk/src/tensor.ts";

export function float32(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return { dtype: "float32", shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

export function int32(values: readonly number[]): Tensor {
  return { dtype: "int32", shape: [values.length], data: new Uint8Array(Int32Array.from(values).buffer) };
}

export function valuesOf({ data }: Tensor): number[] {
  return [...new Float32Array(data.slice().buffer)];
}

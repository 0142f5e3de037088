import type { Dtype } from "@opg-network/sdk/dtype";
import { DTYPES, isDtype } from "@opg-network/sdk/dtype";
import type { Tensor } from "@opg-network/sdk/tensor";
import { Tensor as RuntimeTensor } from "onnxruntime-node";

interface View {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ArrayBufferView;
}

const VIEWS: Readonly<Record<Dtype, View>> = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** The codec's dtypes have the runtime's names. */
export function toRuntime({ dtype, shape, data }: Tensor): RuntimeTensor {
  const { bytes } = DTYPES[dtype];
  // Typed arrays need their bytes aligned; what came through the pipe need not be. (`slice` of a Buffer copies nothing.)
  const aligned = data.byteOffset % bytes === 0 ? data : new Uint8Array(data);
  const view = new VIEWS[dtype](aligned.buffer, aligned.byteOffset, data.byteLength / bytes);
  return new RuntimeTensor(dtype as "float32", view as Float32Array, [...shape]);
}

/** `undefined` where the type has no place in a result (strings, 16-bit floats, sequences). */
export function fromRuntime(tensor: RuntimeTensor): Tensor | undefined {
  const { type: dtype, data } = tensor;
  if (!isDtype(dtype) || !ArrayBuffer.isView(data)) return undefined;
  return {
    dtype,
    shape: [...tensor.dims],
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

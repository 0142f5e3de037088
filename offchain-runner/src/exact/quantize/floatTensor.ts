import { integersOf } from "../../hub/onnxIntegers.ts";
import type { OnnxTensor } from "../../hub/onnxSchema.ts";
import { DATA } from "../../hub/onnxTensors.ts";
import { elementCount, type Grid } from "./grid.ts";
import { QuantizeError } from "./quantizeError.ts";

/** A constant of the float model, whole numbers included. */
export function gridOf(tensor: OnnxTensor): Grid {
  const dims = tensor.dims.map(Number);
  const values = valuesOf(tensor);
  if (values.length !== elementCount(dims))
    refuse(tensor, `${values.length} values for a shape of ${elementCount(dims)}`);
  return { dims, values };
}

function valuesOf(tensor: OnnxTensor): Float64Array {
  if (tensor.dataLocation === 1) refuse(tensor, "its data are outside the model's file");
  if (tensor.dataType === DATA.float) return floats(tensor.rawData ?? joined(tensor.floatData), 4);
  if (tensor.dataType === DATA.double) return floats(tensor.rawData ?? joined(tensor.doubleData), 8);
  const integers = integersOf(tensor);
  if (integers === undefined) refuse(tensor, `data type ${tensor.dataType ?? 0} is not supported`);
  return Float64Array.from(integers, Number);
}

function floats(data: Uint8Array, bytes: 4 | 8): Float64Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Float64Array.from({ length: Math.floor(data.byteLength / bytes) }, (_, index) =>
    bytes === 4 ? view.getFloat32(index * 4, true) : view.getFloat64(index * 8, true),
  );
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(chunks);
}

function refuse(tensor: OnnxTensor, reason: string): never {
  throw new QuantizeError("quantize-model-unsupported", { reason, value: tensor.name ?? "unnamed tensor" });
}

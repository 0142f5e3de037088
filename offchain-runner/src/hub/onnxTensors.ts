import { dirname, join } from "node:path/posix";
import { ModelError } from "./modelError.ts";
import type { OnnxFile } from "./onnxFile.ts";
import { graphs, tensors } from "./onnxFile.ts";
import type { OnnxTensor, OnnxValue } from "./onnxSchema.ts";
import { MAX_RANK } from "./onnxSchema.ts";
import { isPlainPath } from "./plainPath.ts";

/** Numbers of ONNX `TensorProto.DataType`. */
export const DATA = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  complex128: 15,
  bfloat16: 16,
} as const;

const BITS: ReadonlyMap<number, number> = new Map([
  [DATA.float, 32],
  [DATA.uint8, 8],
  [DATA.int8, 8],
  [DATA.uint16, 16],
  [DATA.int16, 16],
  [DATA.int32, 32],
  [DATA.int64, 64],
  [DATA.bool, 8],
  [DATA.float16, 16],
  [DATA.double, 64],
  [DATA.uint32, 32],
  [DATA.uint64, 64],
  [DATA.complex64, 64],
  [DATA.complex128, 128],
  [DATA.bfloat16, 16],
  // The 8-bit floats, the 4-bit integers and floats, the 8-bit exponent, the 2-bit integers.
  ...[17, 18, 19, 20, 24].map((type) => [type, 8] as const),
  ...[21, 22, 23].map((type) => [type, 4] as const),
  ...[25, 26].map((type) => [type, 2] as const),
]);

const MAX_TENSOR_BYTES = 1n << 40n;

/** Files of the release beside the model, by their path in the release. */
export type SiblingFiles = ReadonlyMap<string, { readonly size: number }>;

export function checkTensors(file: OnnxFile, entryPath: string, siblings: SiblingFiles): void {
  for (const tensor of tensors(file)) checkTensor(tensor, entryPath, siblings);
  for (const graph of graphs(file)) {
    for (const value of [...graph.inputs, ...graph.outputs, ...graph.valueInfo]) checkValue(value);
    for (const sparse of graph.sparseInitializers) elementCount(sparse.dims, sparse.values?.name);
  }
}

function checkTensor(tensor: OnnxTensor, entryPath: string, siblings: SiblingFiles): void {
  const count = elementCount(tensor.dims, tensor.name);
  const bytes = tensor.dataType === DATA.string ? undefined : byteLength(tensor, count);
  if (tensor.dataLocation === 1 || tensor.externalData.length > 0) {
    if (bytes === undefined) refuse(tensor.name, "strings cannot be stored outside the model");
    checkExternal(tensor, bytes, entryPath, siblings);
    return;
  }
  const held = bytes === undefined ? BigInt(tensor.stringData.length) : storedBytes(tensor);
  if (held !== (bytes ?? count))
    refuse(tensor.name, `it holds ${held} of the ${bytes ?? count} that its shape needs`);
}

function elementCount(dims: readonly bigint[], value: string | undefined): bigint {
  if (dims.length > MAX_RANK) refuse(value, `more than ${MAX_RANK} dimensions`);
  let count = 1n;
  // Each factor is bounded first: a zero further on must not hide a product that overflows before it.
  for (const dim of dims) {
    if (dim < 0n) refuse(value, `dimension ${dim}`);
    count *= dim === 0n ? 1n : dim;
    if (count > MAX_TENSOR_BYTES) refuse(value, "too many elements");
  }
  return dims.includes(0n) ? 0n : count;
}

function byteLength(tensor: OnnxTensor, count: bigint): bigint {
  const bits = BITS.get(tensor.dataType ?? 0);
  if (bits === undefined) refuse(tensor.name, `data type ${tensor.dataType ?? 0}`);
  const bytes = (count * BigInt(bits) + 7n) / 8n;
  if (bytes > MAX_TENSOR_BYTES) refuse(tensor.name, "too many bytes");
  return bytes;
}

/** Bytes that the data stand for, counted without decoding them. */
function storedBytes(tensor: OnnxTensor): bigint {
  const { rawData } = tensor;
  const typed = [tensor.floatData, tensor.int32Data, tensor.int64Data, tensor.doubleData, tensor.uint64Data];
  const used = typed.filter((chunks) => chunks.some((chunk) => chunk.length > 0));
  if (rawData !== undefined) return used.length > 0 ? -1n : BigInt(rawData.length);
  if (used.length === 0) return 0n;
  if (used.length > 1) return -1n;
  if (used[0] === tensor.floatData || used[0] === tensor.doubleData) return chunkBytes(used[0]);
  const entries = BigInt((used[0] ?? []).reduce((total, chunk) => total + varints(chunk), 0));
  const bits = BigInt(BITS.get(tensor.dataType ?? 0) ?? 0);
  // Types under a byte are packed into bytes, one byte an entry.
  return bits < 8n ? entries : (entries * bits) / 8n;
}

function chunkBytes(chunks: readonly Uint8Array[]): bigint {
  return chunks.reduce((total, chunk) => total + BigInt(chunk.length), 0n);
}

function varints(chunk: Uint8Array): number {
  let count = 0;
  for (const byte of chunk) if (byte < 0x80) count += 1;
  return count;
}

function checkExternal(tensor: OnnxTensor, bytes: bigint, entryPath: string, siblings: SiblingFiles): void {
  if (tensor.dataLocation !== 1 || tensor.rawData !== undefined) {
    refuse(tensor.name, "its data are both inside and outside the model");
  }
  const entries = new Map<string, string>();
  for (const { key = "", value = "" } of tensor.externalData) {
    if (entries.has(key)) refuseExternal(tensor.name, `"${key}" twice`);
    entries.set(key, value);
  }
  const location = entries.get("location") ?? "";
  if (!isPlainPath(location))
    refuseExternal(tensor.name, `location "${location}" is not a plain path inside the release`);
  const file = siblings.get(join(dirname(entryPath), location));
  if (file === undefined) refuseExternal(tensor.name, `"${location}" is not a file of the release`);
  const offset = wholeNumber(tensor.name, entries.get("offset") ?? "0");
  const length = wholeNumber(tensor.name, entries.get("length") ?? String(bytes));
  if (length !== bytes) refuse(tensor.name, `${length} external bytes for a shape of ${bytes}`);
  if (offset + length > BigInt(file.size))
    refuseExternal(tensor.name, `it reads past the end of "${location}"`);
}

function wholeNumber(value: string | undefined, digits: string): bigint {
  if (!/^\d{1,18}$/.test(digits)) refuseExternal(value, `"${digits}" is not an offset or length`);
  return BigInt(digits);
}

function checkValue(value: OnnxValue): void {
  const dims = value.type?.tensor?.shape?.dims ?? [];
  elementCount(
    dims.map((dim) => dim.value ?? 1n),
    value.name,
  );
}

function refuse(value: string | undefined, reason: string): never {
  throw new ModelError("model-shape-refused", { reason, ...(value === undefined ? {} : { value }) });
}

function refuseExternal(value: string | undefined, reason: string): never {
  throw new ModelError("model-external-data-refused", { reason, ...(value === undefined ? {} : { value }) });
}

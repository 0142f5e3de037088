import { TensorError } from "./tensorError.ts";

export type FloatDtype = "float32" | "float64";
export type SignedDtype = "int8" | "int16" | "int32" | "int64";
export type UnsignedDtype = "uint8" | "uint16" | "uint32" | "uint64";

/** Element types that the encoding carries, by their ONNX Runtime names. */
export type Dtype = FloatDtype | SignedDtype | UnsignedDtype | "bool";

export type DtypeInfo = {
  /** ONNX `TensorProto.DataType`. */
  number: number;
  /** Bytes of an element. */
  bytes: 1 | 2 | 4 | 8;
  kind: "float" | "signed" | "unsigned" | "bool";
};

export const DTYPES: Readonly<Record<Dtype, DtypeInfo>> = {
  float32: { number: 1, bytes: 4, kind: "float" },
  uint8: { number: 2, bytes: 1, kind: "unsigned" },
  int8: { number: 3, bytes: 1, kind: "signed" },
  uint16: { number: 4, bytes: 2, kind: "unsigned" },
  int16: { number: 5, bytes: 2, kind: "signed" },
  int32: { number: 6, bytes: 4, kind: "signed" },
  int64: { number: 7, bytes: 8, kind: "signed" },
  bool: { number: 9, bytes: 1, kind: "bool" },
  float64: { number: 11, bytes: 8, kind: "float" },
  uint32: { number: 12, bytes: 4, kind: "unsigned" },
  uint64: { number: 13, bytes: 8, kind: "unsigned" },
};

const STRING = 8;

const NAMES = new Map(Object.entries(DTYPES).map(([name, info]) => [info.number, name as Dtype]));

/** Whether `name` is an admitted dtype. */
export function isDtype(name: unknown): name is Dtype {
  return typeof name === "string" && Object.hasOwn(DTYPES, name);
}

/** The dtype of an ONNX number. @throws TensorError for strings and for numbers that are not admitted. */
export function dtypeOf(number: number): Dtype {
  if (number === STRING) throw new TensorError("tensor-strings-refused", {});
  const name = NAMES.get(number);
  if (name === undefined) throw new TensorError("tensor-dtype-unsupported", { dtype: number });
  return name;
}

/** The properties of a dtype. @throws TensorError for strings and for names that are not admitted. */
export function dtypeInfo(name: string): DtypeInfo {
  if (name === "string") throw new TensorError("tensor-strings-refused", {});
  if (!isDtype(name)) throw new TensorError("tensor-dtype-unsupported", { dtype: name });
  return DTYPES[name];
}

import { type Dtype, isDtype } from "./dtype.ts";
import { checkTensor, MAX_RANK, MAX_TENSORS, type Tensor } from "./tensor.ts";
import { TensorError } from "./tensorError.ts";

/** One input or output of a model. */
export type TensorSpec = {
  name: string;
  dtype: Dtype;
  /** −1 = any. */
  shape: readonly number[];
};

/** The inputs, or the outputs, of a release, in declared order. */
export type TensorSchema = readonly TensorSpec[];

const DYNAMIC = -1;
const MAX_DIMENSION = 2 ** 31 - 1;

/** @throws TensorError naming the tensor, when `tensors` are not what `schema` asks for */
export function checkAgainstSchema(tensors: readonly Tensor[], schema: TensorSchema): void {
  if (tensors.length !== schema.length) {
    throw new TensorError("tensor-count-wrong", { count: tensors.length, expected: schema.length });
  }
  for (const [i, spec] of schema.entries()) checkAgainstSpec(tensors[i] as Tensor, spec);
}

function checkAgainstSpec(tensor: Tensor, { name, dtype, shape }: TensorSpec): void {
  if (tensor.dtype !== dtype) {
    throw new TensorError("tensor-dtype-wrong", { dtype: tensor.dtype, expected: dtype }, name);
  }
  if (tensor.shape.length !== shape.length) {
    throw new TensorError("tensor-rank-wrong", { rank: tensor.shape.length, expected: shape.length }, name);
  }
  for (const [axis, expected] of shape.entries()) {
    const dimension = tensor.shape[axis] as number;
    if (expected !== DYNAMIC && dimension !== expected) {
      throw new TensorError("tensor-dimension-wrong", { axis, dimension, expected }, name);
    }
  }
  checkTensor(tensor, name);
}

/**
 * Takes a schema from outside: a manifest, or the hub's record with dtypes named by `dtypeOf`. Other fields are dropped.
 * @throws TensorError with the path to what is wrong
 */
export function parseTensorSchema(value: unknown): TensorSpec[] {
  if (!Array.isArray(value)) throw invalid("schema", "not an array");
  if (value.length > MAX_TENSORS) throw invalid("schema", `more than ${MAX_TENSORS} tensors`);
  const specs = value.map((entry: unknown, i) => parseSpec(entry, `[${i}]`));
  const names = specs.map((spec) => spec.name);
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0) throw invalid(`[${twice}].name`, `"${names[twice]}" is used twice`);
  return specs;
}

function parseSpec(value: unknown, path: string): TensorSpec {
  if (typeof value !== "object" || value === null) throw invalid(path, "not an object");
  const { name, dtype, shape } = value as Record<string, unknown>;
  if (typeof name !== "string" || name === "") throw invalid(`${path}.name`, "not a name");
  if (!isDtype(dtype)) throw invalid(`${path}.dtype`, `${String(dtype)} is not carried by this encoding`);
  if (!Array.isArray(shape) || shape.length > MAX_RANK) {
    throw invalid(`${path}.shape`, `not an array of at most ${MAX_RANK} dimensions`);
  }
  const axis = shape.findIndex((dimension: unknown) => !isDimension(dimension));
  if (axis >= 0) throw invalid(`${path}.shape[${axis}]`, "not -1 or an integer from 0 to 2^31 - 1");
  return { name, dtype, shape: [...(shape as number[])] };
}

function isDimension(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= DYNAMIC && (value as number) <= MAX_DIMENSION;
}

function invalid(path: string, problem: string): TensorError {
  return new TensorError("tensor-schema-invalid", { path, problem });
}

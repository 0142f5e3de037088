import type { ReleaseSchema } from "./onnxInterface.ts";
import type { OnnxGraph, OnnxValue } from "./onnxSchema.ts";

/**
 * Whether a request carries one row of something of which the model takes any number: the release fixes the first
 * dimension of all inputs and outputs to 1, the file leaves it open. That rows do not mix it does not say.
 */
export function hasFreeBatch(graph: OnnxGraph, { inputs, outputs }: ReleaseSchema): boolean {
  const given = new Set(inputs.map(({ name }) => name));
  // A default would be one row for all.
  if (graph.inputs.some(({ name }) => !given.has(name ?? ""))) return false;
  const values = new Map([...graph.inputs, ...graph.outputs].map((value) => [value.name ?? "", value]));
  return [...inputs, ...outputs].every(({ name, shape }) => shape[0] === 1 && isOpen(values.get(name)));
}

function isOpen(value: OnnxValue | undefined): boolean {
  const first = value?.type?.tensor?.shape?.dims[0];
  return first !== undefined && first.value === undefined;
}

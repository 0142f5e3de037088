import { DTYPES } from "@opg-network/sdk/dtype";
import type { TensorSchema, TensorSpec } from "@opg-network/sdk/schema";
import { ModelError } from "./modelError.ts";
import type { OnnxGraph, OnnxValue } from "./onnxSchema.ts";

/** What a release declares, in the order in which requests carry it. */
export interface ReleaseSchema {
  readonly inputs: TensorSchema;
  readonly outputs: TensorSchema;
}

/**
 * A release may promise less than its model can do and never more: of a dynamic dimension it may fix the size, of a
 * fixed one it may not call the input dynamic; outputs may be left out, inputs only where the model has a default.
 */
export function checkInterface(graph: OnnxGraph, schema: ReleaseSchema): void {
  const defaults = new Set(graph.initializers.map(({ name }) => name));
  const declared = byName(schema.inputs, "input");
  const inputs = new Map(graph.inputs.map((value) => [value.name ?? "", value]));
  for (const name of inputs.keys()) {
    if (!declared.has(name) && !defaults.has(name)) refuse(name, "the release does not declare this input");
  }
  for (const input of declared.values()) {
    compare(input, inputs.get(input.name), "input");
  }
  const outputs = new Map(graph.outputs.map((value) => [value.name ?? "", value]));
  for (const output of byName(schema.outputs, "output").values()) {
    compare(output, outputs.get(output.name), "output");
  }
}

function byName(schemas: TensorSchema, kind: "input" | "output"): Map<string, TensorSpec> {
  const table = new Map(schemas.map((schema) => [schema.name, schema]));
  if (table.size < schemas.length) refuse("", `the release declares one ${kind} twice`);
  if (kind === "output" && table.size === 0) refuse("", "the release declares no output");
  return table;
}

function compare(schema: TensorSpec, value: OnnxValue | undefined, kind: "input" | "output"): void {
  if (value === undefined) refuse(schema.name, `the model has no such ${kind}`);
  const type = value.type?.tensor;
  if (type === undefined) refuse(schema.name, `this ${kind} is not a tensor`);
  const dataType = DTYPES[schema.dtype].number;
  if (type.dataType !== dataType) refuse(schema.name, `data type ${type.dataType}, declared ${dataType}`);
  // A tensor without a shape may have any: what really comes out is checked after each run.
  if (type.shape === undefined) return;
  const { dims } = type.shape;
  if (dims.length !== schema.shape.length)
    refuse(schema.name, `rank ${dims.length}, declared ${schema.shape.length}`);
  dims.forEach(({ value: size }, axis) => {
    const promised = schema.shape[axis];
    if (size === undefined || promised === Number(size)) return;
    if (promised === -1 && kind === "output") return;
    refuse(schema.name, `dimension ${axis} is ${size}, declared ${promised}`);
  });
}

function refuse(value: string, reason: string): never {
  throw new ModelError("model-schema-mismatch", { reason, value });
}

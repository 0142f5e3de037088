import type { TensorSpec } from "@opg-network/sdk/schema";
import { ExactError } from "./exactError.ts";
import type { GraphRoot, TensorPlace } from "./program.ts";
import { sameShape } from "./tensorShape.ts";

/** @throws ExactError `exact-shape-invalid` where a graph takes or gives other tensors than its release declares */
export function requireSchema(
  root: Pick<GraphRoot, "inputs" | "outputs">,
  schema: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] },
): void {
  requireTensors("inputs", root.inputs, schema.inputs);
  requireTensors("outputs", root.outputs, schema.outputs);
}

function requireTensors(what: string, places: readonly TensorPlace[], specs: readonly TensorSpec[]): void {
  const isSame = (place: TensorPlace, { dtype, shape }: TensorSpec) =>
    place.dtype === dtype && sameShape(place.shape, shape);
  const agree =
    places.length === specs.length && places.every((place, i) => isSame(place, specs[i] as TensorSpec));
  if (agree) return;
  throw new ExactError("exact-shape-invalid", {
    reason: `the graph's ${what} are ${listed(places)}, the release declares ${listed(specs)}`,
  });
}

function listed(tensors: readonly Pick<TensorSpec, "dtype" | "shape">[]): string {
  return tensors.map(({ dtype, shape }) => `${dtype} [${shape}]`).join(", ") || "none";
}

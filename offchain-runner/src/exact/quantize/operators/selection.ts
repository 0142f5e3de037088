import type { OnnxNode } from "../../../hub/onnxSchema.ts";
import { axisOf, intOf } from "../attributes.ts";
import { type Conversion, outputName, valueAt } from "../conversion.ts";
import { toFixedPoint } from "../forms.ts";
import { at } from "../grid.ts";
import { fixedPoint } from "../quantizedValue.ts";
import { unitOf } from "./arithmetic.ts";

/** The place of the largest or smallest integer; one unit for all elements keeps their order. */
export function select(conversion: Conversion, node: OnnxNode): void {
  const value = valueAt(conversion, node, 0);
  const axis = axisOf(node, intOf(node, "axis", 0), value.dims.length);
  const unit = conversion.outputUnits.get(value.source) ?? unitOf(conversion, [value.source]);
  const { tensor } = toFixedPoint(conversion, value, unit);
  const source = outputName(node);
  const attributes = {
    axis,
    keepdims: intOf(node, "keepdims", 1),
    select_last_index: intOf(node, "select_last_index", 0),
  };
  const place = conversion.exact.node(node.opType ?? "", [tensor], source, attributes);
  const bounds = [0, at(value.dims, axis) - 1] as const;
  const dims = conversion.calibration.dims(source);
  conversion.values.set(source, fixedPoint(source, dims, place, 1, bounds, undefined));
}

import type { OnnxNode } from "../../../hub/onnxSchema.ts";
import { DATA } from "../../../hub/onnxTensors.ts";
import { axisOf, intOf } from "../attributes.ts";
import { type Conversion, outputName, valueAt } from "../conversion.ts";
import { toFixedPoint } from "../forms.ts";
import { at } from "../grid.ts";
import { fixedPoint } from "../quantizedValue.ts";
import { unsupported } from "../quantizeError.ts";
import { scalarConstant } from "../rescale.ts";

const STEPS_PER_NAT = 128;
const NATS = 12;
/** What e^0 is in the table. */
const ONE = 2 ** 15;
const RECIPROCALS = 2048;
const UNIT = 2 ** -30;
/** ONNX Runtime compares int64 right inside int32 alone. */
const COMPARABLE = 2 ** 30;

/**
 * e^(x - largest) from one table, one over the sum from another: no division by data. The sum lies between ONE and
 * ONE times the number of classes, so that the rows of the second table are known beforehand.
 */
export function softmax(conversion: Conversion, node: OnnxNode): void {
  const value = valueAt(conversion, node, 0);
  const rank = value.dims.length;
  const axis = axisOf(node, intOf(node, "axis", conversion.opset >= 13 ? -1 : 1), rank);
  if (axis !== rank - 1) throw unsupported(node, "an axis that is not the last");
  const classes = at(value.dims, axis);
  const { exact } = conversion;
  const source = outputName(node);
  const scores = toFixedPoint(conversion, value, 1 / STEPS_PER_NAT);
  if (scores.high - scores.low >= COMPARABLE) throw unsupported(node, "scores that can leave 32 bits");
  const rows = NATS * STEPS_PER_NAT + 1;
  const largest = exact.node("ReduceMax", [scores.tensor], `${source}/largest`, {
    axes: [axis],
    keepdims: 1,
  });
  const distance = exact.node("Sub", [largest, scores.tensor], `${source}/distance`);
  const clipped = exact.node(
    "Clip",
    [distance, scalarConstant(exact, source, 0), scalarConstant(exact, source, rows - 1)],
    `${source}/row`,
  );
  const powers = Array.from({ length: rows }, (_, row) =>
    row === rows - 1 ? 0 : Math.round(Math.exp(-row / STEPS_PER_NAT) * ONE),
  );
  const powerTable = exact.constant(`${source}/powers`, DATA.int64, [rows], powers);
  const power = exact.node("Gather", [powerTable, clipped], `${source}/power`, { axis: 0 });
  const axes = exact.constant(`${source}/axes`, DATA.int64, [1], [axis]);
  const sum = exact.node("ReduceSum", [power, axes], `${source}/sum`, { keepdims: 1 });
  const step = Math.ceil((Math.max(classes - 1, 1) * ONE) / (RECIPROCALS - 1));
  const above = exact.node("Add", [sum, scalarConstant(exact, source, -ONE)], `${source}/above`);
  const place = exact.node("Div", [above, scalarConstant(exact, source, step)], `${source}/place`);
  const reciprocals = Array.from({ length: RECIPROCALS }, (_, row) =>
    Math.round(1 / UNIT / (ONE + (row + 0.5) * step)),
  );
  const reciprocalTable = exact.constant(`${source}/reciprocals`, DATA.int64, [RECIPROCALS], reciprocals);
  const last = scalarConstant(exact, source, RECIPROCALS - 1);
  const inTable = exact.node("Clip", [place, scalarConstant(exact, source, 0), last], `${source}/inTable`);
  const reciprocal = exact.node("Gather", [reciprocalTable, inTable], `${source}/reciprocal`, { axis: 0 });
  const tensor = exact.node("Mul", [power, reciprocal], `${source}/fixed`);
  const bounds = [0, ONE * Math.max(...reciprocals)] as const;
  const made = fixedPoint(source, value.dims, tensor, UNIT, bounds, axis);
  conversion.probes.push({ source, form: "fixed-point", value: made, clip: undefined });
  conversion.values.set(source, made);
}

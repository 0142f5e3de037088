import type { OnnxNode } from "../../hub/onnxSchema.ts";
import type { Calibration } from "./calibration.ts";
import type { ExactGraph } from "./exactGraph.ts";
import type { Grid } from "./grid.ts";
import type { Affine, QuantizedValue } from "./quantizedValue.ts";
import { unsupported } from "./quantizeError.ts";

/** A value of the exact model that stands for one of the float model's, to be compared with it. */
export interface Probe {
  readonly source: string;
  readonly form: "bytes" | "fixed-point";
  readonly value: Affine;
  /** The integers at which it saturates, where the range is a choice of the calibration. */
  readonly clip: readonly [number, number] | undefined;
}

export interface LayerCost {
  readonly source: string;
  readonly operator: string;
  readonly macs: number;
  readonly weights: number;
}

/** What a conversion knows while it goes through the nodes. */
export interface Conversion {
  readonly exact: ExactGraph;
  readonly calibration: Calibration;
  readonly values: Map<string, QuantizedValue>;
  readonly constants: ReadonlyMap<string, Grid>;
  readonly opset: number;
  readonly probes: Probe[];
  readonly costs: LayerCost[];
  /** Forms that a value already has. */
  readonly forms: WeakMap<QuantizedValue, Map<string, Affine>>;
  /** Real size of one step of each output. */
  readonly outputUnits: ReadonlyMap<string, number>;
  /** Values that a product or a pooling of bytes uses further on. */
  readonly byteUses: ReadonlySet<string>;
}

export function once(
  conversion: Conversion,
  value: QuantizedValue,
  form: string,
  make: () => Affine,
): Affine {
  let forms = conversion.forms.get(value);
  if (forms === undefined) {
    forms = new Map();
    conversion.forms.set(value, forms);
  }
  const known = forms.get(form);
  if (known !== undefined) return known;
  const made = make();
  forms.set(form, made);
  return made;
}

export function outputName(node: OnnxNode): string {
  return node.outputs[0] ?? "";
}

/** An input that depends on the model's inputs. */
export function valueAt(conversion: Conversion, node: OnnxNode, index: number): QuantizedValue {
  const name = node.inputs[index] ?? "";
  const value = conversion.values.get(name);
  if (value === undefined)
    throw unsupported(node, `input ${index} ("${name}") must depend on the model's inputs`);
  return value;
}

/** An input that does not; `undefined` where it is left out. */
export function constantAt(conversion: Conversion, node: OnnxNode, index: number): Grid | undefined {
  const name = node.inputs[index] ?? "";
  if (name === "") return undefined;
  const constant = conversion.constants.get(name);
  if (constant === undefined) throw unsupported(node, `input ${index} ("${name}") must be a constant`);
  return constant;
}

export function requiredAt(conversion: Conversion, node: OnnxNode, index: number): Grid {
  const constant = constantAt(conversion, node, index);
  if (constant === undefined) throw unsupported(node, `input ${index} is missing`);
  return constant;
}

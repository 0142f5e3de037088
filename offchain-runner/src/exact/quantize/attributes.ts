import { attributeOf } from "../../hub/onnxFile.ts";
import type { OnnxNode } from "../../hub/onnxSchema.ts";
import { unsupported } from "./quantizeError.ts";

export function intOf(node: OnnxNode, name: string, otherwise: number): number {
  const attribute = attributeOf(node, name);
  return attribute?.i === undefined ? otherwise : Number(attribute.i);
}

export function intsOf(node: OnnxNode, name: string): number[] | undefined {
  const attribute = attributeOf(node, name);
  return attribute === undefined ? undefined : attribute.ints.map(Number);
}

export function floatOf(node: OnnxNode, name: string, otherwise: number): number {
  return attributeOf(node, name)?.f ?? otherwise;
}

export function textOf(node: OnnxNode, name: string): string | undefined {
  const bytes = attributeOf(node, name)?.s;
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8");
}

export function axisOf(node: OnnxNode, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!(positive >= 0 && positive < rank)) throw unsupported(node, `axis ${axis} of rank ${rank}`);
  return positive;
}

/** A window that moves over the axes after batch and channel. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Before all axes, then after all axes. */
  readonly pads: readonly number[];
}

export function windowOf(node: OnnxNode, kernel: readonly number[], input: readonly number[]): Window {
  const ones = kernel.map(() => 1);
  const strides = intsOf(node, "strides") ?? ones;
  const dilations = intsOf(node, "dilations") ?? ones;
  if (intOf(node, "ceil_mode", 0) !== 0) throw unsupported(node, "ceil_mode");
  const lists = [strides, dilations];
  if (lists.some((list) => list.length !== kernel.length))
    throw unsupported(node, "attributes of other ranks");
  const mode = textOf(node, "auto_pad") ?? "NOTSET";
  const pads =
    mode === "NOTSET" ? intsOf(node, "pads") : autoPads(node, mode, { kernel, strides, dilations }, input);
  return { kernel, strides, dilations, pads: pads ?? [...ones, ...ones].map(() => 0) };
}

function autoPads(
  node: OnnxNode,
  mode: string,
  window: Omit<Window, "pads">,
  input: readonly number[],
): number[] {
  if (mode === "VALID") return [...window.kernel, ...window.kernel].map(() => 0);
  if (mode !== "SAME_UPPER" && mode !== "SAME_LOWER") throw unsupported(node, `auto_pad ${mode}`);
  const totals = window.kernel.map((size, axis) => {
    const stride = window.strides[axis] ?? 1;
    const dim = input[axis + 2] ?? 1;
    const reach = (size - 1) * (window.dilations[axis] ?? 1) + 1;
    return Math.max(0, (Math.ceil(dim / stride) - 1) * stride + reach - dim);
  });
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total) => Math.ceil(total / 2));
  return mode === "SAME_UPPER" ? [...small, ...large] : [...large, ...small];
}

import type { Call } from "./call.ts";

/** A sliding window over the spatial dimensions of a tensor. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly output: readonly number[];
}

/** @param kernel sizes that the weights give, or `undefined` to take them from `kernel_shape` */
export function windowOf(call: Call, spatial: readonly number[], kernel?: readonly number[]): Window {
  const rank = spatial.length;
  if (rank < 1) call.refuse("exact-shape-invalid", "no spatial dimension");
  if (rank > 2) call.refuse("exact-attribute-unsupported", `${rank} spatial dimensions`);
  const declared = call.ints("kernel_shape");
  const sizes = kernel ?? declared ?? call.refuse("exact-shape-invalid", "kernel_shape is missing");
  if (declared?.some((size, axis) => size !== sizes[axis]) === true)
    call.refuse("exact-shape-invalid", `kernel_shape [${declared}] for weights of [${sizes}]`);
  const strides = sizesOf(call, "strides", rank);
  const dilations = sizesOf(call, "dilations", rank);
  if (sizes.length !== rank || sizes.some((size) => size < 1))
    call.refuse("exact-shape-invalid", `a kernel of [${sizes}] over [${spatial}]`);
  const reach = sizes.map((size, axis) => (size - 1) * (dilations[axis] ?? 1) + 1);
  const { before, after } = padsOf(call, spatial, reach, strides);
  const output = spatial.map((size, axis) => {
    const room = size + (before[axis] ?? 0) + (after[axis] ?? 0) - (reach[axis] ?? 1);
    if (room < 0) call.refuse("exact-attribute-unsupported", "the window is larger than what it slides over");
    const step = strides[axis] ?? 1;
    if (call.flag("ceil_mode", false) && room % step !== 0)
      call.refuse("exact-attribute-unsupported", "ceil_mode with windows that end outside");
    return Math.floor(room / step) + 1;
  });
  return { kernel: sizes, strides, dilations, before, after, output };
}

function sizesOf(call: Call, name: string, rank: number): number[] {
  const sizes = call.ints(name) ?? new Array<number>(rank).fill(1);
  if (sizes.length !== rank || sizes.some((size) => size < 1))
    call.refuse("exact-shape-invalid", `${name} [${sizes}]`);
  return sizes;
}

function padsOf(
  call: Call,
  spatial: readonly number[],
  reach: readonly number[],
  strides: readonly number[],
) {
  const rank = spatial.length;
  const mode = call.text("auto_pad", "NOTSET");
  if (mode === "NOTSET") {
    const pads = call.ints("pads") ?? new Array<number>(2 * rank).fill(0);
    if (pads.length !== 2 * rank || pads.some((size) => size < 0))
      call.refuse("exact-shape-invalid", `pads [${pads}]`);
    return { before: pads.slice(0, rank), after: pads.slice(rank) };
  }
  if (mode === "VALID") return { before: spatial.map(() => 0), after: spatial.map(() => 0) };
  if (mode !== "SAME_UPPER" && mode !== "SAME_LOWER")
    call.refuse("exact-attribute-unsupported", `auto_pad ${mode}`);
  // ONNX Runtime 1.30 leaves dilations out of these pads when it pools, and fails when it convolves.
  if ((call.ints("dilations") ?? []).some((size) => size > 1))
    call.refuse("exact-attribute-unsupported", `auto_pad ${mode} with dilations`);
  const total = spatial.map((size, axis) => {
    const step = strides[axis] ?? 1;
    return (Math.ceil(size / step) - 1) * step + (reach[axis] ?? 1) - size;
  });
  // ONNX Runtime 1.30 then leaves elements out at the beginning, the standard at the end.
  if (total.some((pad) => pad < 0))
    call.refuse("exact-attribute-unsupported", `auto_pad ${mode} with strides beyond the window`);
  const less = total.map((pad) => Math.floor(pad / 2));
  const more = total.map((pad, axis) => pad - (less[axis] ?? 0));
  return mode === "SAME_UPPER" ? { before: less, after: more } : { before: more, after: less };
}

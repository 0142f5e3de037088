import type { Call } from "./call.ts";
import { reduction } from "./reductions.ts";
import { padded } from "./structure.ts";
import { sourceIndices, stridesOf } from "./tensorShape.ts";
import type { Value } from "./value.ts";
import { boundsOf, constant, hull } from "./value.ts";
import type { Loop } from "./view.ts";
import { merged } from "./view.ts";
import { windowOf } from "./window.ts";

export function maxPool(call: Call): Value[] {
  const value = call.input(0);
  const [batch = 1, channels = 1, ...spatial] = value.shape;
  if (call.node.outputs.slice(1).some((name) => name !== ""))
    call.refuse("exact-attribute-unsupported", "the positions of the largest");
  const window = windowOf(call, spatial);
  if (window.kernel.some((size, axis) => Math.max(window.before[axis] ?? 0, window.after[axis] ?? 0) >= size))
    call.refuse("exact-attribute-unsupported", "pads as large as the window");
  const lowest = boundsOf(value.dtype).lo;
  const inside = padded(call, value, [0, 0, ...window.before], [0, 0, ...window.after], lowest);
  const strides = stridesOf(inside.shape);
  const shape = [batch, channels, ...window.output];
  const steps = [
    strides[0] ?? 0,
    strides[1] ?? 0,
    ...window.strides.map((step, axis) => step * (strides[axis + 2] ?? 0)),
  ];
  const outer = sourceIndices(shape, steps);
  const inner = sourceIndices(
    window.kernel,
    window.dilations.map((step, axis) => step * (strides[axis + 2] ?? 0)),
  );
  const ranges = call.bounded(value.dtype, outer.length, (i) => [
    largest(inside.lo, outer[i] ?? 0, inner),
    largest(inside.hi, outer[i] ?? 0, inner),
  ]);
  if (call.folds) return [constant(value.dtype, shape, ranges.lo)];
  const { source, offset, loops } = call.emitter.plainDims(inside);
  const outerLoops = shape.map((count, axis): Loop => {
    const stride = loops[axis]?.stride ?? 0;
    return { count, stride: axis < 2 ? stride : stride * (window.strides[axis - 2] ?? 1) };
  });
  const innerLoops = window.kernel.map(
    (count, axis): Loop => ({
      count,
      stride: (loops[axis + 2]?.stride ?? 0) * (window.dilations[axis] ?? 1),
    }),
  );
  const { buffer } = call.emitter.laidAt(source, { offset, loops: [] });
  const from = { buffer, view: { offset }, outer: merged(outerLoops), inner: merged(innerLoops) };
  return [call.value(value.dtype, shape, ranges, reduction(call, from, "max", hull(ranges)))];
}

function largest(elements: BigInt64Array, base: number, inner: Int32Array): bigint {
  let best = elements[base + (inner[0] ?? 0)] ?? 0n;
  for (const step of inner) {
    const value = elements[base + step] ?? 0n;
    if (value > best) best = value;
  }
  return best;
}

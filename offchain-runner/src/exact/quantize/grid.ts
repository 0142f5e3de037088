/** Numbers in the shape of a tensor, row-major. */
export interface Grid {
  readonly dims: readonly number[];
  readonly values: Float64Array;
}

export function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`element ${index} of ${values.length}`);
  return value;
}

export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(1);
  for (let axis = dims.length - 2; axis >= 0; axis -= 1)
    strides[axis] = at(strides, axis + 1) * at(dims, axis + 1);
  return strides;
}

export function scalar(value: number): Grid {
  return { dims: [], values: Float64Array.of(value) };
}

export function filled(count: number, value: number): Float64Array {
  return new Float64Array(count).fill(value);
}

/** Position in `from` of each element of `to`, as ONNX broadcasts; `undefined` where the shapes do not go together. */
export function broadcastIndices(from: readonly number[], to: readonly number[]): Int32Array | undefined {
  const lead = to.length - from.length;
  if (lead < 0 || from.some((dim, axis) => dim !== 1 && dim !== to[lead + axis])) return undefined;
  const own = stridesOf(from);
  const steps = to.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : at(own, axis - lead)));
  return walk(to, steps, 0);
}

/** Offsets that nested loops over `dims` visit with these steps. */
export function walk(dims: readonly number[], steps: readonly number[], start: number): Int32Array {
  let offsets = Int32Array.of(start);
  dims.forEach((dim, axis) => {
    const next = new Int32Array(offsets.length * dim);
    const step = at(steps, axis);
    for (let i = 0; i < offsets.length; i += 1) {
      for (let j = 0; j < dim; j += 1) next[i * dim + j] = at(offsets, i) + j * step;
    }
    offsets = next;
  });
  return offsets;
}

export function moved(values: Float64Array, indices: Int32Array): Float64Array {
  return Float64Array.from(indices, (index) => at(values, index));
}

export function broadcastShape(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const dims: number[] = [];
  for (let axis = 0; axis < rank; axis += 1) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return undefined;
    dims.push(left === 1 ? right : left);
  }
  return dims;
}

/** Which element of the grid with the axes outside `kept` taken as one each element belongs to. */
export function groupsOf(dims: readonly number[], kept: readonly number[]): Int32Array {
  const groupDims = dims.map((dim, axis) => (kept.includes(axis) ? dim : 1));
  const own = stridesOf(groupDims);
  return walk(
    dims,
    dims.map((_, axis) => (kept.includes(axis) ? at(own, axis) : 0)),
    0,
  );
}

/** Whether the elements differ along the axes in `kept` alone. */
export function variesOnlyAlong(
  values: Float64Array,
  dims: readonly number[],
  kept: readonly number[],
): boolean {
  const groups = groupsOf(dims, kept);
  const first = new Map<number, number>();
  return values.every((value, index) => {
    const group = at(groups, index);
    const known = first.get(group);
    if (known === undefined) first.set(group, value);
    return known === undefined || known === value;
  });
}

/** The smallest grid that broadcasts to the same values: an axis along which nothing varies becomes 1. */
export function compressed(values: Float64Array, dims: readonly number[]): Grid {
  let kept = dims.map((_, axis) => axis).filter((axis) => at(dims, axis) > 1);
  for (const axis of [...kept]) {
    const fewer = kept.filter((other) => other !== axis);
    if (variesOnlyAlong(values, dims, fewer)) kept = fewer;
  }
  if (kept.length === 0) return scalar(at(values, 0));
  const groupDims = dims.map((dim, axis) => (kept.includes(axis) ? dim : 1));
  const out = new Float64Array(elementCount(groupDims));
  groupsOf(dims, kept).forEach((group, index) => {
    out[group] = at(values, index);
  });
  return { dims: groupDims, values: out };
}

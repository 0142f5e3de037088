import { product } from "./view.ts";

/** NumPy broadcasting; `undefined` where the shapes do not go together. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] | undefined {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    let size = 1;
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1;
      if (own === 1 || own === size) continue;
      if (size !== 1) return undefined;
      size = own;
    }
    result.push(size);
  }
  return result;
}

export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

/** For each element of a tensor of `shape`, where it comes from: `strides` say how the source moves along each axis. */
export function sourceIndices(shape: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  const total = product(shape);
  const indices = new Int32Array(total);
  const at = new Array<number>(shape.length).fill(0);
  let source = offset;
  for (let i = 0; i < total; i++) {
    indices[i] = source;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (at[axis] ?? 0) + 1;
      source += strides[axis] ?? 0;
      if (next < (shape[axis] ?? 0)) {
        at[axis] = next;
        break;
      }
      source -= next * (strides[axis] ?? 0);
      at[axis] = 0;
    }
  }
  return indices;
}

/** Strides with which a tensor of `shape` is read as if it had the shape `target`. */
export function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const own = stridesOf(shape);
  const missing = target.length - shape.length;
  return target.map((_, axis) => {
    const at = axis - missing;
    return at < 0 || shape[at] === 1 ? 0 : (own[at] ?? 0);
  });
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

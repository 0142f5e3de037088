/** One loop over memory: `count` steps of `stride` words. */
export interface Loop {
  readonly count: number;
  readonly stride: number;
}

/** Where the elements of a tensor lie, in row-major order of the tensor: loops from the outermost inwards. */
export interface View {
  readonly offset: number;
  readonly loops: readonly Loop[];
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

export function contiguousView(count: number, offset = 0): View {
  return { offset, loops: merged([{ count, stride: 1 }]) };
}

/** The same walk with as few loops as can say it. */
export function merged(loops: readonly Loop[]): Loop[] {
  const result: Loop[] = [];
  for (const loop of loops) {
    if (loop.count === 1) continue;
    const outer = result.at(-1);
    if (outer !== undefined && outer.stride === loop.stride * loop.count) {
      result[result.length - 1] = { count: outer.count * loop.count, stride: loop.stride };
    } else result.push(loop);
  }
  return result;
}

/** The loops of each dimension, or `undefined` where a loop runs across the edge between two dimensions. */
export function loopsByDimension(loops: readonly Loop[], shape: readonly number[]): Loop[][] | undefined {
  const queue = [...loops];
  const groups: Loop[][] = [];
  for (const size of shape) {
    const group: Loop[] = [];
    let left = size;
    while (left > 1) {
      const loop = queue.shift();
      if (loop === undefined) return undefined;
      if (left % loop.count === 0) {
        group.push(loop);
        left /= loop.count;
      } else if (loop.count % left === 0) {
        const inner = loop.count / left;
        group.push({ count: left, stride: loop.stride * inner });
        queue.unshift({ count: inner, stride: loop.stride });
        left = 1;
      } else return undefined;
    }
    groups.push(group);
  }
  return groups;
}

/** One loop that several walks take together, each with its own stride. */
export interface JointLoop {
  readonly count: number;
  readonly strides: readonly number[];
}

/** Walks several views of as many elements side by side; `undefined` where their loops do not nest in each other. */
export function joined(walks: readonly (readonly Loop[])[]): JointLoop[] | undefined {
  const queues = walks.map((loops) => loops.filter(({ count }) => count > 1));
  const steps: JointLoop[] = [];
  while (queues.some((queue) => queue.length > 0)) {
    const heads = queues.map((queue) => queue.shift());
    const count = Math.min(...heads.map((head) => head?.count ?? 1));
    const strides: number[] = [];
    for (const [index, head] of heads.entries()) {
      if (head === undefined || head.count % count !== 0) return undefined;
      const inner = head.count / count;
      strides.push(head.stride * inner);
      if (inner > 1) queues[index]?.unshift({ count: inner, stride: head.stride });
    }
    steps.push({ count, strides });
  }
  return mergedJoint(steps);
}

export function mergedJoint(steps: readonly JointLoop[]): JointLoop[] {
  const result: JointLoop[] = [];
  for (const step of steps) {
    if (step.count === 1) continue;
    const outer = result.at(-1);
    const continues = outer?.strides.every((stride, i) => stride === (step.strides[i] ?? 0) * step.count);
    if (outer !== undefined && continues === true) {
      result[result.length - 1] = { count: outer.count * step.count, strides: step.strides };
    } else result.push(step);
  }
  return result;
}

/** The memory position of every element, in row-major order. */
export function positionsOf({ offset, loops }: View): Int32Array {
  const total = product(loops.map(({ count }) => count));
  const positions = new Int32Array(total).fill(offset);
  let inner = 1;
  for (const { count, stride } of [...loops].reverse()) {
    for (let i = 0; i < total; i++)
      positions[i] = (positions[i] ?? 0) + (Math.floor(i / inner) % count) * stride;
    inner *= count;
  }
  return positions;
}

/** Whether the elements fill one run of memory, each word once, in whatever order. */
export function fillsRun(loops: readonly Loop[]): boolean {
  let expected = 1;
  for (const { count, stride } of byStride(loops).reverse()) {
    if (stride !== expected) return false;
    expected *= count;
  }
  return true;
}

export function isInOrder({ loops }: View): boolean {
  const [loop, ...rest] = merged(loops);
  return rest.length === 0 && (loop === undefined || loop.stride === 1);
}

/** Outermost in memory first. */
export function byStride(loops: readonly Loop[]): Loop[] {
  return loops.filter(({ count }) => count > 1).sort((a, b) => b.stride - a.stride);
}

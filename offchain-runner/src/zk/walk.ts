/** Every position of nested loops, outermost first: where each pointer stands. */
export function* placesOf(
  counts: readonly number[],
  pointers: readonly { from: number; strides: readonly number[] }[],
  depth = 0,
): Generator<number[]> {
  const count = counts[depth];
  if (count === undefined) {
    yield pointers.map(({ from }) => from);
    return;
  }
  for (let i = 0; i < count; i++) {
    const moved = pointers.map(({ from, strides }) => ({ from: from + i * (strides[depth] ?? 0), strides }));
    yield* placesOf(counts, moved, depth + 1);
  }
}

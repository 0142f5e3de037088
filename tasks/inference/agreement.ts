import type { Tensor } from "@opg-network/sdk/tensor";
import { numbersFromTensor } from "@opg-network/sdk/tensorValues";

/** How what was answered compares with what the model gives here. */
export type Agreement =
  | { kind: "bit-equal" }
  | { kind: "within-tolerance"; maxDifference: number }
  | { kind: "differs"; maxDifference: number | undefined };

/** Floats may differ in their last digits from machine to machine; everything else must be the same. */
export function agreementOf(
  answered: readonly Tensor[],
  here: readonly Tensor[],
  tolerance: number,
): Agreement {
  if (answered.length !== here.length) return { kind: "differs", maxDifference: undefined };
  let maxDifference = 0;
  let isClose = true;
  let isEqual = true;
  for (const [i, a] of answered.entries()) {
    const b = here[i] as Tensor;
    if (
      a.dtype !== b.dtype ||
      a.shape.length !== b.shape.length ||
      a.shape.some((size, axis) => size !== b.shape[axis])
    ) {
      return { kind: "differs", maxDifference: undefined };
    }
    if (Buffer.compare(a.data, b.data) === 0) continue;
    isEqual = false;
    if (a.dtype !== "float32" && a.dtype !== "float64") return { kind: "differs", maxDifference: undefined };
    const [left, right] = [numbersFromTensor(a), numbersFromTensor(b)];
    for (const [at, x] of left.entries()) {
      const y = right[at] as number;
      if (Object.is(x, y) || x === y) continue;
      const difference = Math.abs(x - y);
      if (!Number.isFinite(difference)) return { kind: "differs", maxDifference: undefined };
      maxDifference = Math.max(maxDifference, difference);
      isClose &&= difference <= tolerance || difference <= tolerance * Math.max(Math.abs(x), Math.abs(y));
    }
  }
  if (isEqual) return { kind: "bit-equal" };
  return isClose ? { kind: "within-tolerance", maxDifference } : { kind: "differs", maxDifference };
}

import type { Op } from "../exact/program.ts";
import { CircuitError } from "./circuitError.ts";
import type { Tally } from "./steps.ts";

/** Terms that a program's loops go through: the compiler takes about 5 kB of its 4 GiB for each. */
export const MAX_TERMS = 400_000;
/** Bits to check in all; a circuit has few more constraints than these. */
export const MAX_BITS = 2 ** 20;

/** @throws CircuitError `circuit-too-large`, before any work that a publisher's program could make endless */
export function checkTerms(ops: readonly Op[]): void {
  const terms = ops.reduce((sum, op) => sum + termsOf(op), 0);
  if (terms > MAX_TERMS)
    throw new CircuitError("circuit-too-large", { reason: `${terms} terms, at most ${MAX_TERMS}`, terms });
}

export function checkBits({ leastBits }: Readonly<Tally>): void {
  if (leastBits > MAX_BITS)
    throw new CircuitError("circuit-too-large", {
      reason: `${leastBits} bits, at most ${MAX_BITS}`,
      leastBits,
    });
}

function termsOf(op: Op): number {
  switch (op.kind) {
    case "fill":
      return op.count;
    case "copy":
    case "zip":
      return product(op.loops);
    case "dense":
      return op.rows * op.k * op.n;
    case "map":
      return op.outer * op.channels * op.inner;
    case "table":
      return op.rows * op.rowLength + op.count * op.rowLength;
    case "reduce":
      return product([...op.outer, ...op.inner]);
  }
}

function product(loops: readonly { count: number }[]): number {
  return loops.reduce((all, { count }) => all * count, 1);
}
